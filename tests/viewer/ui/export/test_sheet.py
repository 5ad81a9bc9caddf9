"""Exporting from the window, and getting everything back from a picture."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QGuiApplication, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QPushButton, QSlider

from digitforge.errors import ExportError
from viewer.core.files.metadata import read_recipe
from viewer.core.files.saving import Report
from viewer.core.picture.compose import to_rgb
from viewer.core.picture.look import Look
from viewer.core.state.samples import of_class
from viewer.core.state.timeline import Timeline
from viewer.core.state.view_state import ViewState
from viewer.ui.export.sheet import ExportSheet
from viewer.ui.window import Window

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

OpenWindow = Callable[..., Window]
LEFT = Qt.MouseButton.LeftButton
CTRL = Qt.KeyboardModifier.ControlModifier


def sheet_of(window: Window, page: str = "picture") -> ExportSheet:
    QTest.keyClick(window, Qt.Key.Key_E, CTRL)
    assert window.exporter.sheet is not None
    assert window.exporter.sheet.isVisible()
    window.exporter.sheet.show_page(page)
    return window.exporter.sheet


def export(window: Window, path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    """Press the button, and choose `path` in the dialog of the system."""
    assert window.exporter.sheet is not None
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *given, **more: (str(path), ""))
    with qtbot.waitSignal(window.task.succeeded):
        QTest.mouseClick(window.exporter.sheet.export, LEFT)
    qtbot.waitUntil(lambda: window.task.isHidden())


def drop(window: Window, path: Path) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path))])
    no_keys = Qt.KeyboardModifier.NoModifier
    window.dropEvent(QDropEvent(QPointF(50, 50), Qt.DropAction.CopyAction, mime, LEFT, no_keys))


def test_a_picture_and_the_way_back(
    models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = open_window(models["digits"])
    window.editor.edit("all", lambda state: state.with_seed(42).with_digits((7,)).with_cells(4).with_truncation(0.6))
    window.editor.edit("pixels", lambda state: state.with_look(Look(squares=True)))
    made = window.player.state
    qtbot.waitUntil(lambda: window.player.frame is not None and len(window.player.frame.pixels) == 4)
    shown = window.player.frame
    assert shown is not None
    sheet = sheet_of(window)
    sheet.stills.size_slider.slider.setValue(3)
    export(window, tmp_path / "mine", qtbot, monkeypatch)
    assert not sheet.isVisible()
    assert "Saved" in window.message.text.text()
    assert [path.name for path in tmp_path.iterdir()] == ["mine.png"]
    with Image.open(tmp_path / "mine.png") as image:
        np.testing.assert_array_equal(np.asarray(image)[::3, ::3], to_rgb(shown.picture))

    window.editor.edit("other", lambda _: ViewState(mode="number"))
    with qtbot.waitSignal(window.restorer.notified):
        drop(window, tmp_path / "mine.png")
    assert window.player.state == made
    window.editor.stack.undo()
    assert window.player.state.mode == "number"


def test_any_width_can_be_typed(
    models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = open_window(models["digits"])
    sheet = sheet_of(window)
    knob = sheet.stills.size_slider
    assert (knob.width_edit.text(), knob.rest.text()) == ("1030", "× 1030 pixels (× 10)")
    QTest.keyClick(knob.slider, Qt.Key.Key_Left)
    assert (knob.width_edit.text(), knob.rest.text()) == ("927", "× 927 pixels (× 9)")
    for width, said in (
        ("", "The width must be between 1 and 8,192 pixels."),
        ("8193", "The width must be"),
        ("500", ""),
    ):
        knob.width_edit.selectAll()
        QTest.keyClick(knob.width_edit, Qt.Key.Key_Backspace)
        QTest.keyClicks(knob.width_edit, width)
        assert sheet.summary.text().startswith(said)
        assert sheet.export.isEnabled() == (not said)
    assert knob.slider.value() == 5, "the nearest"
    QTest.mouseClick(sheet.stills.part.button("cell"), LEFT)
    assert knob.width_edit.text() == "500", "of one cell too"
    QTest.mouseClick(sheet.stills.part.button("all"), LEFT)
    export(window, tmp_path / "mine.png", qtbot, monkeypatch)
    with Image.open(tmp_path / "mine.png") as image:
        assert image.size == (500, 500)
    window.exporter.open_sheet()
    assert knob.width_edit.text() == "500", "it is remembered"
    knob.slider.setValue(2)
    QTest.mouseClick(sheet.stills.part.button("cell"), LEFT)
    assert knob.rest.text() == "× 204 pixels (× 17)", "whole multiples stay whole, and about as large"


def test_one_cell_as_svg(
    models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = open_window(models["digits"])
    sheet = sheet_of(window)
    QTest.mouseClick(sheet.stills.formats.button("svg"), LEFT)
    QTest.mouseClick(sheet.stills.part.button("cell"), LEFT)
    sheet.stills.cell.slider.setValue(5)
    assert sheet.stills.transparent.isVisible()
    QTest.mouseClick(sheet.stills.transparent, LEFT)
    export(window, tmp_path / "cell.svg", qtbot, monkeypatch)
    assert read_recipe(tmp_path / "cell.svg").cell == 4
    assert 'viewBox="0 0 12 12"' in (tmp_path / "cell.svg").read_text()


def test_a_film_of_the_timeline(
    models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = open_window(models["digits"])
    window.rail.group.button(1).click()
    sheet = sheet_of(window, "animation")
    assert not sheet.export.isEnabled()
    assert "Nothing moves yet" in sheet.summary.text()
    sheet.reject()
    keys = tuple(of_class(seed, 0, seed) for seed in range(3))
    window.editor.edit("keys", lambda state: state.with_timeline(Timeline(keys)))
    sheet = sheet_of(window, "animation")
    assert sheet.animations.kind.button("timeline").isVisible()
    assert not sheet.animations.kind.button("walk").isVisible()
    sheet.animations.rate.slider.setValue(10)
    sheet.animations.seconds.slider.setValue(5)
    assert sheet.summary.text() == "15 frames · 1.5 s"
    QTest.mouseClick(sheet.animations.formats.button("webp"), LEFT)
    assert sheet.animations.quality.isVisible()
    export(window, tmp_path / "film.webp", qtbot, monkeypatch)
    with Image.open(tmp_path / "film.webp") as image:
        assert getattr(image, "n_frames", 1) == 15
    assert read_recipe(tmp_path / "film.webp").state.timeline.keyframes == keys


def test_without_ffmpeg_mp4_is_not_offered(
    models: dict[str, Path], open_window: OpenWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    sheet = sheet_of(open_window(models["digits"]), "animation")
    assert not sheet.animations.formats.button("mp4").isEnabled()
    assert "ffmpeg is not on the PATH" in sheet.animations.note.text()
    assert sheet.animations.note.isVisible()


@pytest.mark.parametrize(("form", "name"), [("npz", "set.npz"), ("png", "set")])
def test_a_data_set(
    form: str,
    name: str,
    models: dict[str, Path],
    open_window: OpenWindow,
    qtbot: QtBot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    window = open_window(models["digits"])
    window.editor.edit("digits", lambda state: state.with_seed(3).with_digits((2, 5)))
    sheet = sheet_of(window, "data")
    sheet.dataset.count.clear()
    assert "must be between 1 and" in sheet.summary.text()
    assert not sheet.export.isEnabled()
    QTest.keyClicks(sheet.dataset.count, "20")
    assert "seed 3, 2, 5 in turn" in sheet.dataset.about.text()
    QTest.mouseClick(sheet.dataset.formats.button(form), LEFT)
    export(window, tmp_path / name, qtbot, monkeypatch)
    assert "Saved 20 images" in window.message.text.text()
    if form == "npz":
        assert np.load(tmp_path / name)["labels"].tolist() == [2, 5] * 10
    else:
        assert len(list((tmp_path / name).glob("*/*.png"))) == 20


def test_cancelling_leaves_nothing_and_the_window_goes_on(
    models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    window = open_window(models["digits"])
    sheet = sheet_of(window, "animation")
    sheet.animations.keyframes.slider.setValue(64)
    sheet.animations.seconds.slider.setValue(50)
    with qtbot.waitSignal(window.task.bar.valueChanged):
        sheet.write(tmp_path / "long.gif")
    assert window.task.isVisible()
    QTest.keyClick(window.canvas, Qt.Key.Key_4)
    assert window.player.state.digits == (4,)
    QTest.mouseClick(window.task.stop_button, LEFT)
    qtbot.waitUntil(lambda: window.task.isHidden())
    assert not window.task.isVisible()
    assert list(tmp_path.iterdir()) == []


def test_closing_the_window_stops_what_is_being_written(
    models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    window = open_window(models["digits"])
    sheet = sheet_of(window, "animation")
    sheet.animations.keyframes.slider.setValue(64)
    sheet.animations.seconds.slider.setValue(50)
    with qtbot.waitSignal(window.task.bar.valueChanged):
        sheet.write(tmp_path / "long.png")
    window.close()
    assert window.task.isHidden()
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_a_message(
    models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    window = open_window(models["digits"])
    (tmp_path / "file").touch()
    sheet = sheet_of(window)
    with qtbot.waitSignal(window.task.failed):
        sheet.write(tmp_path / "file" / "grid.png")
    assert window.message.isVisible()
    assert "could not be written: file exists." in window.message.text.text()
    qtbot.waitUntil(lambda: window.task.isHidden())


def test_one_thing_at_a_time(models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window(models["digits"])
    go_on = Event()

    def work(report: Report) -> str:
        go_on.wait(10)
        raise ExportError("The first one.")

    window.task.run("first", work)
    with qtbot.waitSignal(window.task.failed) as refused:
        window.task.run("second", work)
    assert refused.args == ["Another export is running. Wait until it is done, or cancel it."]
    with qtbot.waitSignal(window.task.failed) as failed:
        go_on.set()
    assert failed.args == ["The first one."]
    qtbot.waitUntil(lambda: window.task.isHidden())


def test_copying_takes_the_picture_and_its_recipe(
    models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    window = open_window(models["digits"])
    window.canvas.setFocus()
    with qtbot.waitSignal(window.copier.notified):
        QTest.keyClick(window, Qt.Key.Key_C, CTRL)
    mime = QGuiApplication.clipboard().mimeData()
    assert isinstance(mime.imageData(), QImage)
    path = tmp_path / "pasted.png"
    path.write_bytes(bytes(mime.data("image/png").data()))
    assert read_recipe(path).state == window.player.state
    QGuiApplication.clipboard().clear()


def exported(window: Window, path: Path, qtbot: QtBot) -> Path:
    with qtbot.waitSignal(window.task.succeeded):
        sheet_of(window).write(path)
    qtbot.waitUntil(lambda: window.task.isHidden())
    return path


def test_a_picture_of_another_generator_opens_it(
    models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    window = open_window(models["colour"])
    window.editor.edit("seed", lambda state: state.with_seed(5))
    picture = exported(window, tmp_path / "a.png", qtbot)
    (tmp_path / "renamed.onnx").write_bytes(models["colour"].read_bytes())
    with qtbot.waitSignal(window.player.opened):
        window.open(models["digits"])
    with qtbot.waitSignal(window.restorer.notified) as told:
        drop(window, picture)
    assert told.args == ["Restored the settings that made this picture."]
    assert window.player.model is not None
    assert window.player.model.sha256 == read_recipe(picture).model.sha256
    assert window.player.state.seed == 5


def test_without_its_generator_what_fits_is_shown(
    models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    window = open_window(models["digits"])
    window.editor.edit("seed", lambda state: state.with_seed(9).with_digits((8,)))
    picture = exported(window, tmp_path / "a.png", qtbot)
    content = picture.read_bytes().replace(read_recipe(picture).model.sha256.encode(), b"0" * 64)
    other = tmp_path / "other.png"
    other.write_bytes(content)
    window.editor.edit("seed", lambda state: state.with_seed(1))
    with qtbot.waitSignal(window.restorer.notified) as told:
        drop(window, other)
    assert told.args is not None
    assert "made with digits.onnx (00000000…), which was not found" in told.args[0]
    assert (window.player.state.seed, window.player.state.digits) == (9, (8,))


def test_a_picture_without_a_recipe_is_a_message_and_nothing_changes(
    models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    Image.new("RGB", (3, 3)).save(tmp_path / "holiday.png")
    window = open_window(models["digits"])
    before = window.player.state
    with qtbot.waitSignal(window.restorer.failed):
        drop(window, tmp_path / "holiday.png")
    assert "holiday.png carries no recipe" in window.message.text.text()
    assert window.player.state == before
    assert window.editor.stack.count() == 0


def test_every_control_of_the_sheet_has_a_name_and_a_way_to_it(
    models: dict[str, Path], open_window: OpenWindow
) -> None:
    sheet = sheet_of(open_window(models["digits"]))
    controls: list[Any] = [*sheet.findChildren(QPushButton), *sheet.findChildren(QSlider)]
    assert len(controls) > 20
    for control in controls:
        assert control.accessibleName()
        assert control.focusPolicy() & Qt.FocusPolicy.TabFocus
