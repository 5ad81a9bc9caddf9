"""The pictures of a second generator, for the same latents, beside those of the first."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QLabel, QSizePolicy

from viewer.core.run.stages import name_of, shorter_names_of
from viewer.core.scene.compare import comparable, difference_in_words, mean_difference
from viewer.core.scene.messages import CompareRequest, Failure, Frame, Opened, OpenRequest
from viewer.core.state.view_state import ViewState
from viewer.engine.player import Player
from viewer.ui import theme
from viewer.ui.canvas.canvas_base import MARGIN, CanvasBase
from viewer.ui.widgets.buttons import icon_button
from viewer.ui.widgets.choices import Choices
from viewer.ui.widgets.labels import label
from viewer.ui.widgets.literal import literal_tip

OFFERED = {
    "pictures": ("B", "Show the pictures of B beside those of A, to see which are better"),
    "signed": ("A − B", "Show where they differ: orange where A is brighter, blue where B is"),
    "absolute": ("|A − B|", "Show how much they differ: the brighter, the more"),
}
"""The text and the tooltip of each view."""
LEAST_FOR_ROW = 48 * theme.SPACE
"""Width of the bar in pixels below which it takes two rows."""


class Name(QLabel):
    """The name of a generator above its pictures, shortened where it does not fit."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "name")
        self.setContentsMargins(MARGIN, theme.SPACE, theme.SPACE, 0)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._mark = ""
        self._names: tuple[str, ...] = ()

    def show_name(self, mark: str, path: Path) -> None:
        """Name a generator file. mark: stands before the name, and is never shortened."""
        name = name_of(path)
        self._mark, self._names = f"{mark}   ", (name, *shorter_names_of(path))
        self.setAccessibleName(self._mark + name)
        self.setToolTip(literal_tip(name))
        self._shorten()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._shorten()

    def _shorten(self) -> None:
        if not self._names:
            return
        metrics = self.fontMetrics()
        room = self.contentsRect().width() - metrics.horizontalAdvance(self._mark)
        # The end of a file name says more than its beginning.
        fitting = next((name for name in self._names if metrics.horizontalAdvance(name) <= room), self._names[-1])
        self.setText(self._mark + metrics.elidedText(fitting, Qt.TextElideMode.ElideLeft, room))


class CompareBar(QFrame):
    """Holds the second picture, and chooses what it shows. Hidden without a second generator."""

    edited = Signal(str, object)
    """See `Panel.edited`."""

    def __init__(self, player: Player, first: CanvasBase) -> None:
        """first: the canvas of the first generator."""
        super().__init__()
        self.setObjectName("compare")
        self._player = player
        self._first = first
        self._first_frame: Frame | None = None
        self._swapping = False
        self.picture = CanvasBase()
        """The canvas of the second generator, to be laid out to the right of `first`."""
        self.picture.setAccessibleName("Pictures of the second generator")
        self.a, self.b = Name(), Name()
        """The names of both generators, to be laid out above their pictures."""
        self.views = Choices("Comparison", OFFERED)
        self.views.setFixedWidth(theme.px(27 * theme.SPACE))
        self.difference = label("", "muted")
        self.difference.setWordWrap(True)
        self.difference.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.difference.setToolTip(
            "The mean difference of a pixel of A from the same pixel of B; black and white differ by 100 %"
        )
        self.swap = icon_button("swap", "Swap A and B, to work on the other generator")
        self.close_button = icon_button("close", "End the comparison and show only A")
        self._rows = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._rows.setContentsMargins(2 * theme.SPACE, theme.SPACE, 2 * theme.SPACE, theme.SPACE)
        self._rows.setSpacing(theme.SPACE)
        self._rows.addWidget(self.views)
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE)
        self._rows.addLayout(row, 1)
        row.addWidget(self.difference, 1)
        row.addWidget(self.swap)
        row.addWidget(self.close_button)
        self.views.chosen.connect(
            lambda view: self.edited.emit("comparison", lambda state: state.with_compare_view(view))
        )
        self.swap.clicked.connect(self._swap)
        self.close_button.clicked.connect(lambda: player.compare(None))
        first.view_changed.connect(self.picture.set_view)
        self.picture.view_changed.connect(first.set_view)
        player.compared.connect(self._on_compared)
        player.opened.connect(self._show_names)
        player.failed.connect(self._on_failed)
        player.frame_ready.connect(self._on_first)
        player.second_ready.connect(self._on_second)
        player.emptied.connect(lambda: self.picture.clear(""))
        self._on_compared(None)

    def minimumSizeHint(self) -> QSize:
        return QSize(0, super().minimumSizeHint().height())  # never keeps the window wide

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        wide = self.width() >= theme.px(LEAST_FOR_ROW)
        self._rows.setDirection(QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom)
        self.updateGeometry()

    def show_state(self, state: ViewState) -> None:
        self.views.show_choice(state.compare_view)
        self._show_names()

    def _on_compared(self, opened: Opened | None) -> None:
        self._swapping = False
        for widget in (self, self.picture, self.a, self.b):
            widget.setVisible(opened is not None)
        if opened is None:
            self.picture.clear("")
        else:
            self.picture.view = self._first.view
        self._show_names()

    def _show_names(self) -> None:
        first, second = self._player.model, self._player.second
        if first is None or second is None:
            return
        sizes = [(one.info.height, one.info.width, one.info.channels) for one in (first, second)]
        alike = sizes[0] == sizes[1]
        for view in ("signed", "absolute"):
            button = self.views.button(view)
            button.setEnabled(alike)
            button.setToolTip(OFFERED[view][1] if alike else "Only pictures of the same size can be subtracted")
        view = self._player.state.compare_view if alike else "pictures"
        self.a.show_name("A", first.path)
        mark = "B" if view == "pictures" else f"{OFFERED[view][0]}     B"
        self.b.show_name(mark, second.path)

    def _on_first(self, frame: Frame) -> None:
        self._first_frame = frame

    def _on_second(self, frame: Frame) -> None:
        self.picture.show_frame(frame)
        first = self._first_frame
        if self._player.state.playing or first is None or not comparable(first.pixels, frame.pixels):
            self.difference.setText("")
        else:
            self.difference.setText(difference_in_words(mean_difference(first.pixels, frame.pixels)))

    def _swap(self) -> None:
        first, second = self._player.model, self._player.second
        if first is not None and second is not None:
            self._swapping = True
            self._player.open(second.path)
            self._player.compare(first.path)

    def _on_failed(self, failure: Failure) -> None:
        if self._swapping and isinstance(failure.request, OpenRequest | CompareRequest):
            self._swapping = False
            self._player.compare(None)  # otherwise a generator would be compared with itself
