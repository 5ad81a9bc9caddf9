"""The strip for messages, which never blocks the window."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QToolButton

from viewer.ui import theme
from viewer.ui.widgets.buttons import make_button
from viewer.ui.widgets.icons import icon

INFORMATION_MS = 5000
"""How long information stays. Errors stay until they are closed or a generator is opened."""
OFFER_MS = 12_000
"""How long information with a button stays."""
Offer = tuple[str, Callable[[], None]]
"""A button beside a message: its text, and what it does."""


class MessageStrip(QFrame):
    """Shows one message at a time; hidden without one."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("message")
        self.text = QLabel()
        self.text.setWordWrap(True)
        self.text.setTextFormat(Qt.TextFormat.PlainText)  # file names are not markup
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.offer = make_button(QToolButton, role="offer")
        self.offer.clicked.connect(self._accept)
        self._do: Callable[[], None] | None = None
        close = make_button(
            QToolButton, "", "Close this message, once you have read it", picture=icon("close", theme.MUTED)
        )
        close.clicked.connect(self.hide)
        row = QHBoxLayout(self)
        row.setContentsMargins(3 * theme.SPACE, theme.SPACE, 2 * theme.SPACE, theme.SPACE)
        row.setSpacing(theme.SPACE)
        row.addWidget(self.text, 1)
        row.addWidget(self.offer, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(close, 0, Qt.AlignmentFlag.AlignTop)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.hide)
        self.hide()

    def show_info(self, message: str, offer: Offer | None = None) -> None:
        """Show information, which disappears after a while."""
        self._show(message, "information", offer)
        self._timer.start(INFORMATION_MS if offer is None else OFFER_MS)

    def show_error(self, message: str, offer: Offer | None = None) -> None:
        """Show an error, which stays."""
        self._show(message, "error", offer)
        self._timer.stop()

    def hide_error(self) -> None:
        """Hide an error, because what failed has succeeded now; information stays."""
        if self.property("level") == "error":
            self.hide()

    def _show(self, message: str, level: str, offer: Offer | None) -> None:
        self.text.setText(message)
        self.setAccessibleName(message)
        name, self._do = offer or ("", None)
        self.offer.setText(name)
        self.offer.setAccessibleName(name)
        self.offer.setToolTip(name)
        self.offer.setVisible(offer is not None)
        if self.property("level") != level:
            self.setProperty("level", level)
            self.style().polish(self)
        self.show()

    def _accept(self) -> None:
        do = self._do
        self.hide()
        if do is not None:
            do()
