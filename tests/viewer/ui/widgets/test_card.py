"""Cards that fold."""

from __future__ import annotations

from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from viewer.ui.widgets.card import FoldingPanel


def test_a_folding_panel_starts_folded(qtbot: QtBot) -> None:
    panel = FoldingPanel("Directions", "What they are")
    qtbot.addWidget(panel)
    content = QLabel("inside")
    panel.inside.addWidget(content)
    panel.show()
    assert not content.isVisible()
    panel.toggle.click()
    assert content.isVisible()
    panel.toggle.click()
    assert not content.isVisible()
    assert (panel.toggle.accessibleName(), panel.toggle.toolTip()) == ("Show directions", "What they are")
