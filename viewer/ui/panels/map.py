"""What the map shows, and what can be done with the picture chosen on it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton

from viewer.core.scene.map import Map
from viewer.core.state.view_state import ViewState
from viewer.ui import theme
from viewer.ui.widgets.buttons import make_button, toggle_button
from viewer.ui.widgets.card import Panel
from viewer.ui.widgets.icons import icon
from viewer.ui.widgets.labels import label

ALIKE = 0.8
"""Share of the spread of real pictures, below which the samples are said to differ less."""
PLACED = {
    "shape": "Pictures of like shape lie near each other, as a classifier sees them.",
    "pixels": "Pictures with like pixels lie near each other.",
}


class MapPanel(Panel):
    """Explains the map, and switches the real pictures on it."""

    real_wanted = Signal(bool)
    """Whether to show the real pictures."""
    grid_wanted = Signal()
    keyframe_wanted = Signal()
    favourite_wanted = Signal()

    def __init__(self) -> None:
        super().__init__("Map")
        self.note = label("", "muted")
        self.note.setWordWrap(True)
        self.spread = label("", "plain")
        self.spread.setWordWrap(True)
        self.real = toggle_button("Real pictures", "Show the real pictures that it learned from, in another colour")
        self.real.setChecked(True)
        self.real.clicked.connect(self.real_wanted)
        self.grid = make_button(
            QPushButton, "Grid", "Lock the chosen picture in a cell of the grid", picture=icon("lock")
        )
        self.keyframe = make_button(
            QPushButton, "Timeline", "Make the chosen picture a keyframe, so that Morph passes through it",
            picture=icon("add"),
        )  # fmt: skip
        self.favourite = make_button(
            QPushButton, "Favourite", "Keep the chosen picture as a favourite", "Ctrl+D", picture=icon("keep")
        )
        for button, wanted in (
            (self.grid, self.grid_wanted),
            (self.keyframe, self.keyframe_wanted),
            (self.favourite, self.favourite_wanted),
        ):
            button.clicked.connect(wanted)
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE)
        row.addWidget(self.grid, 1)
        row.addWidget(self.keyframe, 1)
        self.body.addWidget(self.note)
        self.body.addWidget(self.spread)
        self.body.addWidget(self.real)
        self.body.addLayout(row)
        self.body.addWidget(self.favourite)
        self.show_map(None)

    def show_state(self, state: ViewState) -> None:
        for button in (self.grid, self.keyframe, self.favourite):
            button.setEnabled(state.chosen is not None)

    def show_map(self, found: Map | None) -> None:
        """Say what a map shows."""
        self.value.setText("" if found is None else f"{len(found.samples):,}")
        self.real.setVisible(found is not None and found.real is not None)
        self.spread.setVisible(found is not None)
        if found is None:
            self.note.setText("")
            return
        self.note.setText(" ".join(filter(None, (PLACED[found.described], found.why_not))))
        self.spread.setText(_spread(found))
        if found.real is not None:
            self.real.setText(f"Real pictures of {found.real.title}")


def _spread(found: Map) -> str:
    """Say in words how varied the samples are."""
    if found.collapsed:
        return "All samples are the same picture."
    share = f"{found.spread:.0%}"
    if found.real is None:
        return f"The samples differ {share} as much as with full variety." if found.spread < 0.995 else ""
    if found.spread < ALIKE:
        return f"The samples differ less than real pictures do: {share} as much."
    return f"The samples differ about as much as real pictures do: {share}."
