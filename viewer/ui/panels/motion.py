"""Plays and pauses, and sets the speed."""

from __future__ import annotations

import math

from PySide6.QtWidgets import QPushButton

from viewer.core.state.view_state import SPEED_RANGE, ViewState
from viewer.ui import theme
from viewer.ui.widgets.buttons import make_button
from viewer.ui.widgets.card import Panel
from viewer.ui.widgets.icons import icon
from viewer.ui.widgets.labels import label
from viewer.ui.widgets.sliders import Slider

STEPS = 100
"""Steps of the slider, which is logarithmic."""

TIPS = {
    False: "Let the pictures turn into others, seed after seed or keyframe after keyframe",
    True: "Stop the motion, to look closely",
}
MISSING = (
    "Play needs two keyframes: drag pictures from the grid to the timeline, or add random ones with +.",
    "Play needs two keyframes: drag another picture from the grid to the timeline, or add a random one with +.",
)
"""Why Play is off, without keyframes and with one."""
SPEED_TIP = "How fast the pictures change while playing: slow to watch how, fast to see how much"


class MotionPanel(Panel):
    """Edits whether it plays, and the speed in seeds or keyframes per second."""

    def __init__(self) -> None:
        super().__init__("Motion")
        self._icons = {playing: icon("pause" if playing else "play", theme.ON_ACCENT) for playing in (False, True)}
        self.play = make_button(QPushButton, role="primary", picture=self._icons[False], picture_side=18)
        self.play.clicked.connect(self._toggle)
        self.slider = Slider(0, STEPS, "Speed", SPEED_TIP, _position(ViewState().speed))
        self.slider.setPageStep(STEPS // 10)
        self.slider.valueChanged.connect(self._choose_speed)
        self.missing = label("", "muted")
        self.missing.setWordWrap(True)
        self.body.addWidget(self.missing)
        self.body.addWidget(self.slider)
        self.body.addWidget(self.play)
        self._playing: bool | None = None

    def show_state(self, state: ViewState) -> None:
        self.slider.show_value(_position(state.speed))
        self.value.setText(f"{state.speed:.2g} {'seeds' if state.mode == 'grid' else 'keyframes'}/s")
        self.play.setEnabled(state.moves)
        self.missing.setVisible(not state.moves)
        self.missing.setText("" if state.moves else MISSING[min(len(state.timeline.keyframes), 1)])
        if state.playing != self._playing:
            self._playing = state.playing
            self.play.setText("Pause" if state.playing else "Play")
            self.play.setAccessibleName(self.play.text())
            self.play.setToolTip(f"{TIPS[state.playing]} (Space)")
            self.play.setIcon(self._icons[state.playing])

    def _toggle(self) -> None:
        self.edited.emit("playing", lambda state: state.with_playing(not state.playing))

    def _choose_speed(self, position: int) -> None:
        self.edited.emit("speed", lambda state: state.with_speed(_speed(position)))


def _speed(position: int) -> float:
    if position == _position(ViewState().speed):
        return ViewState().speed  # which is between two steps of the slider
    low, high = SPEED_RANGE
    speed: float = low * (high / low) ** (position / STEPS)
    return min(max(speed, low), high)


def _position(speed: float) -> int:
    low, high = SPEED_RANGE
    return round(STEPS * math.log(speed / low) / math.log(high / low))
