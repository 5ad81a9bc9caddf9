"""Messages, which never block the window or move the picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import Qt, QTimer, SignalInstance
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QKeyEvent
from PySide6.QtWidgets import QApplication, QBoxLayout, QHBoxLayout, QLabel, QSizePolicy, QToolButton

from viewer.ui import theme
from viewer.ui.widgets.buttons import make_button
from viewer.ui.widgets.icons import icon
from viewer.ui.widgets.literal import literal, literal_tip
from viewer.ui.widgets.toast import Toast

INFORMATION_MS = 5000
"""How long information stays. It stays longer under the pointer, and while one of its buttons has the focus."""
OFFER_MS = 12_000
"""How long information with a button stays."""
LEAST_FOR_TEXT = 22 * theme.SPACE
"""Width in pixels that is kept for the text; where there is less, the offer goes below it."""
Offer = tuple[str, Callable[[], None]]
"""A button beside a message: its text, and what it does."""


@dataclass(frozen=True)
class _Message:
    text: str
    offer: Offer | None
    kind: str | None = None
    """What failed, for an error; None for information."""


class MessageToast(Toast):
    """Shows one message at a time.

    Information leaves by itself. An error stays until it is closed, replaced by another one, or `settle` is called;
    information covers it only for a while.
    """

    def __init__(self) -> None:
        super().__init__()
        self._error: _Message | None = None
        self._information: _Message | None = None
        self.text = QLabel()
        self.text.setWordWrap(True)
        self.text.setTextFormat(Qt.TextFormat.PlainText)  # file names are not markup
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.offer = make_button(QToolButton, role="offer")
        self.offer.clicked.connect(self._accept)
        self._close = make_button(
            QToolButton, "", "Close this message, once you have read it", "Escape", picture=icon("close", theme.MUTED)
        )
        self._close.clicked.connect(self.dismiss)
        self._body = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._body.setSpacing(theme.SPACE)
        self._body.addWidget(self.text, 1)
        self._body.addWidget(self.offer, 0, Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        row = self._row = QHBoxLayout(self)
        row.setContentsMargins(2 * theme.SPACE, theme.SPACE, theme.SPACE, theme.SPACE)
        row.setSpacing(theme.SPACE)
        row.addLayout(self._body, 1)
        row.addWidget(self._close, 0, Qt.AlignmentFlag.AlignTop)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._expire)

    def show_info(self, message: str, offer: Offer | None = None) -> None:
        """Show information, which disappears after a while."""
        self._information = _Message(message, offer)
        self._timer.start(INFORMATION_MS if offer is None else OFFER_MS)
        self._show()

    def show_error(self, message: str, offer: Offer | None = None, kind: str = "") -> None:
        """Show an error. kind: what failed, see `settle`."""
        self._error, self._information = _Message(message, offer, kind), None
        self._show()

    def settle(self, kind: str) -> None:
        """Remove an error whose kind begins with `kind`, because what failed has succeeded now."""
        if self._error is not None and self._error.kind is not None and self._error.kind.startswith(kind):
            self._error = None
            self._show()

    def report(self, kind: str, succeeded: SignalInstance, failed: SignalInstance) -> None:
        """Show what two signals say: a message, and the Offer with it if there is one."""

        def show(message: str, offer: Offer | None = None) -> None:
            self.settle(kind)
            self.show_info(message, offer)

        succeeded.connect(show)
        failed.connect(lambda message: self.show_error(message, kind=kind))

    def dismiss(self) -> None:
        """Remove the message that is shown."""
        if self._information is not None:
            self._information = None
        else:
            self._error = None
        self._show()

    def wanted_width(self) -> int:
        lines = self.text.text().splitlines()
        line = max(map(self.text.fontMetrics().horizontalAdvance, lines), default=0)
        return line + self._beside_text() + theme.SPACE // 2  # a little more, for rounding

    def fit(self, room: int) -> None:
        narrow = room - self._beside_text() < theme.px(LEAST_FOR_TEXT)
        way = QBoxLayout.Direction.TopToBottom if narrow else QBoxLayout.Direction.LeftToRight
        self._body.setDirection(way)
        super().fit(room)

    def _beside_text(self) -> int:
        """Return the width of the margins, and of the buttons beside the text."""
        outer, inner = self.contentsMargins(), self._row.contentsMargins()
        buttons = [one for one in (self.offer, self._close) if not one.isHidden()]
        beside = sum(theme.SPACE + button.sizeHint().width() for button in buttons)
        return outer.left() + inner.left() + beside + inner.right() + outer.right()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.dismiss()
        else:
            super().keyPressEvent(event)

    def _show(self) -> None:
        message = self._information or self._error
        if message is None:
            self._timer.stop()
            self.vanish()
            return
        if self._information is None:
            self._timer.stop()
        level = "information" if message.kind is None else "error"
        self.text.setText(message.text)
        self.setAccessibleName(message.text)
        name = message.offer[0] if message.offer is not None else ""
        self.offer.setText(literal(name))
        self.offer.setAccessibleName(name)
        self.offer.setToolTip(literal_tip(name))
        self.offer.setVisible(message.offer is not None)
        if self.property("level") != level:
            self.setProperty("level", level)
            self.style().polish(self)
        self.show()
        self._announce(message)

    def _announce(self, message: _Message) -> None:
        """Let screen readers speak the message."""
        event = QAccessibleAnnouncementEvent(self, message.text)
        if message.kind is not None:
            event.setPoliteness(QAccessible.AnnouncementPoliteness.Assertive)
        QAccessible.updateAccessibility(event)

    def _expire(self) -> None:
        focused = QApplication.focusWidget()
        if self.underMouse() or (focused is not None and self.isAncestorOf(focused)):
            self._timer.start(INFORMATION_MS)
            return
        self._information = None
        self._show()

    def _accept(self) -> None:
        message = self._information or self._error
        self.dismiss()
        if message is not None and message.offer is not None:
            message.offer[1]()
