"""The panel that chooses how pictures are shown."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from tests.support.windows import LEFT, OpenWindow, shown, state
from viewer.core.picture.compose import compose
from viewer.core.picture.look import PAPER, PLAIN, Look
from viewer.core.state.view_state import MODES
from viewer.ui.widgets.qimage import thumbnail


def test_pixels_become_squares(models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window(models["digits"])
    soft = shown(window.canvas)
    with qtbot.waitSignal(window.player.frame_ready):
        QTest.keyClick(window.canvas, Qt.Key.Key_P)
    assert state(window).look.squares
    crisp = shown(window.canvas)
    assert len(np.unique(crisp)) <= 256
    assert not np.array_equal(soft, crisp)


def test_keyframes_and_corners_follow_the_look(models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window(models["digits"])
    for mode in ("path", "pad"):
        with qtbot.waitSignal(window.player.frame_ready):
            window.rail.group.button(MODES.index(mode)).click()
    views = (window.timeline.strip, window.pad.view)
    qtbot.waitUntil(lambda: all(view._pixmaps for view in views))

    def follow(look: Look) -> bool:
        strip, pad = views
        pictures = (strip._previews.pixels, list(strip._pixmaps.values())), (pad._previews.pixels, pad._pixmaps)
        return all(
            pixels is not None and pixmap.toImage() == thumbnail(pixels[0], pixmap.width(), look).toImage()
            for pixels, (pixmap, *_) in pictures
        )

    assert follow(PLAIN)
    QTest.mouseClick(window.look.swatches["ink"], LEFT)
    assert follow(PAPER)
    assert not follow(PLAIN)


def test_the_look_changes_the_picture_without_inference(
    models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot
) -> None:
    window = open_window(models["digits"])
    assert window.player.frame is not None
    pixels = window.player.frame.pixels
    QTest.mouseClick(window.look.swatches["magma"], LEFT)
    QTest.mouseClick(window.look.invert, LEFT)
    window.look.slider.setFocus()
    for _ in range(20):
        QTest.keyClick(window.look.slider, Qt.Key.Key_Right)
    QTest.mouseClick(window.look.beside, LEFT)
    expected = Look("magma", invert=True, smoothing=1.0, beside=True)
    qtbot.waitUntil(lambda: window.player.frame is not None and window.player.frame.look == expected)
    assert window.player.frame.pixels is pixels, "the same array: nothing was rendered again"
    np.testing.assert_array_equal(window.player.frame.picture, compose(pixels, 8, expected))
    assert window.look.sigma.text() == "1.00 px"
    QTest.keyClick(window.canvas, Qt.Key.Key_I)
    assert not window.look.invert.isChecked()
    for _ in range(5):
        window.editor.stack.undo()
    assert state(window).look == Look()


def test_colour_pictures_are_offered_no_colours(models: dict[str, Path], open_window: OpenWindow) -> None:
    window = open_window(models["colour"])
    assert window.look.value.text() == "own colours"
    assert not any(swatch.isVisible() for swatch in window.look.swatches.values())
    assert window.look.invert.isEnabled()


def test_before_and_after_needs_smoothing(models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window(models["digits"])
    panel = window.look

    def width() -> int:
        assert window.player.frame is not None
        return int(window.player.frame.picture.shape[1])

    single = width()
    QTest.mouseClick(panel.beside, LEFT)
    assert not state(window).look.beside
    assert not panel.beside.isEnabled()
    assert panel.beside.toolTip().endswith("Raise Smoothing first")
    panel.slider.setValue(20)
    QTest.mouseClick(panel.beside, LEFT)
    qtbot.waitUntil(lambda: width() > single)
    QTest.mouseDClick(panel.slider, LEFT)
    qtbot.waitUntil(lambda: width() == single)
    assert not panel.beside.isChecked()
    window.close()
    again = open_window(models["digits"])
    assert again.player.frame is not None
    assert again.player.frame.picture.shape[1] == single, "what was remembered doubles nothing"
    panel = again.look
    panel.slider.setValue(20)
    qtbot.waitUntil(lambda: again.player.frame is not None and again.player.frame.picture.shape[1] > single)
