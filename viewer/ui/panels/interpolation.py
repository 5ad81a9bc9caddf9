"""Chooses how the timeline moves from keyframe to keyframe."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtWidgets import QHBoxLayout

from viewer.core.state.view_state import ViewState
from viewer.ui import theme
from viewer.ui.widgets.buttons import toggle_button
from viewer.ui.widgets.card import Panel
from viewer.ui.widgets.choices import Choices
from viewer.ui.widgets.labels import label

WAYS = {
    "auto": ("Auto", "Take the path that suits this generator's latents: slerp for normal ones, lerp for uniform ones"),
    "slerp": ("Slerp", "Go along a great circle, which keeps pictures typical where latents are normal"),
    "lerp": ("Lerp", "Go along a straight line, which suits uniform latents"),
}
EASINGS = {
    "linear": ("Linear", "Move at constant speed, for an even flow"),
    "smooth": ("Smooth", "Slow down near each keyframe, so that each is seen well"),
    "hold": ("Pause at each", "Rest at each keyframe for a while, to look at it"),
}


class InterpolationPanel(Panel):
    """Edits the interpolation, the easing and the loop of the timeline."""

    def __init__(self) -> None:
        super().__init__("Path")
        self.way = Choices("Way", WAYS)
        self.way.chosen.connect(lambda way: self._choose("way", way=way))
        self.easing = Choices("Easing", EASINGS)
        self.easing.chosen.connect(lambda easing: self._choose("easing", easing=easing))
        self.loop = toggle_button("Loop", "Go on from the last keyframe to the first, so that the motion never ends")
        self.more = toggle_button("More", "Choose the path through the latents yourself, to compare slerp with lerp")
        self.more.toggled.connect(self.way.setVisible)
        self.way.hide()
        self.loop.clicked.connect(lambda on: self._choose("loop", loop=on))
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE // 2)
        row.addWidget(self.loop, 1)
        row.addWidget(self.more, 1)
        self.body.addWidget(label("Speed between keyframes", "title"))
        self.body.addWidget(self.easing)
        self.body.addLayout(row)
        self.body.addWidget(self.way)

    def show_state(self, state: ViewState) -> None:
        timeline = state.timeline
        self.way.show_choice(timeline.way)
        if timeline.way != "auto":
            self.more.setChecked(True)
        self.easing.show_choice(timeline.easing)
        self.loop.setChecked(timeline.loop)
        count = len(timeline.keyframes)
        self.value.setText(f"{count} keyframe{'' if count == 1 else 's'}")

    def _choose(self, what: str, **changed: str | bool) -> None:
        self.edited.emit(what, lambda state: state.with_timeline(replace(state.timeline, **changed)))
