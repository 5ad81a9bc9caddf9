"""Chooses how the timeline interpolates between keyframes."""

from __future__ import annotations

from dataclasses import replace

from viewer.core.state.view_state import ViewState
from viewer.ui.widgets.buttons import toggle_button
from viewer.ui.widgets.card import Panel
from viewer.ui.widgets.choices import Choices
from viewer.ui.widgets.labels import label

WAYS = {
    "auto": ("Auto", "The one that suits the latents: slerp for normal ones, lerp for uniform ones"),
    "slerp": ("Slerp", "Spherical: along a great circle"),
    "lerp": ("Lerp", "Linear: along a straight line"),
}
EASINGS = {
    "linear": ("Linear", "At constant speed"),
    "smooth": ("Smooth", "Slower near each keyframe"),
    "hold": ("Hold", "Rest at each keyframe"),
}


class InterpolationPanel(Panel):
    """Edits the interpolation, the easing and the loop of the timeline."""

    def __init__(self) -> None:
        super().__init__("Path")
        self.way = Choices("Way", WAYS)
        self.way.chosen.connect(lambda way: self._choose("way", way=way))
        self.easing = Choices("Easing", EASINGS)
        self.easing.chosen.connect(lambda easing: self._choose("easing", easing=easing))
        self.loop = toggle_button("Loop", "From the last keyframe back to the first")
        self.loop.clicked.connect(lambda on: self._choose("loop", loop=on))
        for widget in (self.way, label("Easing", "title"), self.easing, self.loop):
            self.body.addWidget(widget)

    def show_state(self, state: ViewState) -> None:
        timeline = state.timeline
        self.way.show_choice(timeline.way)
        self.easing.show_choice(timeline.easing)
        self.loop.setChecked(timeline.loop)
        count = len(timeline.keyframes)
        self.value.setText(f"{count} keyframe{'' if count == 1 else 's'}")

    def _choose(self, what: str, **changed: str | bool) -> None:
        self.edited.emit(what, lambda state: state.with_timeline(replace(state.timeline, **changed)))
