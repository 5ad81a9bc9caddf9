"""The grid-size slider."""

from __future__ import annotations

import math

from PySide6.QtCore import QSignalBlocker

from viewer.core.frames import Opened
from viewer.core.state import GRID_SIZES, ViewState, cells_limit
from viewer.ui.card import Panel, Slider


class GridPanel(Panel):
    """Edits the number of cells, one of GRID_SIZES."""

    def __init__(self) -> None:
        super().__init__("Grid")
        self.slider = Slider(0, len(GRID_SIZES) - 1, "Grid size")
        self.slider.setPageStep(1)
        self.slider.valueChanged.connect(self._choose)
        self.body.addWidget(self.slider)

    def show_model(self, opened: Opened) -> None:
        """Offer no more cells than fit into memory: large pictures fit less often."""
        cells = cells_limit(opened.info)
        places = [place for place, size in enumerate(GRID_SIZES) if size <= cells]
        with QSignalBlocker(self.slider):
            self.slider.setMaximum(places[-1])
        self.slider.setEnabled(len(places) > 1)
        self.setToolTip("" if cells >= GRID_SIZES[-1] else f"At most {cells} of this generator's large pictures fit.")

    def show_state(self, state: ViewState) -> None:
        """Show the number of cells."""
        if state.cells in GRID_SIZES:
            self.slider.show_value(GRID_SIZES.index(state.cells))
        side = math.isqrt(state.cells)
        self.value.setText(f"{side} × {side}" if side * side == state.cells else str(state.cells))

    def _choose(self, place: int) -> None:
        self.edited.emit("grid size", lambda state: state.with_cells(GRID_SIZES[place]))
