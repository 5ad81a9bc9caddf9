"""The window, used as a person uses it."""

from __future__ import annotations

import dataclasses
import itertools
import warnings
from collections.abc import Callable
from pathlib import Path
from threading import Semaphore, Timer
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton, QSlider, QWidget

from export.runtime.generator import Generator, open_generator
from proofs.hostile import HOSTILE
from viewer.core.picture.compose import compose, to_rgb
from viewer.core.scene.cells import scene_of
from viewer.core.state.samples import SEED_MAX
from viewer.core.state.view_state import ViewState
from viewer.engine.worker import open_model
from viewer.ui.canvas.canvas import Canvas
from viewer.ui.window import Window

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

OpenWindow = Callable[..., Window]
LEFT = Qt.MouseButton.LeftButton


class Gate:
    """Stands before a generator and lets one render through at a time."""

    def __init__(self) -> None:
        self.permits = Semaphore(1)
        self.renders = 0

    def opener(self, path: Path, provider: str) -> Generator:
        generator = open_generator(path, provider)
        session = generator.session

        class Gated:
            @staticmethod
            def run(names: list[str], feeds: dict[str, Any]) -> Any:
                self.permits.acquire(timeout=10)
                self.renders += 1
                return session.run(names, feeds)

        return dataclasses.replace(generator, session=Gated())


def state(window: Window) -> ViewState:
    return window.player.state


def button(window: Window, name: str) -> QPushButton:
    return next(one for one in window.findChildren(QPushButton) if one.accessibleName() == name)


def expected_picture(window: Window) -> np.ndarray[tuple[int, ...], np.dtype[np.uint32]]:
    assert window.player.model is not None
    generator = open_generator(window.player.model.path, "cpu")
    state = window.player.state
    scene = scene_of(generator.info, state)
    assert scene is not None
    return compose(generator.generate_pixels(scene.z, scene.y), scene.columns)


def shown(canvas: Canvas) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """What stands on the screen, uint8 [h, w, 4]."""
    image = canvas.grab().toImage().convertToFormat(canvas.grab().toImage().Format.Format_RGB32)
    return np.array(image.constBits()).reshape(image.height(), image.bytesPerLine())[:, : image.width() * 4].copy()


def wait_for_the_picture(qtbot: QtBot, window: Window) -> None:
    expected = expected_picture(window)
    qtbot.waitUntil(lambda: window.player.frame is not None and np.array_equal(window.player.frame.picture, expected))


def drop(window: Window, path: Path) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path))])
    action, no_keys = Qt.DropAction.CopyAction, Qt.KeyboardModifier.NoModifier
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PySide6 6.12 wants a QPointF, which older ones do not take
        enter = QDragEnterEvent(QPoint(50, 50), action, mime, LEFT, no_keys)
    QApplication.sendEvent(window, enter)
    assert enter.isAccepted()
    window.dropEvent(QDropEvent(QPointF(50, 50), action, mime, LEFT, no_keys))


