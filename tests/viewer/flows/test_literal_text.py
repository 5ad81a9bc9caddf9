"""Text from outside is shown as it is."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QWidget

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
