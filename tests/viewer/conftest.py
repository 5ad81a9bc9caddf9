"""Small generators that keep the contract, and windows on them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from export.contract import GeneratorInfo

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication
    from pytestqt.qtbot import QtBot

    from viewer.ui.window import Window

DIGITS = tuple("0123456789")
SIDE = 12
LATENT = 6


def write_model(path: Path, info: GeneratorInfo) -> Path:
    """image = tanh(z W + y V): as little as a generator can be, and every input shows in the picture."""
    random = np.random.default_rng(0)
    size = info.channels * info.height * info.width
    shape = [-1, info.channels, info.height, info.width]
    weights = {
        "W": random.standard_normal((info.latent_size, size)).astype(np.float32) / 2,
        "image_shape": np.array(shape),
        "half": np.array(127.5, np.float32),
        "low": np.array(0, np.float32),
        "high": np.array(255, np.float32),
        "pixels_shape": np.array([-1, *shape[2:]] if info.channels == 1 else [-1, *shape[2:], 3]),
    }
    nodes = [helper.make_node("MatMul", ["z", "W"], ["from_z"])]
    if info.conditional:
        weights["V"] = random.standard_normal((len(info.classes), size)).astype(np.float32)
        nodes += [
            helper.make_node("MatMul", ["y", "V"], ["from_y"]),
            helper.make_node("Add", ["from_z", "from_y"], ["flat"]),
        ]
    nodes += [
        helper.make_node("Tanh", ["flat" if info.conditional else "from_z"], ["squashed"]),
        helper.make_node("Reshape", ["squashed", "image_shape"], ["image"]),
        helper.make_node("Transpose", ["image"], ["last"], perm=[0, 2, 3, 1]),
        helper.make_node("Reshape", ["last", "pixels_shape"], ["shaped"]),
        helper.make_node("Mul", ["shaped", "half"], ["scaled"]),
        helper.make_node("Add", ["scaled", "half"], ["shifted"]),
        helper.make_node("Round", ["shifted"], ["rounded"]),
        helper.make_node("Clip", ["rounded", "low", "high"], ["clipped"]),
        helper.make_node("Cast", ["clipped"], ["pixels"], to=TensorProto.UINT8),
    ]
    inputs, outputs = (
        [
            helper.make_tensor_value_info(
                name, TensorProto.UINT8 if name == "pixels" else TensorProto.FLOAT, list(dims)
            )
            for name, dims in side.items()
        ]
        for side in (info.inputs(), info.outputs())
    )
    initializers = [numpy_helper.from_array(value, name) for name, value in weights.items()]
    model = helper.make_model(
        helper.make_graph(nodes, "tiny", inputs, outputs, initializers),
        opset_imports=[helper.make_opsetid("", 20)],
        ir_version=10,
    )
    helper.set_model_props(model, info.to_metadata())
    onnx.checker.check_model(model)
    onnx.save(model, path)
    return path


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Generators by name: "digits", "other" (also ten digits), "free" (unconditional), "colour", "many"."""
    folder = tmp_path_factory.mktemp("models")

    def info(classes: tuple[str, ...] = DIGITS, distribution: str = "normal", channels: int = 1) -> GeneratorInfo:
        return GeneratorInfo(LATENT, distribution, classes, channels, SIDE, SIDE, {"preset": "tiny"})

    chosen = {
        "digits": info(),
        "other": info(),
        "free": info((), "uniform"),
        "colour": info(("cat", "dog", "hedgehog"), channels=3),
        "many": info(tuple(f"class {i}" for i in range(30))),
    }
    return {name: write_model(folder / f"{name}.onnx", one) for name, one in chosen.items()}


@pytest.fixture(autouse=True)
def no_leaked_workers(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every worker that a test starts has to be gone at its end."""
    from viewer.engine.worker import Worker

    started: list[Worker] = []
    start = Worker.start

    def remember(worker: Worker) -> None:
        started.append(worker)
        start(worker)

    monkeypatch.setattr(Worker, "start", remember)
    yield
    leaked = [worker for worker in started if worker.isRunning()]
    for worker in leaked:
        worker.stop()
    assert not leaked, "a worker outlived its window"


@pytest.fixture
def open_window(qtbot: QtBot, qapp: QApplication) -> Callable[..., Window]:
    """Open a window on a model and wait for its first frame; keyword arguments are the player's."""
    from viewer.engine.player import Player
    from viewer.ui import theme
    from viewer.ui.window import Window

    def make(model: Path, **player_arguments: object) -> Window:
        theme.apply(qapp)
        window = Window(Player(**player_arguments))  # type: ignore[arg-type]
        qtbot.addWidget(window)
        window.resize(1000, 760)
        window.show()
        with qtbot.waitSignal(window.player.frame_ready):
            window.open(model)
        return window

    return make
