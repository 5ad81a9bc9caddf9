"""Text from outside is shown as it is."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QTextDocument
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from export.contract import GeneratorInfo
from proofs.tiny_generator import write_model
from tests.conftest import LATENT, SIDE
from tests.support.windows import OpenWindow, sheet_of
from viewer.core.state.view_state import MODES

NAMES = ("A&B0", "<b>x</b>", "a\\nb", "&")


@pytest.mark.parametrize("mode", MODES)
def test_class_names_are_neither_keys_nor_markup(tmp_path: Path, open_window: OpenWindow, mode: str) -> None:
    info = GeneratorInfo(LATENT, "normal", NAMES, 1, SIDE, SIDE, {"preset": "<i>tiny</i> & more"})
    window = open_window(write_model(tmp_path / "<b>A&B.onnx", info))
    window.player.apply(window.player.state.with_mode(mode))
    sheet_of(window)
    QApplication.processEvents()
    buttons = window.digits.findChildren(QAbstractButton)
    assert {name.replace("&", "&&") for name in NAMES} <= {button.text() for button in buttons}
    assert all(button.shortcut().isEmpty() for button in buttons)
    for one in window.findChildren(QWidget):
        assert "<b>" not in one.toolTip(), one.toolTip()
        assert "<i>" not in one.toolTip(), one.toolTip()
    for one in window.findChildren(QLabel):
        assert one.textFormat() == Qt.TextFormat.PlainText or "<" not in one.text(), one.text()


@pytest.mark.parametrize("name", ["a[*]b.onnx", "a[*][*]b.onnx", "A&B.onnx", "<i>x & y.onnx"])
def test_the_name_of_a_file_is_shown_as_it_is(
    models: dict[str, Path], tmp_path: Path, open_window: OpenWindow, qtbot: QtBot, name: str
) -> None:
    model = tmp_path / name
    try:
        model.write_bytes(models["digits"].read_bytes())
    except OSError:
        pytest.skip("this file system has no such names")
    window = open_window(model)
    handle = window.windowHandle()
    assert handle is not None
    assert handle.title() == f"{tmp_path.name}/{name} – digitforge"
    assert window.header.model.text() == f"{tmp_path.name}/{name}"
    assert window.header.model.textFormat() == Qt.TextFormat.PlainText
    assert shown_tip(window.header.model.toolTip()) == str(model)
    window.recent.aboutToShow.emit()
    entry = next(action for action in window.recent.actions() if shown_tip(action.toolTip()) == str(model))
    assert entry.text().replace("&&", "&") == f"{tmp_path.name}/{name}"
    assert entry.text().replace("&&", "").count("&") == 0
    with qtbot.waitSignal(window.player.second_ready):
        window.open_beside(model)
    assert window.compare.b.accessibleName() == f"B   {tmp_path.name}/{name}"
    assert window.compare.b.textFormat() == Qt.TextFormat.PlainText
    with qtbot.waitSignal(window.favourites.notified):
        window.favourites.keep()
    with qtbot.waitSignal(window.player.failed):
        window.player.open(tmp_path / f"missing {name}")
    assert f"missing {name}" in window.message.text.text()


def shown_tip(tip: str) -> str:
    """Return what a tooltip shows."""
    document = QTextDocument()
    if "<" in tip:  # Qt takes it for markup
        document.setHtml(tip)
        return document.toPlainText()
    return tip


def test_an_undo_names_the_step_literally(models: dict[str, Path], open_window: OpenWindow) -> None:
    window = open_window(models["digits"])
    window.editor.edit("<b>R&D</b>", lambda state: state.with_truncation(0.5))
    undo = window.header.buttons[0].defaultAction()
    assert undo.text() == "Undo <b>R&&D</b>"
    assert "<b>" not in undo.toolTip()


def test_a_long_invitation_is_wrapped(models: dict[str, Path], open_window: OpenWindow) -> None:
    window = open_window(models["digits"])
    window.resize(800, 600)
    window.player.apply(window.player.state.with_mode("path"))
    QApplication.processEvents()
    image = window.canvas.grab().toImage()
    ground = image.pixel(0, 0)
    edges = [image.pixel(x, y) for x in (4, image.width() - 5) for y in range(image.height())]
    assert set(edges) == {ground}, "the text keeps away from both edges"
