"""A dialog whose content scrolls."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from viewer.ui import theme


class ScrollingDialog(QDialog):
    """Shows one widget that scrolls, and `footer` below it."""

    def __init__(self, parent: QWidget, title: str, name: str, width: int, height: int) -> None:
        """name: of the content, for screen readers; width, height: of the dialog when it opens, in pixels, where the
        window has room for it.
        """
        super().__init__(parent)
        self.setWindowTitle(title)
        room = 2 * theme.SPACE
        self.resize(min(theme.px(width), parent.width() - room), min(theme.px(height), parent.height() - room))
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._scroll.setAccessibleName(name)
        self.footer = QHBoxLayout()
        self.footer.setSpacing(theme.SPACE)
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * theme.SPACE, 3 * theme.SPACE, 3 * theme.SPACE, 3 * theme.SPACE)
        column.setSpacing(2 * theme.SPACE)
        column.addWidget(self._scroll, 1)
        column.addLayout(self.footer)

    def show_content(self, content: QWidget) -> None:
        """Show this widget, and delete the one shown before. Call it once `content` has its layout."""
        content.setObjectName("side")  # the style sheet gives it the window's background
        self._scroll.setWidget(content)

    def add_close_button(self) -> None:
        """Add a Close button to the footer."""
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.button(QDialogButtonBox.StandardButton.Close).setToolTip("Close this and go back to the pictures")
        buttons.rejected.connect(self.reject)
        self.footer.addWidget(buttons)
