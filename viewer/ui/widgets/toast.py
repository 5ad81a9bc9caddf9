"""The base class of the boxes that lie over the edge of the pictures without moving them."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QApplication, QFrame


class Toast(QFrame):
    """A box without a place in a layout. `layout.Pictures` places it; hidden while it has nothing to show."""

    left = Signal()
    """The toast was hidden while one of its buttons had the focus, which has to go elsewhere now."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("message")
        self.hide()

    def wanted_width(self) -> int:
        """Return the width in pixels at which nothing has to be wrapped."""
        return self.sizeHint().width()

    def fit(self, room: int) -> None:
        """Take the size that the contents need, at most `room` pixels wide."""
        width = min(self.wanted_width(), room)
        height = self.heightForWidth(width)
        self.resize(width, height if height > 0 else self.sizeHint().height())

    def vanish(self) -> None:
        """Hide the toast."""
        focused = QApplication.focusWidget()
        had_focus = focused is not None and self.isAncestorOf(focused)
        self.hide()
        if had_focus:
            self.left.emit()
