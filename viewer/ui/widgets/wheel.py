"""The mouse wheel over controls that stand in a scrolling column."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QWidget


class _WheelFilter(QObject):
    """Passes the wheel on to the parent of a control that does not have the focus."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() != QEvent.Type.Wheel or not isinstance(watched, QWidget) or watched.hasFocus():
            return False
        event.ignore()  # so that Qt offers it to the parent
        return True


def need_focus_for_wheel(control: QWidget) -> None:
    """Let the wheel change the value of `control` only while it has the focus; otherwise the wheel scrolls."""
    if control.focusPolicy() == Qt.FocusPolicy.WheelFocus:  # the wheel itself would give it the focus
        control.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    control.installEventFilter(_WheelFilter(control))
