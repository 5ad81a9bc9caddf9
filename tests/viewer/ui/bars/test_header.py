"""The bar at the top."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from tests.support.windows import OpenWindow


def test_a_narrow_header_keeps_its_icons_alone(models: dict[str, Path], open_window: OpenWindow) -> None:
    window = open_window(models["digits"])

    def texts() -> int:
        styles = [button.toolButtonStyle() for button in window.header.buttons]
        return styles.count(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)

    window.resize(1400, 800)
    QApplication.processEvents()
    wide = texts()
    assert wide >= 3
    window.header.resize(560, window.header.height())
    assert texts() == 0
    window.header.resize(1400, window.header.height())
    assert texts() == wide
