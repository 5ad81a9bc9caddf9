"""The About dialog."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from tests.support.windows import LEFT, OpenWindow, texts
from viewer.ui.dialogs.about import AboutDialog


def test_about_names_versions_licences_and_where_the_generator_comes_from(
    open_window: OpenWindow, project: Path
) -> None:
    window = open_window(project / "viewer" / "models" / "digits.onnx")
    window.menu.show_about()
    dialog = window.findChild(AboutDialog)
    assert dialog is not None
    shown = texts(dialog)
    for part in ("PySide6", "LGPL", "onnxruntime", "numpy", "Pillow", "CC BY-SA 3.0", "6000000"):
        assert part in shown
    assert "batch_size" not in shown
    fold = next(one for one in dialog.findChildren(QPushButton) if one.text() == "Config")
    QTest.mouseClick(fold, LEFT)
    assert "batch_size: 128" in texts(dialog)


def test_about_opens_and_closes(models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot) -> None:
    from viewer.ui.dialogs.about import AboutDialog

    window = open_window(models["digits"])
    window.menu.show_about()
    dialog = window.findChild(AboutDialog)
    assert dialog is not None
    assert dialog.isVisible()
    with qtbot.waitSignal(dialog.finished):
        dialog.reject()
