"""The window fits small screens."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QRect
from PySide6.QtGui import QPainter, QPixmap
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QScrollArea, QSizePolicy, QWidget
from pytestqt.qtbot import QtBot

from digitforge.bundled import BUNDLED_MODEL
from tests.support.windows import OpenWindow
from viewer.core.run.stages import name_of, shorter_names_of
from viewer.core.state.number import MOST_DRAWN
from viewer.core.state.samples import of_class
from viewer.core.state.view_state import MODES
from viewer.ui import theme
from viewer.ui.widgets.labels import ElidedLabel
from viewer.ui.window import Window

IGNORED = QSizePolicy.Policy.Ignored


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


SIZES = [(800, 600, 100), (900, 600, 100), (800, 600, 150), (900, 600, 150)]


def settle(window: Window, width: int, height: int) -> None:
    """Give the window this size, which must be possible, and let it be laid out."""
    window.resize(width, height)
    QTest.qWait(30)
    assert (window.width(), window.height()) == (width, height)


@pytest.fixture
def small(own_data: Path, request: pytest.FixtureRequest, open_window: OpenWindow, qtbot: QtBot) -> Window:
    """Open the bundled generator, whose digits are classified, in a window of a size and a size of text."""
    width, height, percent = request.param
    window = open_window(BUNDLED_MODEL)
    window.settings.change(text_percent=percent)
    window.close()
    window = open_window(BUNDLED_MODEL)
    assert theme.px(100) == percent
    settle(window, width, height)
    return window


def cut(holder: QWidget) -> list[str]:
    """Return the buttons and labels that are smaller than what they show or stick out of what holds them."""
    found = []
    for one in holder.findChildren(QWidget):
        if not one.isVisible() or not isinstance(one, QAbstractButton | QLabel) or isinstance(one, ElidedLabel):
            continue
        wraps = isinstance(one, QLabel) and (one.wordWrap() or one.sizePolicy().horizontalPolicy() == IGNORED)
        narrow = not wraps and one.width() < one.minimumSizeHint().width()
        parent = one.parentWidget()
        outside = parent is not None and not parent.rect().contains(one.geometry())
        if narrow or outside:
            found.append(f"{one.text()!r} {one.accessibleName()!r} {one.geometry()} in {parent}")
    return found


@pytest.mark.parametrize("small", [*SIZES, (1366, 768, 100)], indirect=True)
def test_the_large_view_shows_every_bar(small: Window, qtbot: QtBot) -> None:
    view = small.inspector.view
    small.canvas.opened.emit(0)
    qtbot.waitUntil(view.bars.isVisible, timeout=20_000)
    QTest.qWait(30)
    assert view.bars.height() >= view.bars.sizeHint().height()
    assert not cut(view)
    area = view.findChild(QScrollArea)
    assert area is not None
    whole, shown = area.widget(), area.viewport()
    assert whole is not None
    assert whole.width() <= shown.width(), "nothing has to be scrolled sideways"
    if theme.px(100) == 100:
        assert whole.height() <= shown.height(), "nor at all at the usual size of text"
    view.clay.click()
    texts = (view.tools.how, view.tools.where)
    qtbot.waitUntil(lambda: all(text.height() >= text.heightForWidth(text.width()) for text in texts))
    view.tools.finish.click()
    small.inspector.view.close_cell()


@pytest.mark.parametrize("small", SIZES, indirect=True)
def test_names_and_bars_of_a_comparison_fit(small: Window, qtbot: QtBot) -> None:
    with qtbot.waitSignal(small.player.second_ready):
        small.open_beside(BUNDLED_MODEL)
    QTest.qWait(30)
    settle(small, small.width(), small.height())
    assert not cut(small.compare)
    for name, picture in ((small.compare.a, small.canvas), (small.compare.b, small.compare.picture)):
        assert name.geometry().bottom() < picture.geometry().top(), "the name is above the picture"
        assert picture.height() >= 120


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("small", SIZES, indirect=True)
def test_nothing_is_cut_in_a_small_window(small: Window, qtbot: QtBot, mode: str) -> None:
    small.player.apply(small.player.state.with_mode(mode))
    small.menu.tour_wanted.emit()
    settle(small, small.width(), small.height())
    for part in (small.header, small.rail, small.tour, small.timeline, small.status):
        qtbot.waitUntil(partial(lambda part: not cut(part), part))
    small.settings.change(hint=True)
    small.tour.hide()
    settle(small, small.width(), small.height())
    assert not cut(small.hint)
    side = small.side.widget()
    assert side is not None
    for panel in small.panels:
        if panel.isVisible():
            assert panel.minimumSizeHint().width() <= panel.width(), panel.title.text()
            assert panel.geometry().right() < small.side.viewport().width()


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


@pytest.mark.parametrize("small", [(900, 600, 150), (900, 600, 100)], indirect=True)
def test_a_watched_run_fits_a_small_window(small: Window, qtbot: QtBot, tmp_path: Path) -> None:
    run = tmp_path / "a run of mine"
    (run / "exports").mkdir(parents=True)
    for images in (100_000, 200_000):
        (run / "exports" / f"{images:012d}.onnx").write_bytes(BUNDLED_MODEL.read_bytes())
    entries = [{"images": images, "d_loss": 1.0, "frechet_distance": 9.0, "recall": 0.5} for images in (1000, 200_000)]
    (run / "log.jsonl").write_text("".join(f"{json.dumps(entry)}\n" for entry in entries))
    small.resize(1366, 768)
    with qtbot.waitSignal(small.player.frame_ready):
        small.open(run)
    settle(small, 900, 600)
    assert not cut(small.watch)
    assert small.watch.slider.width() >= theme.px(100)
    for plot in small.watch.plots:
        assert not plot.isVisible() or plot.width() >= theme.px(110), "there is room for its title"
    facts = small.watch.facts
    assert facts.heightForWidth(facts.width()) <= 2 * facts.fontMetrics().height()
    stage = small.watch.stages[1].path
    assert small.header.model.shown_text() in (name_of(stage), *shorter_names_of(stage))


def covered(toast: QWidget, names: list[QWidget]) -> list[str]:
    """Return the names of visible widgets that a toast covers."""
    area = QRect(toast.mapToGlobal(QPoint(0, 0)), toast.size())
    return [
        one.accessibleName()
        for one in names
        if one.isVisible() and area.intersects(QRect(one.mapToGlobal(QPoint(0, 0)), one.size()))
    ]


LONG = "CUDA was requested, but it cannot run. There is no usable NVIDIA GPU."
"""A message of four lines in the smallest window."""


@pytest.mark.parametrize("pointer_at_top", [False, True])
@pytest.mark.parametrize("small", SIZES, indirect=True)
def test_a_message_covers_no_name(
    small: Window, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, *, pointer_at_top: bool
) -> None:
    over = small.canvas.mapToGlobal(QPoint(60, 60) if pointer_at_top else QPoint(-500, -500))
    monkeypatch.setattr("viewer.ui.layout.QCursor.pos", lambda: over)
    with qtbot.waitSignal(small.player.second_ready):
        small.open_beside(BUNDLED_MODEL)
    view = small.inspector.view
    small.message.show_error("This is no generator: it has no metadata.", ("Open another…", print))
    names = [small.compare.a, small.compare.b, view.name, view.close_button]
    QTest.qWait(30)
    assert small.compare.a.isVisible()
    assert not covered(small.message, names)
    with qtbot.waitSignal(small.player.compared):
        small.player.compare(None)
    small.canvas.opened.emit(0)  # while the message is shown
    QTest.qWait(30)
    assert view.name.isVisible()
    assert not covered(small.message, names)
    for sentence in ("The next one.", LONG):
        small.message.dismiss()
        small.message.show_error(sentence, ("Show why", print))
        QTest.qWait(30)
        assert not covered(small.message, names)
    view.close_cell()


LARGER = [*SIZES, (1366, 768, 150)]


@pytest.mark.parametrize("small", LARGER, indirect=True)
def test_the_main_controls_of_every_mode_need_no_scrolling(small: Window) -> None:
    small.player.apply(small.player.state.with_mode("grid"))
    for mode, control in (
        ("path", small.motion.play),
        ("pad", small.pad.any),
        ("number", small.number.any),
        ("grid", small.seed.edit),
    ):
        small.rail.group.button(MODES.index(mode)).click()
        QTest.qWait(30)
        viewport = small.side.viewport()
        area = QRect(viewport.mapToGlobal(QPoint(0, 0)), viewport.size())
        assert small.side.verticalScrollBar().value() == 0
        assert area.contains(QRect(control.mapToGlobal(QPoint(0, 0)), control.size())), mode


@pytest.mark.parametrize("small", SIZES, indirect=True)
def test_the_hint_shows_no_part_of_a_sentence(small: Window) -> None:
    small.settings.change(hint=True)
    settle(small, small.width(), small.height())
    assert small.hint.drag.shown_text() in ("", small.hint.drag.text())
    small.resize(1600, 900)
    QTest.qWait(30)
    assert small.hint.drag.shown_text() == "Drag a picture to the timeline"


@pytest.mark.parametrize("small", SIZES, indirect=True)
def test_the_export_sheet_fits_and_scrolls(small: Window) -> None:
    for page in ("picture", "animation", "data"):
        small.exporter.open_sheet()
        sheet = small.exporter.sheet
        assert sheet is not None
        sheet.show_page(page)
        QTest.qWait(30)
        assert sheet.height() <= small.height()
        contents, viewport = sheet.area.widget(), sheet.area.viewport()
        assert contents is not None
        assert contents.minimumSizeHint().width() <= viewport.width(), page
        assert not cut(contents)
        for button in (sheet.export, sheet.kind.button(page)):
            assert sheet.rect().contains(button.mapTo(sheet, button.rect().bottomRight())), (
                "never has to be scrolled to"
            )
        bar = sheet.area.verticalScrollBar()
        bar.setValue(bar.maximum())
        last = contents.mapTo(viewport, contents.rect().bottomLeft()).y()
        assert last <= viewport.height(), "the last control can be reached"
        sheet.close()


def test_dialogs_fit_a_small_window(models: dict[str, Path], open_window: OpenWindow) -> None:
    window = open_window(models["digits"])
    settle(window, 800, 600)
    for show in (window.menu.show_keys, window.menu.show_about, window.menu.show_settings, window.menu.show_doctor):
        show()
        dialog = QApplication.activeModalWidget()
        assert dialog is not None
        assert dialog.height() <= window.height()
        assert dialog.width() <= window.width()
        dialog.close()


@pytest.mark.parametrize("small", [(900, 600, 150), (900, 600, 100)], indirect=True)
def test_stages_of_a_training_can_be_compared_in_a_small_window(small: Window, qtbot: QtBot) -> None:
    small.rail.training.click()
    qtbot.waitUntil(lambda: len(small.training.stages) > 1, timeout=20_000)
    with qtbot.waitSignal(small.player.frame_ready):
        small.training.slider.setValue(2)
    alone = small.canvas._cell(0).height()
    with qtbot.waitSignal(small.player.second_ready):
        small.training.against_newest.click()
    QTest.qWait(30)
    assert (small.width(), small.height()) == (900, 600)
    assert small.training.slider.isVisible(), "other stages can be compared"
    assert small.canvas._cell(0).height() >= 13
    assert alone >= 13
    assert small.player.model is not None
    stage = small.player.model.path
    assert small.compare.a.text().removeprefix("A   ") in (name_of(stage), *shorter_names_of(stage))
    small.rail.group.button(MODES.index("path")).click()
    assert small.timeline.isVisible(), "Morph needs its keyframes"
    small.rail.group.button(MODES.index("grid")).click()
    with qtbot.waitSignal(small.player.compared):
        small.compare.close_button.click()
    small.rail.training.click()
    QTest.qWait(30)
    assert small.timeline.isVisible()


@pytest.mark.parametrize("small", [(900, 600, 150), (900, 600, 100)], indirect=True)
def test_captions_of_a_comparison_keep_the_prediction(
    small: Window, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    painted = list[str]()

    class Listening(QPainter):
        def drawText(self, *given: object) -> None:  # type: ignore[override]  # noqa: N802
            painted.append(str(given[-1]))

    with qtbot.waitSignal(small.player.second_ready):
        small.open_beside(BUNDLED_MODEL)
    small.canvas.hold(59)
    qtbot.waitUntil(lambda: "predicted" in small.canvas.accessibleDescription(), timeout=20_000)
    picture = QPixmap(small.canvas.size())
    painter = Listening(picture)
    small.canvas.paint_marks(painter)
    painter.end()
    (text,) = painted
    assert "predicted 9, " in text
    assert text.endswith("%")
    box = small.canvas._caption_box()
    assert small.canvas._cell(63).bottom() <= box.top(), "it covers no cell"


@pytest.mark.parametrize("small", SIZES, indirect=True)
def test_a_hand_of_ones_own_fits_the_column(small: Window) -> None:
    state = small.player.state.with_mode("number")
    samples = tuple(of_class(place, place, place % 10) for place in range(MOST_DRAWN))
    for sample in samples:
        state = state.with_number(state.number.with_drawn(sample))
    small.player.apply(state)
    QTest.qWait(30)
    contents = small.side.widget()
    assert contents is not None
    assert contents.width() <= small.side.viewport().width()
    assert not cut(small.number)
