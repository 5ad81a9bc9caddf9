"""The titled boxes at the right of the window."""

from __future__ import annotations

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from viewer.core.scene.messages import Opened
from viewer.core.state.view_state import ViewState
from viewer.ui import theme
from viewer.ui.widgets.buttons import make_button
from viewer.ui.widgets.icons import icon
from viewer.ui.widgets.labels import label


class Card(QFrame):
    """A titled box with a value beside the title. Controls go into `body`."""

    def __init__(self, title: str, *, main: bool = False) -> None:
        """main: whether the card stands out, as one to try first."""
        super().__init__()
        self.setProperty("role", "card")
        self.setProperty("main", main)
        self.value = label("", "value")
        self.head = QHBoxLayout()
        self.title = label(title, "title")
        self.head.addWidget(self.title)
        self.head.addStretch()
        self.head.addWidget(self.value)
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(2 * theme.SPACE, 12, 2 * theme.SPACE, 14)
        self.body.setSpacing(theme.SPACE)
        self.body.addLayout(self.head)


class Panel(Card):
    """A card that shows a part of the state and lets the user edit it."""

    edited = Signal(str, object)
    """The name of the change, for the undo button, and a function from the ViewState before it to the one after."""
    offered = True
    """Whether the open generator can do what the panel edits; without it, the panel is hidden."""

    def show_state(self, state: ViewState) -> None:
        """Show a state, without emitting a signal."""

    def show_model(self, opened: Opened) -> None:
        """Offer what this generator can do, without emitting a signal."""


class FoldingPanel(Panel):
    """A panel that starts folded. Controls go into `inside`, which the button in the head shows and hides."""

    def __init__(self, title: str, tip: str, *, main: bool = False) -> None:
        """tip: the tooltip of the button; main: see `Card`."""
        super().__init__(title, main=main)
        self.toggle = make_button(QToolButton, "", tip, name=f"Show {title.lower()}", role="fold")
        self.toggle.setIconSize(QSize(18, 18))
        self.toggle.setCheckable(True)
        self.toggle.toggled.connect(self._unfold)
        self.head.addWidget(self.toggle)
        self._contents = QWidget()
        self.inside = QVBoxLayout(self._contents)
        self.inside.setContentsMargins(0, 0, 0, 0)
        self.inside.setSpacing(theme.SPACE)
        self.body.addWidget(self._contents)
        self._unfold(False)

    def _unfold(self, unfolded: bool) -> None:
        self.toggle.setIcon(icon("collapse" if unfolded else "expand", theme.MUTED))
        self._contents.setVisible(unfolded)
