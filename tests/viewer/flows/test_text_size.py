"""Text, controls and rows grow together."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QSignalBlocker
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton

from tests.support.windows import LEFT, OpenWindow
from viewer.core.state.view_state import MODES
from viewer.ui.dialogs.settings import SettingsDialog


@pytest.mark.parametrize("percent", [125, 150, 200])
def test_a_larger_text_makes_all_larger(models: dict[str, Path], open_window: OpenWindow, percent: int) -> None:
    first = open_window(models["digits"])

    def sizes() -> list[int]:
        window = windows[-1]
        window.resize(1920, 1080)  # in a narrow window, the side column gives way
        QApplication.processEvents()
        boxes = [window.seed.edit.height(), window.rail.group.button(0).height(), window.look.invert.height()]
        return [QApplication.font().pixelSize(), *boxes, window.side.width()]

    windows = [first]
    before = sizes()
    dialog = SettingsDialog(first, first.settings)
    QTest.mouseClick(dialog.text.button(str(percent)), LEFT)
    first.close()
    windows.append(open_window(models["digits"]))
    for small, large in zip(before, sizes(), strict=True):
        assert large == pytest.approx(small * percent / 100, rel=0.12)
    windows[-1].resize(1920, 1080)
    QApplication.processEvents()
    for panel in windows[-1].panels:
        assert not panel.isVisible() or panel.minimumSizeHint().width() <= panel.width(), panel.title.text()


@pytest.mark.parametrize("percent", [100, 150])
def test_the_text_of_every_toggle_fits(models: dict[str, Path], open_window: OpenWindow, percent: int) -> None:
    first = open_window(models["digits"])
    QTest.mouseClick(SettingsDialog(first, first.settings).text.button(str(percent)), LEFT)
    first.close()
    window = open_window(models["digits"])
    seen = set()
    for mode in MODES:
        window.player.apply(window.player.state.with_mode(mode))
        QApplication.processEvents()
        for toggle in window.side.findChildren(QPushButton):
            if toggle.isVisible() and toggle.property("role") == "toggle":
                seen.add(toggle.text())
                for checked in (False, True):
                    with QSignalBlocker(toggle):
                        toggle.setChecked(checked)
                    toggle.ensurePolished()
                    text = toggle.fontMetrics().horizontalAdvance(toggle.text())
                    room = 8 if toggle in (window.digits.several, window.digits.rows) else 0
                    assert text + room <= toggle.width(), toggle.text()
                    assert not toggle.font().bold(), toggle.text()
    assert {"Pick several", "One per row", "Pause at each"} <= seen
