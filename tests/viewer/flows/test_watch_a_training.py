"""A real training, watched from its first stage on."""

from __future__ import annotations

from pathlib import Path

from pytestqt.qtbot import QtBot

from tests.support.forks import Fork
from tests.support.windows import OpenWindow
from trainer.train import main as train
from viewer.ui.window import Window


def opened_path(window: Window) -> Path:
    assert window.player.model is not None
    return window.player.model.path


def test_a_real_training_is_watched(open_window: OpenWindow, qtbot: QtBot, tmp_path: Path) -> None:
    run_dir = tmp_path / "real"
    arguments = [
        "--dataset", "sklearn-digits", "--preset", "mlp", "--batch-size", "64",
        "--images", "960", "--log-every", "64", "--export-every", "320", "--g-layers", "32", "--d-layers", "32",
        "--threads", "1", "--run-dir", str(run_dir),
    ]  # fmt: skip
    training = Fork(tmp_path / "output.txt", train, arguments)
    qtbot.waitUntil(lambda: (run_dir / "exports" / "000000000320.onnx").exists(), timeout=60_000)
    window = open_window(run_dir)
    seen = set()

    def finished() -> bool:
        seen.add(opened_path(window).stem)
        return not training.running and opened_path(window).stem == "000000000960"

    qtbot.waitUntil(finished, timeout=60_000)
    status, output = training.wait()
    assert status == 0
    assert "Trained on 960 images." in output
    assert len(seen) > 1, "stages came while it trained"
    qtbot.waitUntil(lambda: "960 of 960 images" in window.watch.facts.text(), timeout=10_000)
    assert window.watch.losses.accessibleDescription().startswith("D ")
    assert [one.images for one in window.watch.stages] == [320, 640, 960]
