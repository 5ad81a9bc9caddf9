"""Entering a mode."""

from __future__ import annotations

from dataclasses import replace

import pytest

from export.contract import GeneratorInfo
from viewer.core.scene.cells import samples_of_grid, scene_of
from viewer.core.scene.entering import different_samples, entered
from viewer.core.state.pad import Pad
from viewer.core.state.samples import of_class
from viewer.core.state.timeline import Timeline
from viewer.core.state.view_state import ViewState

DIGITS = GeneratorInfo(4, "normal", tuple("0123456789"), 1, 8, 8)
FREE = GeneratorInfo(4, "normal", (), 1, 8, 8)


@pytest.mark.parametrize(
    ("state", "cells"),
    [
        (ViewState(seed=5), (0, 1, 2, 3)),
        (ViewState(seed=5, by_rows=True), (0, 8, 16, 24)),
        (ViewState(seed=5, digits=(7,)), (0, 1, 2, 3)),
        (ViewState(seed=5, digits=(3, 7)), (0, 1, 2, 3)),
        (ViewState(seed=5, digits=(3, 7), by_rows=True), (0, 8, 1, 2)),
        (ViewState(seed=5, cells=1), (0, 1, 2, 3)),
    ],
)
def test_samples_of_the_grid_are_of_different_classes_where_there_are_some(
    state: ViewState, cells: tuple[int, ...]
) -> None:
    shown = samples_of_grid(DIGITS, replace(state, cells=max(state.cells, 4)))
    assert different_samples(DIGITS, state, 4) == tuple(shown[cell] for cell in cells)
    assert different_samples(DIGITS, state, 2) == tuple(shown[cell] for cell in cells[:2])


def test_morph_begins_with_what_a_paused_walk_shows() -> None:
    state = ViewState(seed=5, position=0.77)
    scene = scene_of(DIGITS, state)
    assert scene is not None
    assert entered(DIGITS, state, "path").timeline.keyframes == scene.samples[:2]
    assert scene.samples[0].held
    assert different_samples(DIGITS, replace(state, mode="path"), 1) == (of_class(5, 0, 0),), "a position on a timeline"


def test_a_generator_without_classes_has_different_samples_too() -> None:
    assert different_samples(FREE, ViewState(seed=2), 2) == (of_class(2, 0, None), of_class(2, 1, None))


def test_morph_moves_at_once_and_blend_has_corners() -> None:
    morph = entered(DIGITS, ViewState(seed=5), "path")
    assert morph.timeline.keyframes == (of_class(5, 0, 0), of_class(5, 1, 1))
    assert morph.playing
    blend = entered(DIGITS, morph, "pad")
    assert blend.pad.corners == tuple(of_class(5, index, index) for index in range(4))
    assert not blend.playing
    assert entered(DIGITS, blend, "number") == blend.with_mode("number")


def test_what_was_chosen_before_stays() -> None:
    key, other = of_class(9, 9, 9), of_class(8, 8, 9)
    state = ViewState(timeline=Timeline((key, other)), pad=Pad((key,) * 3, 0.5, 0.9))
    assert entered(DIGITS, state, "path") == state.with_mode("path")
    assert entered(DIGITS, state, "pad") == state.with_mode("pad")


@pytest.mark.parametrize(("label", "joined"), [(9, 0), (0, 1)])
def test_a_single_keyframe_is_joined_by_a_picture_of_another_class(label: int, joined: int) -> None:
    key = of_class(5, 0, label)
    morph = entered(DIGITS, ViewState(seed=5, timeline=Timeline((key,), loop=False)), "path")
    assert morph.timeline == Timeline((key, of_class(5, joined, joined)), loop=False)
    assert morph.playing
    free = of_class(2, 0, None)
    assert entered(FREE, ViewState(seed=2, timeline=Timeline((free,))), "path").timeline.keyframes == (
        free,
        of_class(2, 1, None),
    )
