"""Sets the truncation."""

from __future__ import annotations

from viewer.core.state.view_state import TRUNCATION_MAX, ViewState
from viewer.ui.widgets.card import Panel
from viewer.ui.widgets.sliders import Slider

STEPS = 100
"""Slider steps per unit of psi."""


class TruncationPanel(Panel):
    """Edits the truncation psi."""

    def __init__(self) -> None:
        super().__init__("Truncation ψ")
        self.setToolTip(
            "The spread of the latents: low makes typical, similar pictures, high makes varied, unusual ones"
        )
        self.slider = Slider(0, round(TRUNCATION_MAX * STEPS), "Truncation psi")
        self.slider.setPageStep(STEPS // 10)
        self.slider.valueChanged.connect(self._choose)
        self.body.addWidget(self.slider)

    def show_state(self, state: ViewState) -> None:
        self.slider.show_value(round(state.truncation * STEPS))
        self.value.setText(f"{state.truncation:.2f}")

    def _choose(self, position: int) -> None:
        self.edited.emit("truncation", lambda state: state.with_truncation(position / STEPS))
