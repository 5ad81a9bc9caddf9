"""A person who has read nothing finds everything with the mouse, and every click has an answer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from tests.support.windows import LEFT, OpenWindow, button, click, export, wait_for_the_picture
from viewer.core.files.formats import read_recipe
from viewer.core.scene.animation import frame_count
from viewer.core.state.view_state import MODES
from viewer.ui.window import Window


def choose(window: Window, mode: str) -> None:
    QTest.mouseClick(window.rail.group.button(MODES.index(mode)), LEFT)


def pixels(window: Window) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    assert window.player.frame is not None
    return window.player.frame.pixels


def test_forge_morph_blend_write_compare_and_export(
    models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = open_window(models["digits"])
    window.resize(1366, 768)

    assert window.hint.isVisible()
    before = window.player.state.seed
    QTest.mouseClick(window.hint.roll, LEFT)
    assert window.player.state.seed != before
    QTest.mouseClick(button(window, "Class 7"), LEFT)
    wait_for_the_picture(qtbot, window)
    QTest.mouseClick(window.digits.all, LEFT)
    wait_for_the_picture(qtbot, window)

    click(window, 4)
    QTest.mouseDClick(window.canvas, LEFT, pos=window.canvas._cell(4).center().toPoint())
    QTest.mouseClick(window.inspector.view.keyframe, LEFT)
    assert window.message.isVisible()
    QTest.mouseClick(window.inspector.view.close_button, LEFT)

    choose(window, "path")
    assert [key.label for key in window.player.state.timeline.keyframes] == [4, 0]
    qtbot.waitUntil(lambda: window.player.state.position > 0.1 and len(pixels(window)) == 1)
    first = pixels(window)
    qtbot.waitUntil(lambda: not np.array_equal(pixels(window), first))
    QTest.mouseClick(window.motion.play, LEFT)
    wait_for_the_picture(qtbot, window)

    choose(window, "pad")
    wait_for_the_picture(qtbot, window)
    middle = pixels(window)
    QTest.mouseClick(window.pad.view, LEFT, pos=window.pad.view.to_pixels(0.0, 0.0).toPoint())
    wait_for_the_picture(qtbot, window)
    assert not np.array_equal(pixels(window), middle)

    choose(window, "number")
    QTest.mouseClick(window.number.edit, LEFT)
    window.number.edit.selectAll()
    QTest.keyClicks(window.number.edit, "Anna 2026")
    wait_for_the_picture(qtbot, window)
    assert len(pixels(window)) == 4
    assert window.number.note.text() == "Left out: A, n, a, space"

    choose(window, "grid")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *given, **more: (str(models["other"]), ""))
    window.recent.aboutToShow.emit()
    with qtbot.waitSignal(window.player.second_ready):
        next(action for action in window.recent.actions() if action.text() == "Compare with…").trigger()
    assert window.compare.isVisible()
    window.player.compare(None)
    wait_for_the_picture(qtbot, window)

    for page, name in (("picture", "grid.png"), ("animation", "grid.gif")):
        window.exporter.open_sheet()
        assert window.exporter.sheet is not None
        window.exporter.sheet.show_page(page)
        export(window, tmp_path / name, qtbot, monkeypatch)
        assert name in window.message.text.text()
    state = window.player.state
    assert read_recipe(tmp_path / "grid.png").state == state
    film = read_recipe(tmp_path / "grid.gif")
    assert film.state == state
    assert film.animation is not None
    assert window.player.model is not None
    with Image.open(tmp_path / "grid.gif") as image:
        assert getattr(image, "n_frames", 1) == frame_count(window.player.model.info, state, film.animation)
