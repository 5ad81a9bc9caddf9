"""Drawing a digit, or bringing a picture of one, and keeping the generator's answer."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QImage, QPointingDevice, QTabletEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from digitforge.bundled import BUNDLED_MODEL
from export.contract import GeneratorInfo
from export.runtime.generator import open_generator
from export.runtime.latents import latents, one_hot
from proofs.tiny_generator import write_model
from tests.support.photographs import Paper, photograph
from tests.support.windows import LEFT, OpenWindow, button, drop_file, state, stroke, wait_for_the_picture
from viewer.core.draw.search import Found
from viewer.core.draw.sheet import ink_of
from viewer.core.files.saving import Subject, copied
from viewer.core.picture.look import PAPER
from viewer.core.state.view_state import MODES
from viewer.ui import theme
from viewer.ui.window import Window

SEVEN = ((0.3, 0.25), (0.72, 0.22), (0.45, 0.8))
BAR = ((0.4, 0.5), (0.68, 0.5))


@pytest.fixture
def window(open_window: OpenWindow) -> Window:
    window = open_window(BUNDLED_MODEL)
    QTest.mouseClick(window.rail.group.button(MODES.index("draw")), LEFT)
    assert window.drawer.sheet.isVisible()
    return window


def at(window: Window, x: float, y: float) -> QPoint:
    box = window.drawer.sheet.box()
    return QPointF(box.left() + x * box.width(), box.top() + y * box.height()).toPoint()


def draw(window: Window, *corners: tuple[float, float], steps: int = 15) -> None:
    """Draw lines from corner to corner with the mouse."""
    stroke(window.drawer.sheet, [at(window, x, y) for x, y in corners], steps)


def wait_until_settled(qtbot: QtBot, window: Window) -> None:
    qtbot.waitUntil(lambda: state(window).drawing.settled and state(window).drawing.answer is not None, timeout=60_000)
    wait_for_the_picture(qtbot, window)


def generated(label: int, side: int = 20) -> np.ndarray:
    """Return a digit of the bundled generator as a large picture, dark on white, uint8."""
    generator = open_generator(BUNDLED_MODEL, "cpu")
    pixels = generator.generate_pixels(latents(generator.info, 3, 0, 1), one_hot(np.array([label]), 10))[0]
    size = (28 * side, 28 * side)
    return 255 - np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC))


def test_a_drawn_seven_is_answered_with_a_seven(window: Window, qtbot: QtBot) -> None:
    assert window.drawer.verdict.text.text() == "Nothing is drawn yet."
    answers: list[Found] = []
    window.drawer.follower.found.connect(answers.append)
    draw(window, *SEVEN)
    wait_until_settled(qtbot, window)
    assert window.drawer.verdict.text.text() == "As a 7: very near"
    assert answers[-1].finished
    assert answers[0].best.error > answers[-1].best.error
    assert window.canvas.frame is not None
    assert window.canvas.frame.scene.samples == (state(window).drawing.answer,)
    assert len(state(window).drawing.strokes) == 1


def test_a_seven_that_runs_off_the_sheet_is_not_very_near(window: Window, qtbot: QtBot) -> None:
    """The answer is compared with all that was drawn, and not with the part on the sheet."""
    draw(window, *((x + 0.45, y) for x, y in SEVEN))
    wait_until_settled(qtbot, window)
    assert "very near" not in window.drawer.verdict.text.text()


def test_the_answer_follows_the_pen(window: Window, qtbot: QtBot) -> None:
    """It is shown while the first stroke is being drawn, before the pen is lifted."""
    sheet = window.drawer.sheet
    QTest.mousePress(sheet, LEFT, pos=at(window, 0.5, 0.2))
    with qtbot.waitSignal(window.player.frame_ready):
        QTest.mouseMove(sheet, at(window, 0.5, 0.5))
    first = state(window).drawing.answer
    assert first is not None
    QTest.mouseMove(sheet, at(window, 0.9, 0.8))
    qtbot.waitUntil(lambda: state(window).drawing.answer != first)
    assert sheet.drawing_now
    assert state(window).drawing.blank
    QTest.mouseRelease(sheet, LEFT, pos=at(window, 0.9, 0.8))
    assert len(state(window).drawing.strokes) == 1
    QTest.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert state(window).drawing.answer is None


def test_each_stroke_is_undone_with_its_answer(window: Window, qtbot: QtBot) -> None:
    draw(window, *SEVEN)
    wait_until_settled(qtbot, window)
    one = state(window).drawing
    draw(window, *BAR)
    wait_until_settled(qtbot, window)
    assert len(state(window).drawing.strokes) == 2
    QTest.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert state(window).drawing == one
    QTest.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert state(window).drawing.blank
    assert state(window).drawing.answer is None
    assert window.canvas.frame is None
    QTest.keyClick(window, Qt.Key.Key_Y, Qt.KeyboardModifier.ControlModifier)
    wait_until_settled(qtbot, window)
    assert state(window).drawing.strokes == one.strokes


def test_the_eraser_and_an_empty_sheet(window: Window, qtbot: QtBot) -> None:
    draw(window, *SEVEN)
    before = ink_of(state(window).drawing).sum()
    window.drawer.sheet.setFocus()
    QTest.keyClick(window.drawer.sheet, Qt.Key.Key_E)
    assert button(window, "Tool: Eraser").isChecked()
    draw(window, (0.5, 0.1), (0.5, 0.4))
    assert ink_of(state(window).drawing).sum() < 0.95 * before
    wait_until_settled(qtbot, window)
    QTest.mouseClick(window.drawer.panel.clear, LEFT)
    assert state(window).drawing.blank
    assert window.canvas.frame is None
    QTest.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert len(state(window).drawing.strokes) == 2


def test_erasing_everything_takes_the_answer_away(window: Window, qtbot: QtBot) -> None:
    draw(window, (0.5, 0.5), (0.52, 0.5), steps=2)
    wait_until_settled(qtbot, window)
    window.drawer.sheet.choose(0.2, True)
    draw(window, (0.45, 0.5), (0.6, 0.5))
    qtbot.waitUntil(lambda: state(window).drawing.answer is None)


def test_a_thicker_pen_and_the_keys_for_it(window: Window, qtbot: QtBot) -> None:
    window.drawer.sheet.setFocus()
    QTest.keyClick(window.drawer.sheet, Qt.Key.Key_BracketRight)
    assert window.drawer.panel.thickness.value == 100
    draw(window, (0.5, 0.2), (0.5, 0.8))
    QTest.keyClick(window.drawer.sheet, Qt.Key.Key_BracketLeft)
    QTest.keyClick(window.drawer.sheet, Qt.Key.Key_BracketLeft)
    draw(window, (0.8, 0.2), (0.8, 0.8))
    assert [round(stroke.thickness, 3) for stroke in state(window).drawing.strokes] == [0.1, 0.064]


def tablet(window: Window, kind: QEvent.Type, x: float, y: float, pressure: float, eraser: bool = False) -> None:
    sheet = window.drawer.sheet
    pointer = QPointingDevice.PointerType.Eraser if eraser else QPointingDevice.PointerType.Pen
    place = QPointF(at(window, x, y))
    released = kind == QEvent.Type.TabletRelease
    event = QTabletEvent(
        kind, QPointingDevice.primaryPointingDevice(), place, sheet.mapToGlobal(place), pressure, 0, 0, 0, 0, 0,
        Qt.KeyboardModifier.NoModifier, Qt.MouseButton.NoButton if kind == QEvent.Type.TabletMove else LEFT,
        Qt.MouseButton.NoButton if released else LEFT,
    )  # fmt: skip
    if eraser:
        event.pointerType = lambda: pointer  # type: ignore[method-assign]
        sheet.tabletEvent(event)
    else:
        QApplication.sendEvent(sheet, event)


def test_a_pen_draws_by_pressure(window: Window, qtbot: QtBot) -> None:
    tablet(window, QEvent.Type.TabletPress, 0.3, 0.3, 0.2)
    for step in range(10):
        tablet(window, QEvent.Type.TabletMove, 0.3 + step / 25, 0.3, 0.2 + step / 20)
    tablet(window, QEvent.Type.TabletRelease, 0.7, 0.3, 0.0)
    (stroke,) = state(window).drawing.strokes
    pressures = stroke.places()[:, 2]
    assert pressures[0] == pytest.approx(0.2, abs=1e-3)
    assert pressures[-1] == pytest.approx(0.65, abs=1e-3)
    tablet(window, QEvent.Type.TabletPress, 0.3, 0.3, 0.5, eraser=True)
    tablet(window, QEvent.Type.TabletRelease, 0.3, 0.3, 0.0, eraser=True)
    assert state(window).drawing.strokes[-1].eraser


def test_a_finger_draws(window: Window) -> None:
    sheet, device = window.drawer.sheet, QTest.createTouchDevice()
    corners = [at(window, *corner) for corner in SEVEN]
    QTest.touchEvent(sheet, device).press(0, corners[0], sheet).commit()
    for corner in corners:
        QTest.touchEvent(sheet, device).move(0, corner, sheet).commit()
    QTest.touchEvent(sheet, device).release(0, corners[-1], sheet).commit()
    (stroke,) = state(window).drawing.strokes
    np.testing.assert_allclose(stroke.places()[[0, -1], :2], [SEVEN[0], SEVEN[-1]], atol=0.01)


def test_centring_can_be_turned_off(window: Window, qtbot: QtBot) -> None:
    draw(window, (0.1, 0.1), (0.1, 0.4))
    wait_until_settled(qtbot, window)
    centred = state(window).drawing
    QTest.mouseClick(window.drawer.panel.normalised, LEFT)
    assert not state(window).drawing.normalised
    wait_until_settled(qtbot, window)
    assert state(window).drawing.answer != centred.answer
    QTest.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert state(window).drawing == centred


def test_another_class_can_be_chosen(window: Window, qtbot: QtBot) -> None:
    draw(window, (0.75, 0.15), (0.3, 0.15), (0.3, 0.5), (0.7, 0.5), (0.7, 0.85), (0.3, 0.85))
    draw(window, (0.3, 0.5), (0.3, 0.85))  # between a six and an eight
    wait_until_settled(qtbot, window)
    others = [one for one in window.drawer.verdict.others if one.isVisible()]
    assert others
    name, before = others[0].accessibleName(), state(window).drawing
    QTest.mouseClick(others[0], LEFT)
    assert state(window).drawing.answer != before.answer
    assert window.drawer.verdict.text.text() == name
    wait_for_the_picture(qtbot, window)
    QTest.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert state(window).drawing == before


def test_the_answer_is_kept_in_the_grid_on_the_timeline_and_as_a_favourite(window: Window, qtbot: QtBot) -> None:
    draw(window, *SEVEN)
    wait_until_settled(qtbot, window)
    answer = state(window).drawing.answer
    grid, timeline, hand, favourite = window.drawer.verdict.keep.menu().actions()
    hand.trigger()
    assert window.message.text.text() == "Write now uses your hand: 1 picture."
    assert state(window).number.drawn == (answer,)
    timeline.trigger()
    assert state(window).timeline.keyframes == (answer,)
    with qtbot.waitSignal(window.favourites.notified) as notified:
        favourite.trigger()
    assert notified.args is not None
    assert notified.args[0] == "Kept as “Drawn 7”."
    grid.trigger()
    assert state(window).mode == "grid"
    assert state(window).locks == ((0, answer),)
    wait_for_the_picture(qtbot, window)


def test_a_recipe_restores_the_drawing_and_its_answer_to_the_bit(window: Window, qtbot: QtBot, tmp_path: Path) -> None:
    draw(window, *SEVEN)
    wait_until_settled(qtbot, window)
    before, picture = state(window), window.player.frame
    assert picture is not None
    assert window.player.model is not None
    path = tmp_path / "drawn.png"
    subject = Subject(window.player.model, before, window.player.directions)
    path.write_bytes(copied(open_generator(BUNDLED_MODEL, "cpu"), subject))
    window.drawer.panel.clear.click()
    window.editor.edit("mode", lambda one: one.with_mode("grid"))
    wait_for_the_picture(qtbot, window)
    with qtbot.waitSignal(window.restorer.notified):
        drop_file(window, path)
    assert state(window) == before
    wait_for_the_picture(qtbot, window)
    qtbot.wait(200)
    assert state(window) == before
    again = window.player.frame
    assert again is not None
    assert np.array_equal(again.picture, picture.picture)


def test_a_dropped_picture_is_drawn_and_answered(open_window: OpenWindow, qtbot: QtBot, tmp_path: Path) -> None:
    window = open_window(BUNDLED_MODEL)
    Image.fromarray(generated(4)).save(tmp_path / "four.png")
    drop_file(window, tmp_path / "four.png")
    qtbot.waitUntil(lambda: state(window).mode == "draw")
    wait_until_settled(qtbot, window)
    assert window.drawer.verdict.text.text() == "As a 4: very near"
    assert not window.drawer.panel.which.isVisible()
    QTest.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert state(window).mode == "grid"


def test_a_photograph_of_several_digits(open_window: OpenWindow, qtbot: QtBot, tmp_path: Path) -> None:
    window = open_window(BUNDLED_MODEL)
    inks = [1 - generated(label, 10) / 255.0 for label in (3, 0, 6)]
    (tmp_path / "photo.JPG").write_bytes(photograph(inks, 0, Paper("lined")))
    drop_file(window, tmp_path / "photo.JPG")
    qtbot.waitUntil(lambda: state(window).mode == "draw", timeout=20_000)
    wait_until_settled(qtbot, window)
    assert window.drawer.panel.which.text() == "3 digits were found: choose one"
    assert window.drawer.verdict.text.text().startswith("As a 3: ")
    QTest.mouseClick(button(window, "Digit 3"), LEFT)
    wait_until_settled(qtbot, window)
    assert window.drawer.verdict.text.text().startswith("As a 6: ")


def test_a_pasted_picture_is_drawn(open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window(BUNDLED_MODEL)
    file = io.BytesIO()
    Image.fromarray(generated(2)).save(file, "PNG")
    QGuiApplication.clipboard().setImage(QImage.fromData(file.getvalue()))
    QTest.keyClick(window, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: state(window).mode == "draw")
    wait_until_settled(qtbot, window)
    assert window.drawer.verdict.text.text() == "As a 2: very near"


def test_pasting_without_a_picture(window: Window) -> None:
    QGuiApplication.clipboard().setText("7")
    QTest.keyClick(window, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert window.message.text.text() == "There is no picture on the clipboard."
    QGuiApplication.clipboard().clear()


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("white.png", "No digit was found in white.png: write it larger or darker, and let it fill the picture."),
        ("damaged.jpg", "damaged.jpg is not a picture in a format that is read: PNG, JPEG, WEBP, GIF, BMP, TIFF."),
        ("moving.gif", "moving.gif is animated: save one of its pictures as a file."),
    ],
)
def test_a_picture_that_shows_no_digit(window: Window, qtbot: QtBot, tmp_path: Path, name: str, sentence: str) -> None:
    path = tmp_path / name
    white = Image.new("L", (300, 300), 255)
    if name == "moving.gif":
        white.save(path, save_all=True, append_images=[Image.new("L", (300, 300), 0)])
    elif name == "white.png":
        white.save(path)
    else:
        path.write_bytes(b"not a picture")
    with qtbot.waitSignal(window.drawer.failed):
        drop_file(window, path)
    assert window.message.text.text() == sentence
    assert state(window).drawing.blank


def test_a_generator_with_long_latents_is_not_offered_the_mode(
    open_window: OpenWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    model = tmp_path / "long.onnx"
    write_model(model, GeneratorInfo(4096, "normal", (), 1, 28, 28))
    window = open_window(model)
    assert not window.rail.group.button(MODES.index("draw")).isVisible()
    window.editor.edit("mode", lambda one: one.with_mode("draw"))
    assert "4,096 numbers" in window.canvas._invitation
    assert not window.drawer.sheet.isEnabled()
    Image.fromarray(generated(4)).save(tmp_path / "four.png")
    with qtbot.waitSignal(window.drawer.failed):
        drop_file(window, tmp_path / "four.png")


def test_opening_another_generator_answers_again(window: Window, qtbot: QtBot, models: dict[str, Path]) -> None:
    draw(window, *SEVEN)
    wait_until_settled(qtbot, window)
    with qtbot.waitSignal(window.player.opened):
        window.open(models["free"])
    wait_until_settled(qtbot, window)
    assert state(window).drawing.answer is not None
    assert window.drawer.verdict.text.text()
    assert len(state(window).drawing.strokes) == 1


def test_dropping_another_generator_while_drawing(window: Window, qtbot: QtBot, models: dict[str, Path]) -> None:
    """The search ends at once: its next part is not generated."""
    draw(window, *SEVEN)
    with qtbot.waitSignal(window.player.opened, timeout=2000):
        window.open(models["colour"])
    wait_until_settled(qtbot, window)
    assert state(window).drawing.answer is not None


@pytest.mark.parametrize("percent", [100, 200])
def test_the_panel_of_a_photograph_fits_its_column(open_window: OpenWindow, qtbot: QtBot, percent: int) -> None:
    first = open_window(BUNDLED_MODEL)
    first.settings.change(text_percent=percent)
    first.close()
    window = open_window(BUNDLED_MODEL)
    window.resize(1920, 1080)
    window.editor.edit("mode", lambda one: one.with_mode("draw"))
    window.drawer.panel.show_digits([np.full((64, 64), 200, np.uint8)] * 14)
    QApplication.processEvents()
    panel = window.drawer.panel
    assert panel.isVisible()
    assert panel.minimumSizeHint().width() <= panel.width() <= window.side.viewport().width()
    assert panel.digits.button(13).isVisible()
    window.editor.edit("look", lambda one: replace(one, look=PAPER))
    picture = panel.digits.button(0).icon().pixmap(theme.px(32)).toImage()
    assert picture.width() == theme.px(32)
    assert picture.pixelColor(1, 1).lightness() < 128, "light strokes are ink now"
    bar = window.drawer.verdict
    assert bar.minimumSizeHint().width() <= bar.width()