def test_clicking_a_digit_shows_only_that_digit(models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window(models["digits"])
    before = shown(window.canvas)
    QTest.mouseClick(button(window, "Class 7"), LEFT)
    assert state(window).digits == (7,)
    wait_for_the_picture(qtbot, window)
    assert not np.array_equal(shown(window.canvas), before)
    QTest.mouseClick(button(window, "All classes, mixed"), LEFT)
    assert state(window).digits == ()
    wait_for_the_picture(qtbot, window)
    assert np.array_equal(shown(window.canvas), before)


def test_a_seed_of_63_bits_can_be_typed(models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window(models["digits"])
    edit = window.seed.edit
    edit.setFocus()
    edit.selectAll()
    QTest.keyClicks(edit, str(SEED_MAX))
    assert state(window).seed == 0, "nothing happens before Enter"
    QTest.keyClick(edit, Qt.Key.Key_Return)
    assert state(window).seed == SEED_MAX
    assert not window.seed.next.isEnabled()
    wait_for_the_picture(qtbot, window)
    edit.setFocus()
    edit.selectAll()
    QTest.keyClicks(edit, "9999999999999999999")
    QTest.keyClick(edit, Qt.Key.Key_Return)
    assert state(window).seed == SEED_MAX
    assert edit.text() == str(SEED_MAX)


def test_escape_gives_the_seed_back(models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window(models["digits"])
    edit = window.seed.edit
    edit.setFocus()
    edit.selectAll()
    QTest.keyClicks(edit, "123")
    QTest.keyClick(edit, Qt.Key.Key_Escape)
    assert edit.text() == "0"
    edit.setFocus()
    edit.clear()
    window.canvas.setFocus()
    assert edit.text() == "0"
    assert state(window).seed == 0


def test_seed_buttons(
    models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = open_window(models["digits"])
    assert not window.seed.previous.isEnabled()
    QTest.mouseClick(window.seed.next, LEFT)
    QTest.mouseClick(window.seed.next, LEFT)
    QTest.mouseClick(window.seed.previous, LEFT)
    assert state(window).seed == 1
    assert window.seed.edit.text() == "1"
    monkeypatch.setattr("random.randrange", lambda stop: 4321)
    QTest.mouseClick(window.seed.any, LEFT)
    assert window.seed.edit.text() == "4321"
    wait_for_the_picture(qtbot, window)


def test_a_slider_dragged_faster_than_inference_still_paints(
    models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot
) -> None:
    gate = Gate()
    window = open_window(models["digits"], opener=gate.opener)
    slider = window.truncation.slider
    y, moves = slider.height() // 2, 60
    QTest.mousePress(slider, LEFT, pos=QPoint(20, y))
    painted = []
    for move in range(moves):
        QTest.mouseMove(slider, QPoint(20 + 3 * move, y))
        if move % 10 == 9:  # inference is ten times slower than the hand
            with qtbot.waitSignal(window.player.frame_ready):
                gate.permits.release()
            painted.append(shown(window.canvas))
    QTest.mouseRelease(slider, LEFT, pos=QPoint(20 + 3 * moves, y))
    gate.permits.release(10)
    wait_for_the_picture(qtbot, window)
    assert len(painted) == 6
    assert all(not np.array_equal(a, b) for a, b in itertools.pairwise(painted))
    assert gate.renders <= 10, "requests that were replaced are never rendered"
    assert window.truncation.value.text() == f"{state(window).truncation:.2f}"


def test_the_grid_slider_offers_squares(models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window(models["digits"])
    slider = window.grid.slider
    slider.setFocus()
    QTest.keyClick(slider, Qt.Key.Key_Home)
    assert (state(window).cells, window.grid.value.text()) == (1, "1 × 1")
    wait_for_the_picture(qtbot, window)
    QTest.keyClick(slider, Qt.Key.Key_End)
    assert state(window).cells == 256
    wait_for_the_picture(qtbot, window)


def test_play_and_pause(models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window(models["digits"])
    assert window.status.rate.text() == ""
    QTest.mouseClick(window.motion.play, LEFT)
    assert window.motion.play.text() == "Pause"
    qtbot.waitUntil(lambda: window.status.rate.text().endswith("frames/s"))
    QTest.mouseClick(window.motion.play, LEFT)
    assert window.motion.play.text() == "Play"
    assert window.status.rate.text() == ""
    wait_for_the_picture(qtbot, window)
    assert window.status.provider.text() == "CPU"
    assert window.status.latency.text().endswith(" ms")


def test_typing_a_seed_while_it_plays_is_not_disturbed(
    models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot
) -> None:
    window = open_window(models["digits"])
    window.player.apply(window.player.state.with_speed(3.0).with_playing(True))
    edit = window.seed.edit
    edit.setFocus()
    edit.selectAll()
    QTest.keyClicks(edit, "55")
    seed = state(window).seed
    qtbot.waitUntil(lambda: state(window).seed > seed)
    assert edit.text() == "55"
    QTest.keyClick(edit, Qt.Key.Key_Return)
    assert state(window).seed == 55


def test_the_keyboard_sheet(models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window(models["digits"])
    QTest.keyClick(window.canvas, Qt.Key.Key_Right)
    assert state(window).seed == 1
    QTest.keyClick(window.canvas, Qt.Key.Key_Left)
    assert state(window).seed == 0
    QTest.keyClick(window.canvas, Qt.Key.Key_4)
    assert state(window).digits == (4,)
    assert button(window, "Class 4").isChecked()
    QTest.keyClick(window.canvas, Qt.Key.Key_M)
    assert state(window).digits == ()
    QTest.keyClick(window.canvas, Qt.Key.Key_Space)
    assert state(window).playing
    QTest.keyClick(window.canvas, Qt.Key.Key_Space)
    assert not state(window).playing


def test_a_click_leaves_the_keys_to_the_window(models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window(models["digits"])
    for widget in (button(window, "Class 4"), window.truncation.slider, window.motion.play):
        QTest.mouseClick(widget, LEFT)
        assert not widget.hasFocus()


def test_every_control_has_a_name_and_a_way_to_it(models: dict[str, Path], open_window: OpenWindow) -> None:
    window = open_window(models["digits"])
    controls: list[QWidget] = [*window.findChildren(QPushButton), *window.findChildren(QSlider), window.seed.edit]
    for control in controls:
        assert control.accessibleName()
        assert control.focusPolicy() & Qt.FocusPolicy.TabFocus


def test_dropping_a_generator_opens_it(models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window(models["digits"])
    with qtbot.waitSignal(window.player.opened):
        drop(window, models["colour"])
    wait_for_the_picture(qtbot, window)
    assert "colour.onnx" in window.windowTitle()
    assert button(window, "Class hedgehog").isVisible()
    rgb = to_rgb(window.player.frame.picture) if window.player.frame else np.zeros((1, 1, 3))
    assert not np.array_equal(rgb[..., 0], rgb[..., 1])


def test_dropping_a_run_directory_opens_its_generator(
    models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    (tmp_path / "generator.onnx").write_bytes(models["other"].read_bytes())
    window = open_window(models["digits"])
    with qtbot.waitSignal(window.player.opened):
        drop(window, tmp_path)
    assert window.player.model is not None
    assert window.player.model.path == tmp_path / "generator.onnx"


def test_a_broken_file_is_a_message_and_nothing_else_changes(
    models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(models["digits"].read_bytes()[:500])
    window = open_window(models["digits"])
    assert not window.message.isVisible()
    with qtbot.waitSignal(window.player.failed):
        drop(window, broken)
    assert window.message.isVisible()
    assert "broken.onnx is not an ONNX file, or it is damaged." in window.message.text.text()
    assert window.header.model.text().endswith("digits.onnx")
    QTest.mouseClick(button(window, "Class 3"), LEFT)
    wait_for_the_picture(qtbot, window)
    with qtbot.waitSignal(window.player.opened):
        drop(window, models["other"])
    assert not window.message.isVisible()


def test_hostile_files_are_a_message_each_and_nothing_else_changes(
    models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    window = open_window(models["digits"])
    before = window.player.state
    for number, make in enumerate(HOSTILE.values()):
        make(models["digits"], tmp_path / f"hostile-{number}.onnx")
        with qtbot.waitSignal(window.player.failed):
            drop(window, tmp_path / f"hostile-{number}.onnx")
        assert window.message.isVisible()
        said = window.message.text.text()
        assert said.endswith(".")
        assert "\n" not in said
        window.message.hide()
        (tmp_path / f"hostile-{number}.onnx").unlink()  # some have 100 MiB
    assert window.header.model.text().endswith("digits.onnx")
    assert window.player.state == before
    QTest.mouseClick(button(window, "Class 3"), LEFT)
    wait_for_the_picture(qtbot, window)


def test_a_model_that_vanishes_while_it_is_open_goes_on(
    models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    copy = tmp_path / "mine.onnx"
    copy.write_bytes(models["digits"].read_bytes())
    window = open_window(copy)
    copy.unlink()
    with qtbot.waitSignal(window.player.frame_ready) as painted:
        QTest.mouseClick(button(window, "Class 3"), LEFT)
    assert painted.args is not None
    assert set(painted.args[0].scene.y.argmax(axis=1)) == {3}
    with qtbot.waitSignal(window.player.failed):
        drop(window, copy)
    assert "mine.onnx" in window.message.text.text()
    with qtbot.waitSignal(window.player.opened):
        drop(window, models["other"])
    assert not window.message.isVisible()


def test_without_classes_there_is_nothing_to_pick(
    models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot
) -> None:
    window = open_window(models["free"])
    assert not window.digits.isEnabled()
    assert "without classes" in window.digits.toolTip()
    QTest.keyClick(window.canvas, Qt.Key.Key_4)
    assert state(window).digits == ()
    with qtbot.waitSignal(window.player.opened):
        window.open(models["digits"])
    assert window.digits.isEnabled()


def test_many_classes_come_as_a_list(models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window(models["many"])
    picker = window.digits._list
    assert picker is not None
    assert picker.count() == 30
    picker.setFocus()
    QTest.keyClick(picker, Qt.Key.Key_End)
    assert state(window).digits == (29,)
    wait_for_the_picture(qtbot, window)


def test_pixels_become_squares(models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window(models["digits"])
    soft = shown(window.canvas)
    with qtbot.waitSignal(window.player.frame_ready):
        QTest.keyClick(window.canvas, Qt.Key.Key_P)
    assert state(window).look.squares
    crisp = shown(window.canvas)
    assert len(np.unique(crisp)) <= 256
    assert not np.array_equal(soft, crisp)


def test_about_opens_and_closes(models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot) -> None:
    from viewer.ui.dialogs.about import AboutDialog

    window = open_window(models["digits"])
    window.menu.show_about()
    dialog = window.findChild(AboutDialog)
    assert dialog is not None
    assert dialog.isVisible()
    with qtbot.waitSignal(dialog.finished):
        dialog.reject()


def test_closing_while_rendering_waits_for_the_worker(models: dict[str, Path], open_window: OpenWindow) -> None:
    gate = Gate()
    window = open_window(models["digits"], opener=gate.opener)
    window.player.apply(window.player.state.with_playing(True))
    window.player.apply(window.player.state.with_digits((1,)))
    timer = Timer(0.05, gate.permits.release)
    timer.start()
    assert window.close()
    timer.join()
    assert not window.player._worker.isRunning()


def test_a_file_that_cannot_be_read_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from digitforge.errors import ExportError

    path = tmp_path / "locked.onnx"
    path.touch()

    def locked(path: Path, provider: str) -> Generator:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("viewer.engine.worker.open_generator", locked)
    with pytest.raises(ExportError, match=r"locked\.onnx cannot be read: permission denied\."):
        open_model(path, "cpu")
