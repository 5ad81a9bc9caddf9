"""The window fits small screens."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.support.windows import OpenWindow
from viewer.core.state.view_state import MODES


@pytest.mark.parametrize("mode", MODES)
def test_the_window_fits_a_small_screen(models: dict[str, Path], open_window: OpenWindow, mode: str) -> None:
    window = open_window(models["digits"])
    window.player.apply(window.player.state.with_mode(mode))
    window.resize(900, 640)
    QApplication.processEvents()
    assert (window.width(), window.height()) == (900, 640)
    side = window.side.widget()
    assert side is not None
    for panel, modes in window.panels.items():
        if mode in modes:
            assert panel.width() <= window.side.viewport().width()
            assert panel.minimumSizeHint().width() <= panel.width(), panel.title.text()


def test_a_compared_run_fits_too(
    models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    stages = [
        tmp_path / "a long name of a run" / "exports" / f"{images:012d}.onnx" for images in (1_000_000, 2_000_000)
    ]
    stages[0].parent.mkdir(parents=True)
    for stage in stages:
        stage.write_bytes(models["digits"].read_bytes())
    (stages[0].parent.parent / "log.jsonl").write_text('{"images": 2000000, "d_loss": 1.0}\n')
    window = open_window(stages[0].parent.parent)
    with qtbot.waitSignal(window.player.second_ready):
        window.open_beside(stages[0])
    window.resize(900, 640)
    QApplication.processEvents()
    assert window.watch.isVisible()
    assert window.compare.isVisible()
    assert (window.width(), window.height()) == (900, 640)
    assert window.header.height() == window.header.sizeHint().height()
