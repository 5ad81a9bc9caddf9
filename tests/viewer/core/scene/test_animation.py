"""The scene of each frame of an animation."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from export.contract import GeneratorInfo
from export.runtime.generator import open_generator
from viewer.core.scene.animation import KINDS, Animation, frame_count, kinds_of, scene_at
from viewer.core.scene.cells import Scene, scene_of
from viewer.core.state.number import Number
from viewer.core.state.pad import PLACES, Pad
from viewer.core.state.samples import Sample, of_class
from viewer.core.state.timeline import Timeline
from viewer.core.state.view_state import ViewState

KEYS = tuple(of_class(seed, 0, seed) for seed in range(4))
STATES = {
    "walk": ViewState(cells=9, seed=5, truncation=0.8),
    "turn": ViewState(cells=4),
    "timeline": ViewState(mode="path", timeline=Timeline(KEYS)),
    "pad": ViewState(mode="pad", pad=Pad(KEYS)),
    "swing": ViewState(mode="number", number=Number("17")),
}
DIRECTIONS = np.eye(2, 6, dtype=np.float32)


@pytest.fixture
def info(models: dict[str, Path]) -> GeneratorInfo:
    return open_generator(models["digits"], "cpu").info


def scene(info: GeneratorInfo, kind: str, frame: int, state: ViewState | None = None) -> Scene:
    found = scene_at(info, state or STATES[kind], Animation(kind, keyframes=3), frame, DIRECTIONS)
    assert found is not None
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_the_end_meets_the_beginning_and_everything_moves_evenly(info: GeneratorInfo, kind: str) -> None:
    count = frame_count(info, STATES[kind], Animation(kind, keyframes=3))
    frames = [scene(info, kind, frame) for frame in range(count)]
    steps = [
        float(np.abs(after.z - before.z).max()) for before, after in zip(frames, [*frames[1:], frames[0]], strict=True)
    ]
    assert max(steps) > 0
    assert steps[-1] <= max(steps[:-1]) + 1e-6
    np.testing.assert_array_equal(scene(info, kind, 7).z, scene(info, kind, 7).z)


@pytest.mark.parametrize("kind", ["walk", "timeline"])
def test_keyframes_are_what_the_window_shows(info: GeneratorInfo, kind: str) -> None:
    step = Animation(kind).frames_per_keyframe
    state = STATES[kind]
    shown = replace(state, position=2.0)
    expected = scene_of(info, shown)
    assert expected is not None
    np.testing.assert_array_equal(scene(info, kind, 2 * step).z, expected.z)


def test_turning_goes_through_all_classes_except_in_locked_cells(info: GeneratorInfo) -> None:
    state = STATES["turn"].locked(1, of_class(9, 0, 9))
    assert frame_count(info, state, Animation("turn", keyframes=3)) == 10 * 14
    seen = [scene(info, "turn", 14 * key, state) for key in range(10)]
    labels = np.array([one.y.argmax(axis=1) for one in seen if one.y is not None])
    assert sorted(labels[:, 0]) == list(range(10))
    assert set(labels[:, 1]) == {9}
    assert all(np.array_equal(one.z[1], seen[0].z[1]) for one in seen)


def test_a_timeline_that_does_not_loop_ends_on_its_last_keyframe(info: GeneratorInfo) -> None:
    state = replace(STATES["timeline"], timeline=Timeline(KEYS, loop=False))
    last = frame_count(info, state, Animation("timeline")) - 1
    end = scene_of(info, replace(state, position=3.0))
    assert end is not None
    np.testing.assert_array_equal(scene(info, "timeline", last, state).z, end.z)


@pytest.mark.parametrize("corners", [3, 4])
def test_the_pad_stands_on_each_corner_once(info: GeneratorInfo, corners: int) -> None:
    state = ViewState(mode="pad", pad=Pad(KEYS[:corners]))
    step = Animation("pad").frames_per_keyframe
    at = [scene(info, "pad", key * step, state).z for key in range(corners)]
    for x, y in PLACES[corners]:
        corner = scene_of(info, replace(state, pad=replace(state.pad, x=x, y=y)))
        assert corner is not None
        assert sum(np.array_equal(corner.z, z) for z in at) == 1


def test_a_swing_comes_back_to_the_middle(info: GeneratorInfo) -> None:
    count = frame_count(info, STATES["swing"], Animation("swing"))
    middle = scene_of(info, STATES["swing"])
    assert middle is not None
    np.testing.assert_allclose(scene(info, "swing", count // 2).z, middle.z, atol=1e-5)
    assert np.abs(scene(info, "swing", count // 4).z - middle.z).max() == pytest.approx(2.5)


def test_a_swing_goes_along_any_vector(info: GeneratorInfo) -> None:
    vector = np.linspace(-0.5, 0.5, info.latent_size).astype("<f4")
    swing = Animation("swing", along=vector.tobytes())
    count = frame_count(info, STATES["swing"], swing)
    middle, end = (scene_at(info, STATES["swing"], swing, frame, DIRECTIONS) for frame in (0, count // 4))
    assert middle is not None
    assert end is not None
    np.testing.assert_allclose((end.z - middle.z)[0], 2.5 * vector, atol=1e-5)
    other = scene_at(info, STATES["swing"], Animation("swing", along=bytes(4)), count // 4, DIRECTIONS)
    assert other is not None
    np.testing.assert_array_equal(other.z, middle.z)  # of another generator


def test_only_possible_animations_are_offered(info: GeneratorInfo) -> None:
    assert kinds_of(info, ViewState(), None) == ("walk", "turn")
    assert kinds_of(info, ViewState(), DIRECTIONS) == ("walk", "turn", "swing")
    assert kinds_of(info, ViewState(mode="path"), DIRECTIONS) == ()
    assert kinds_of(info, STATES["pad"], None) == ("pad",)
    assert kinds_of(info, ViewState(mode="number", number=Number("x")), None) == ()
    free = replace(info, classes=())
    assert kinds_of(free, ViewState(), None) == ("walk",)
    assert frame_count(free, ViewState(), Animation("turn")) == frame_count(free, ViewState(), Animation())
    assert Sample(2**63 - 1 + 3) == scene_at(free, ViewState(seed=2**63 - 1, cells=1), Animation(), 42).samples[0]  # type: ignore[union-attr]
