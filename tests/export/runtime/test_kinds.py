"""Every kind of generator from elsewhere makes the images that its own graph makes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import helper
from onnx.reference import ReferenceEvaluator

from digitforge.errors import ModelRefused
from export.runtime.batches import cut
from export.runtime.generator import open_generator
from export.sample import main as sample
from tests.support.other_generators import CLASSES, KINDS, LATENT, SIDE, Kind, export


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("kinds")
    made = {}
    for place, (name, kind) in enumerate(KINDS.items()):
        made[name] = folder / f"{place}.onnx"
        kind.make(made[name])
    return made


def graph_images(kind: Kind, path: Path, z: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Run the graph itself, float32 [n, 1, 8, 8] in [-1, 1]."""
    model = onnx.load(path)
    for value in (*model.graph.input, *model.graph.output):
        for dim in value.type.tensor_type.shape.dim[:1]:
            if dim.dim_value < 1:
                dim.ClearField("dim_value")
    weights = {tensor.name for tensor in model.graph.initializer}
    first, *others = [value for value in model.graph.input if value.name not in weights]
    kind_of_number = helper.tensor_dtype_to_np_dtype(first.type.tensor_type.elem_type)
    rest = [dim.dim_value for dim in first.type.tensor_type.shape.dim[1:]]
    if kind_of_number == np.float64:  # onnxruntime has only some operators for it
        session: Any = ReferenceEvaluator(model)
    else:
        session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    parts = []
    for start, stop, size in cut(len(z), (kind.batch or len(z),)):
        rows = np.resize(z[start:stop], (size, LATENT)).reshape(size, *rest)
        feeds = {first.name: rows.astype(kind_of_number), **kind.fixed}
        if kind.labels is not None:
            feeds[others[0].name] = kind.labels(np.resize(labels[start:stop], size))
        feeds |= {
            value.name: np.zeros(
                [size, *(dim.dim_value for dim in value.type.tensor_type.shape.dim[1:])],
                helper.tensor_dtype_to_np_dtype(value.type.tensor_type.elem_type),
            )
            for value in others
            if value.name not in feeds
        }  # which the graph does not use
        parts.append(session.run(None, feeds)[0][: stop - start])
    images = np.concatenate(parts).astype(np.float32).reshape(len(z), 1, SIDE, SIDE)
    clipped: np.ndarray = np.clip((images - kind.low) / (kind.high - kind.low) * 2 - 1, -1, 1)
    return clipped


@pytest.mark.parametrize("name", KINDS)
def test_images_are_those_of_the_graph(files: dict[str, Path], name: str) -> None:
    kind, path = KINDS[name], files[name]
    generator = open_generator(path, "cpu")
    info = generator.info
    assert (info.latent_size, info.channels, info.height, info.width) == (LATENT, 1, SIDE, SIDE)
    assert info.classes == (tuple(map(str, range(CLASSES))) if kind.labels else ())
    assert generator.sizes == ((kind.batch,) if kind.batch else ())
    assert kind.said in generator.notice
    z = np.random.default_rng(1).standard_normal((70, LATENT), np.float32)
    labels = np.arange(70) % CLASSES
    y = np.eye(CLASSES, dtype=np.float32)[labels] if info.classes else None
    images = generator.generate(z, y)
    expected = graph_images(kind, path, z, labels)
    assert np.ptp(expected) > 0.5, "the pictures have contrast"
    np.testing.assert_allclose(images, expected, atol=kind.exact)
    np.testing.assert_allclose(generator.generate_pixels(z, y), (images[:, 0] + 1) * 127.5, atol=0.51)
    for count in (0, 1, 15, 17):
        some = generator.generate(z[:count], None if y is None else y[:count])
        np.testing.assert_allclose(some, images[:count], atol=1e-5, err_msg="an image depends on its batch")


@pytest.mark.parametrize("name", [name for name in KINDS if "dynamo" not in name])
def test_data_sets_are_sampled_from_them(files: dict[str, Path], tmp_path: Path, name: str) -> None:
    assert sample([str(files[name]), "--count", "33", "--out", str(tmp_path / "a.npz")]) == 0
    with np.load(tmp_path / "a.npz") as data:
        assert data["images"].shape == (33, SIDE, SIDE)
        assert np.ptp(data["images"]) > 64
        assert set(data["labels"]) == (set(range(CLASSES)) if KINDS[name].labels else {-1})


@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if kind.labels and "as it runs" not in name])
def test_classes_are_mixed(files: dict[str, Path], name: str) -> None:
    generator = open_generator(files[name], "cpu")
    z = np.ones((3, LATENT), np.float32)
    y = np.zeros((3, CLASSES), np.float32)
    y[0, 0], y[1, :2], y[2, 1] = 1, 0.5, 1
    one, mixture, other = generator.generate(z, y)
    assert np.abs(mixture - one).max() > 0.01
    assert np.abs(mixture - other).max() > 0.01


def test_torchs_two_files_are_refused_with_the_setting_that_makes_one(tmp_path: Path) -> None:
    export(tmp_path / "g.onnx", dynamo=True, whole=False)
    assert (tmp_path / "g.onnx.data").is_file()
    with pytest.raises(ModelRefused, match=r"in another file: export it as one file, .*external_data=False"):
        open_generator(tmp_path / "g.onnx", "cpu")
