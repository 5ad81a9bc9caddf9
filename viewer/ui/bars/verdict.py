"""The bar below a drawing: what the generator made of it, and how near that is."""

from __future__ import annotations

from PySide6.QtCore import QSize, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QPushButton, QSizePolicy

from viewer.core.draw.closeness import closeness
from viewer.core.draw.search import Candidate, Found
from viewer.core.picture.look import PLAIN
from viewer.core.scene.messages import Opened
from viewer.core.state.number import cannot_write
from viewer.core.state.samples import Sample
from viewer.core.state.view_state import ViewState
from viewer.ui import theme
from viewer.ui.widgets.buttons import make_button
from viewer.ui.widgets.labels import label
from viewer.ui.widgets.literal import literal
from viewer.ui.widgets.qimage import thumbnail

SIDE = 36
"""Size of the pictures on the buttons in pixels."""
MOST = 3
"""Alternatives."""


class VerdictBar(QFrame):
    """Names the answer's class, offers the other classes that were tried, and keeps the answer."""

    chosen = Signal(object)
    """The Candidate that is to be the answer."""
    grid_wanted = Signal()
    keyframe_wanted = Signal()
    hand_wanted = Signal()
    favourite_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("compare")  # it looks like the bar of a comparison
        self._classes: tuple[str, ...] = ()
        self._found: Found | None = None
        self._answer: Sample | None = None
        self._look = PLAIN
        self.text = label("", "value")
        self.text.setWordWrap(True)
        self.text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.others = [self._other(place) for place in range(MOST)]
        self.keep = make_button(
            QPushButton, "Keep", "Keep this picture: in the grid, on the timeline, in your hand or as a favourite",
            role="primary",
        )  # fmt: skip
        menu = QMenu("Keep", self)
        for text, wanted in (
            ("In the grid, as a locked cell", self.grid_wanted),
            ("On the timeline", self.keyframe_wanted),
            ("In your hand, to write with it", self.hand_wanted),
            ("As a favourite\tCtrl+D", self.favourite_wanted),
        ):
            menu.addAction(text).triggered.connect(wanted)
        self._hand = menu.actions()[2]
        self.keep.setMenu(menu)
        row = QHBoxLayout(self)
        row.setContentsMargins(3 * theme.SPACE, theme.SPACE, 3 * theme.SPACE, theme.SPACE)
        row.setSpacing(theme.SPACE)
        row.addWidget(self.text, 1)
        for button in self.others:
            row.addWidget(button)
        row.addWidget(self.keep)

    def _other(self, place: int) -> QPushButton:
        button = make_button(QPushButton, "", "Take the picture of another class instead", role="icon")
        button.setIconSize(QSize(theme.px(SIDE), theme.px(SIDE)))
        button.clicked.connect(lambda: self._choose(place))
        button.hide()
        return button

    def show_model(self, opened: Opened) -> None:
        """Forget what the generator before has found."""
        self._classes, self._found = opened.info.classes, None
        self._hand.setVisible(not cannot_write(self._classes))

    def show_found(self, found: Found) -> None:
        """Offer the classes that were tried, from the next state on."""
        self._found = found

    def show_state(self, state: ViewState) -> None:
        """Show the answer of the state's drawing, in the mode that has one."""
        self.setVisible(state.mode == "draw")
        drawing, self._look = state.drawing, state.look
        answer = self._answer = drawing.answer
        self.keep.setEnabled(answer is not None)
        if answer is None:
            self.text.setText("Nothing is drawn yet." if drawing.blank else "")
        else:
            name = self._name(answer)
            nearness = closeness(drawing.error)
            self.text.setText(f"As {name}: {nearness}" if name else nearness.capitalize())
        others = [] if answer is None else self._others(answer)
        for place, button in enumerate(self.others):
            button.setVisible(place < len(others))
            if place < len(others):
                self._show_other(button, others[place])

    def _show_other(self, button: QPushButton, candidate: Candidate) -> None:
        name, nearness = self._name(candidate.sample), closeness(candidate.error)
        button.setIcon(QIcon(thumbnail(candidate.pixels, theme.px(SIDE), self._look, self.devicePixelRatioF())))
        button.setToolTip(literal(f"Take it as {name} instead: {nearness}"))
        button.setAccessibleName(f"As {name}: {nearness}")

    def _others(self, answer: Sample) -> list[Candidate]:
        """Return what was found besides the answer, if the answer is of this search."""
        if self._found is None or not answer.mix:
            return []
        candidates = self._found.alternatives
        if answer not in [self._found.best.sample, *(one.sample for one in candidates)]:
            return []
        return [one for one in candidates if one.sample.label != answer.label][:MOST]

    def _choose(self, place: int) -> None:
        answer = self._answer
        others = [] if answer is None else self._others(answer)
        if place < len(others):
            self.chosen.emit(others[place])

    def _name(self, sample: Sample) -> str:
        """Return the class of a sample with its article: "a 7"; empty without classes."""
        if sample.label is None:
            return ""
        name = self._classes[sample.label]
        return f"{'an' if name[:1].lower() in ('a', 'e', 'i', 'o', 'u') or name in ('8', '11', '18') else 'a'} {name}"
