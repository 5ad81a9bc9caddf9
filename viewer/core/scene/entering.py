"""Entering a mode: Morph, Blend and Vary begin with samples of the grid that was shown."""

from __future__ import annotations

from dataclasses import replace

from export.contract import GeneratorInfo
from viewer.core.scene.cells import scene_of
from viewer.core.state.samples import Sample
from viewer.core.state.view_state import ViewState

KEYFRAMES, CORNERS = 2, 4


def entered(info: GeneratorInfo, state: ViewState, mode: str) -> ViewState:
    """Switch the mode. Morph gets samples of the grid up to two keyframes, and plays; Blend without corners gets four.
    Vary without a picture gets one.

    What the user has chosen before stays.
    """
    after = state.with_mode(mode)
    chosen = state.timeline.keyframes
    if mode == "path" and len(chosen) < KEYFRAMES:
        labels = {sample.label for sample in chosen}
        others = [sample for sample in different_samples(info, state, 2 * KEYFRAMES) if sample not in chosen]
        others.sort(key=lambda sample: sample.label in labels)
        keyframes = (*chosen, *others)[:KEYFRAMES]
        return after.with_timeline(replace(state.timeline, keyframes=keyframes)).with_playing(True)
    if mode == "pad" and not state.pad.corners:
        return after.with_pad(state.pad.with_corners(different_samples(info, state, CORNERS)))
    if mode == "near" and not state.near.parents:
        return after.with_near(state.near.around(*different_samples(info, state, 1)))
    return after


def different_samples(info: GeneratorInfo, state: ViewState, count: int) -> tuple[Sample, ...]:
    """Return `count` samples of a state's grid, the first of each class before others.

    A grid with fewer cells is continued. A grid between two seeds gives the pictures that it shows there.
    """
    position = state.position if state.mode == "grid" else 0.0
    scene = scene_of(info, replace(state, mode="grid", position=position, cells=max(state.cells, count)))
    samples = () if scene is None else scene.samples
    firsts = {sample.label: sample for sample in reversed(samples)}
    order = sorted(range(len(samples)), key=lambda cell: samples[cell] is not firsts[samples[cell].label])
    return tuple(samples[cell] for cell in order[:count])
