"""Chooses the number of cells, and unlocks locked ones."""

from __future__ import annotations

import math

from PySide6.QtWidgets import QPushButton

from viewer.core.scene.messages import Opened
from viewer.core.state.view_state import GRID_SIZES, ViewState, cells_limit
from viewer.ui.widgets.buttons import make_button
from viewer.ui.widgets.card import Panel
from viewer.ui.widgets.icons import icon
from viewer.ui.widgets.sliders import Slider

SIZE_TIP = "How many pictures are shown at once: few to look closely, many to see what is usual"


class GridPanel(Panel):
    """Edits the number of cells, which is one of GRID_SIZES, and the locks."""

    def __init__(self) -> None:
        super().__init__("Grid")
        self.slider = Slider(0, len(GRID_SIZES) - 1, "Grid size", SIZE_TIP, GRID_SIZES.index(ViewState().cells))
        self.slider.setPageStep(1)
        self.slider.valueChanged.connect(self._choose)
        tip = "Let the locked cells, which kept their pictures, change with the others again"
        self.unlock = make_button(QPushButton, "", tip, "L locks a cell", picture=icon("unlock"))
        self.unlock.clicked.connect(lambda: self.edited.emit("unlocking", lambda state: state.unlocked()))
        self.body.addWidget(self.slider)
        self.body.addWidget(self.unlock)

    def show_model(self, opened: Opened) -> None:
        cells = cells_limit(opened.info)
        places = [place for place, size in enumerate(GRID_SIZES) if size <= cells]
        self.slider.show_maximum(places[-1])
        self.slider.setEnabled(len(places) > 1)
        reason = f"This generator's pictures are large: at most {cells} cells fit into memory"
        self.setToolTip("" if cells >= GRID_SIZES[-1] else reason)

    def show_state(self, state: ViewState) -> None:
        if state.cells in GRID_SIZES:
            self.slider.show_value(GRID_SIZES.index(state.cells))
        side = math.isqrt(state.cells)
        self.value.setText(f"{side} × {side}" if side * side == state.cells else str(state.cells))
        locked = len(state.locks)
        self.unlock.setVisible(locked > 0)
        self.unlock.setText(f"Unlock {locked} cell{'s' * (locked > 1)}")
        self.unlock.setAccessibleName(self.unlock.text())

    def _choose(self, place: int) -> None:
        self.edited.emit("grid size", lambda state: state.with_cells(GRID_SIZES[place]))
