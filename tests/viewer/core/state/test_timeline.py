"""Timelines, where they stand on the screen, and the walk that has no end."""

from __future__ import annotations

import numpy as np
import pytest

from export.contract import GeneratorInfo
from viewer.core.picture.strip_layout import StripLayout
from viewer.core.scene.cells import path_at, scene_of
from viewer.core.state.samples import Sample, any_sample, of_class
from viewer.core.state.timeline import EASINGS, MOST_KEYFRAMES, WAYS, Timeline
from viewer.core.state.view_state import ViewState

INFO = GeneratorInfo(16, "normal", tuple("0123456789"), 1, 28, 28)
KEYS = tuple(Sample(seed) for seed in range(4))


def seeds(timeline: Timeline) -> list[int]:
    return [key.seed for key in timeline.keyframes]


def test_keyframes_are_inserted_removed_and_moved() -> None:
    timeline = Timeline(KEYS)
    assert seeds(timeline.inserted(1, Sample(9))) == [0, 9, 1, 2, 3]
    assert seeds(timeline.inserted(4, Sample(9))) == [0, 1, 2, 3, 9]
    assert seeds(timeline.removed(2)) == [0, 1, 3]
    assert timeline.removed(4) == timeline
    assert seeds(timeline.moved(0, 2)) == [1, 2, 0, 3]
    assert seeds(timeline.moved(3, -5)) == [3, 0, 1, 2]
    assert seeds(timeline.moved(0, 99)) == [1, 2, 3, 0]
    assert timeline.moved(7, 0) == timeline


def test_a_full_timeline_takes_no_more() -> None:
    full = Timeline((Sample(1),) * MOST_KEYFRAMES)
    assert full.full
    assert full.inserted(0, Sample(2)) == full


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("easing", EASINGS)
def test_the_way_is_continuous_and_a_loop_closes(way: str, easing: str) -> None:
    keys = tuple(of_class(seed, 0, seed) for seed in range(3))
    timeline = Timeline(keys, way, easing)
    scenes = [path_at(INFO, timeline, position) for position in np.linspace(0, 3, 301)]
    z = np.concatenate([scene.z for scene in scenes if scene is not None])
    y = np.concatenate([scene.y for scene in scenes if scene is not None and scene.y is not None])
    assert len(z) == len(y) == 301
    steps = np.linalg.norm(np.diff(z, axis=0), axis=1)
    assert steps.max() < 0.3, "no jump, also not at a keyframe"
    np.testing.assert_allclose(z[-1], z[0], atol=1e-6)
    np.testing.assert_allclose(y.sum(axis=1), 1.0, rtol=1e-6)
    np.testing.assert_allclose(y[[0, 100, 200, 300]], np.eye(10)[[0, 1, 2, 0]], atol=1e-6)


def test_a_way_without_a_loop_ends_at_its_last_keyframe() -> None:
    timeline = Timeline(KEYS, loop=False)
    at_the_end, last = path_at(INFO, timeline, 3.0), path_at(INFO, Timeline(KEYS[3:]), 0.0)
    assert at_the_end is not None
    assert last is not None
    np.testing.assert_allclose(at_the_end.z, last.z, rtol=1e-6)


def test_the_walk_of_a_single_cell_never_repeats() -> None:
    state, seen = ViewState(cells=1, speed=2.0, playing=True), []
    for _ in range(3000):
        state = state.advanced(0.5)
        scene = scene_of(INFO, state)
        assert scene is not None
        seen.append(scene.z[0])
    assert state.seed == 3000
    assert len(np.unique(np.array(seen), axis=0)) == 3000


def test_any_sample_is_of_a_class_that_there_is() -> None:
    assert {any_sample(INFO).label for _ in range(300)} == set(range(10))
    assert any_sample(GeneratorInfo(4, "normal", (), 1, 8, 8)).mix == ()


def test_a_pointer_means_the_keyframe_that_it_is_over() -> None:
    film = StripLayout(keyframes=3, steps=3, side=40, gap=8, margin=8)
    for place in range(3):
        assert film.place_at(film.left(place)) == place
        assert film.place_at(film.left(place) + 39) == place
        assert film.place_at(film.left(place) + 44) is None, "between two"
    assert film.place_at(film.left(3) + 5) is None, "the ghost is no keyframe"
    assert [film.insertion_at(film.left(place) + 19) for place in range(4)] == [0, 1, 2, 3]
    assert [film.insertion_at(film.left(place) + 21) for place in range(3)] == [1, 2, 3]
    assert (film.insertion_at(-50), film.insertion_at(9999)) == (0, 3)
    for position in (0.0, 1.25, 3.0):
        assert film.position_at(film.playhead(position)) == pytest.approx(position)
    assert (film.position_at(-50), film.position_at(9999)) == (0.0, 3.0)
    assert film.width == film.left(3) + 40 + 8
