"""Sets the truncation, which the window calls variety."""

from __future__ import annotations

from viewer.core.scene.messages import Opened
from viewer.core.state.view_state import TRUNCATION_MAX, ViewState
from viewer.ui.widgets.card import Panel
from viewer.ui.widgets.sliders import Slider

STEPS = 100
"""Slider steps per unit of psi."""


class TruncationPanel(Panel):
    """Edits the truncation psi."""

    def __init__(self) -> None:
        super().__init__("Variety")
        tip = "How much the pictures differ (the truncation ψ): lower for clean, typical ones, higher for unusual ones"
        self.setToolTip(tip)
        self.slider = Slider(0, round(TRUNCATION_MAX * STEPS), "Variety", tip, round(ViewState().truncation * STEPS))
        self.slider.setPageStep(STEPS // 10)
        self.slider.valueChanged.connect(self._choose)
        self.body.addWidget(self.slider)

    def show_model(self, opened: Opened) -> None:
        # Beyond 1, uniform latents leave the range in which they were in training.
        most = TRUNCATION_MAX if opened.info.latent_distribution == "normal" else 1.0
        self.slider.show_maximum(round(most * STEPS))

    def show_state(self, state: ViewState) -> None:
        self.slider.show_value(round(state.truncation * STEPS))
        self.value.setText(f"{state.truncation:.2f}")

    def _choose(self, position: int) -> None:
        self.edited.emit("variety", lambda state: state.with_truncation(position / STEPS))
