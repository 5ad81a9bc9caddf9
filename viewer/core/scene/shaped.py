"""Where the result goes when a picture is shaped: to the place that showed the picture, wherever that can hold it."""

from __future__ import annotations

import math
from dataclasses import replace

from viewer.core.scene.cells import pad_weights
from viewer.core.state.clay import Clay
from viewer.core.state.samples import Sample
from viewer.core.state.view_state import ViewState


def shaping(state: ViewState, sample: Sample, cell: int) -> ViewState:
    """Return the state in which the picture of a cell is being shaped. A walk stops."""
    cell = cell if state.mode == "grid" else state.free_cell
    return state.with_playing(False).with_clay(Clay(sample, cell, strength=state.clay.strength))


def where(state: ViewState) -> str:
    """Return where the result goes: "It is locked in this cell."."""
    if state.mode == "grid":
        return "The cell is locked with what you make."
    if _in_place(state):
        return {
            "path": "What you make becomes a keyframe.",
            "pad": "What you make becomes the corner.",
            "draw": "What you make replaces the answer.",
            "near": "What you make comes to the middle.",
        }[state.mode]
    return f"What you make is locked in cell {state.clay.cell + 1} of the grid."


def with_shaped(state: ViewState, sample: Sample) -> ViewState:
    """Return the state with a sample in the place of the picture that is being shaped."""
    if state.mode == "grid" or not _in_place(state):
        return state.locked(state.clay.cell, sample)
    if state.mode == "draw":
        return state.with_drawing(state.drawing.with_answer(sample, state.drawing.error))
    if state.mode == "near":
        return state.with_near(state.near.reshaped(sample))
    if state.mode == "pad":
        corner = _corner(state)
        assert corner is not None
        return state.with_pad(state.pad.with_corner(corner, sample))
    place = math.ceil(state.position)
    timeline = state.timeline
    if place == state.position:
        place %= len(timeline.keyframes)
        keyframes = (*timeline.keyframes[:place], sample, *timeline.keyframes[place + 1 :])
        return state.with_timeline(replace(timeline, keyframes=keyframes))
    return state.with_timeline(timeline.inserted(place, sample)).with_position(float(place))


def _in_place(state: ViewState) -> bool:
    """Whether the mode shows a sample that can be replaced."""
    if state.mode == "path":
        timeline = state.timeline
        return bool(timeline.keyframes) and (state.position % 1.0 == 0.0 or not timeline.full)
    if state.mode == "pad":
        return _corner(state) is not None
    return state.mode in ("draw", "near")


def _corner(state: ViewState) -> int | None:
    """Return the corner of the pad that the point is in, or None between corners."""
    if not state.pad.corners:
        return None
    weights = pad_weights(state.pad)
    return int(weights.argmax()) if weights.max() == 1.0 else None
