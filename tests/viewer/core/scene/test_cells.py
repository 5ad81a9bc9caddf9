"""Turning states into scenes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from export.contract import GeneratorInfo
from export.runtime.arrays import Float32
from export.runtime.interpolation import lerp, slerp
from export.runtime.latents import latents
from viewer.core.scene.cells import (
    map_of_pad,
    pad_weights,
    path_at,
    samples_of_grid,
    scene_of,
    scene_of_samples,
)
from viewer.core.scene.hand import samples_of_number
from viewer.core.state.number import MOST_CHARACTERS, MOST_ROLLS, Number
from viewer.core.state.pad import PLACES, Pad, map_points
from viewer.core.state.samples import SEED_MAX, Sample, latents_of, of_class, weights_of
from viewer.core.state.timeline import EASINGS, WAYS, Timeline
from viewer.core.state.view_state import ViewState

NORMAL = GeneratorInfo(16, "normal", tuple("0123456789"), 1, 28, 28)
UNIFORM = GeneratorInfo(16, "uniform", (), 1, 28, 28)
CORNERS = tuple(of_class(seed, 0, seed) for seed in range(4))


def z_of(info: GeneratorInfo, state: ViewState) -> Float32:
    scene = scene_of(info, state)
    assert scene is not None
    return scene.z


def y_of(info: GeneratorInfo, state: ViewState) -> Float32 | None:
    scene = scene_of(info, state)
    assert scene is not None
    return scene.y


def test_cells_are_the_samples_of_the_seed() -> None:
    state = ViewState(seed=12, cells=9)
    assert np.array_equal(z_of(NORMAL, state), latents(NORMAL, 12, 0, 9))


def test_a_larger_grid_begins_with_the_smaller_one() -> None:
    small, large = (z_of(NORMAL, ViewState(seed=3, cells=cells, position=0.4)) for cells in (4, 100))
    np.testing.assert_allclose(large[:4], small, rtol=1e-6)


def test_a_walk_is_continuous_over_its_keyframes() -> None:
    before = z_of(NORMAL, ViewState(seed=7, position=1 - 1e-6))
    at = z_of(NORMAL, ViewState(seed=8))
    np.testing.assert_allclose(before, at, atol=1e-4)
    np.testing.assert_array_equal(
        z_of(NORMAL, ViewState(seed=7, position=1.25)), z_of(NORMAL, ViewState(seed=8, position=0.25))
    )


def test_uniform_latents_move_on_lines_and_stay_in_their_box() -> None:
    half = z_of(UNIFORM, ViewState(seed=7, cells=100, position=0.5))
    np.testing.assert_array_equal(half, lerp(latents(UNIFORM, 7, 0, 100), latents(UNIFORM, 8, 0, 100), 0.5))
    assert np.abs(half).max() <= 1.0


def test_truncation_scales() -> None:
    plain, half, none = (z_of(NORMAL, ViewState(seed=7, truncation=psi)) for psi in (1.0, 0.5, 0.0))
    np.testing.assert_array_equal(half, plain / 2)
    assert not none.any()
    assert half.dtype == np.float32


def test_the_last_seed_has_a_next_one_to_walk_to() -> None:
    assert np.isfinite(z_of(NORMAL, ViewState(seed=SEED_MAX, position=1.5))).all()


def test_mixed_cells_go_through_the_classes() -> None:
    mixed = y_of(NORMAL, ViewState(cells=25))
    assert mixed is not None
    assert mixed.argmax(axis=1).tolist() == [i % 10 for i in range(25)]


def test_one_digit_fills_every_cell() -> None:
    threes = y_of(NORMAL, ViewState(cells=4, digits=(3,)))
    assert threes is not None
    assert threes.tolist() == [[float(i == 3) for i in range(10)]] * 4


def test_without_classes_there_are_no_weights() -> None:
    assert y_of(UNIFORM, ViewState()) is None


def test_rows_show_one_class_each_and_chosen_classes_take_turns() -> None:
    rows = y_of(NORMAL, ViewState(cells=9, digits=(4, 7), by_rows=True))
    assert rows is not None
    assert rows.argmax(axis=1).tolist() == [4, 4, 4, 7, 7, 7, 4, 4, 4]
    turns = y_of(NORMAL, ViewState(cells=4, digits=(4, 7)))
    assert turns is not None
    assert turns.argmax(axis=1).tolist() == [4, 7, 4, 7]


def test_locked_cells_stay_while_the_others_walk_and_change_class() -> None:
    state = ViewState(seed=3, cells=4)
    kept = samples_of_grid(NORMAL, state)[2]
    locked = replace(state, seed=90, position=0.5, digits=(1,)).locked(2, kept)
    z, y = z_of(NORMAL, locked), y_of(NORMAL, locked)
    np.testing.assert_array_equal(z[2], z_of(NORMAL, state)[2])
    assert y is not None
    assert y.argmax(axis=1).tolist() == [1, 1, 2, 1]
    assert not np.allclose(z[1], z_of(NORMAL, replace(locked, position=0.0))[1])


def test_a_timeline_goes_through_its_keyframes_and_classes() -> None:
    keys = (of_class(1, 0, 3), of_class(2, 5, 8))
    timeline = Timeline(keys, easing="linear")
    at = [scene for position in (0.0, 0.25, 1.0, 2.0) if (scene := path_at(NORMAL, timeline, position))]
    z, y = latents_of(NORMAL, keys), weights_of(NORMAL, keys)
    assert y is not None
    np.testing.assert_array_equal(at[0].z, z[:1])
    np.testing.assert_allclose(at[1].z, slerp(z[:1], z[1:], 0.25), rtol=1e-6)
    assert at[1].y is not None
    np.testing.assert_allclose(at[1].y, 0.75 * y[:1] + 0.25 * y[1:])
    np.testing.assert_allclose(at[2].z, z[1:], rtol=1e-6)
    np.testing.assert_allclose(at[3].z, z[:1], rtol=1e-6, err_msg="a loop ends where it began")
    line = path_at(NORMAL, replace(timeline, way="lerp"), 0.5)
    assert line is not None
    np.testing.assert_allclose(line.z, (z[:1] + z[1:]) / 2, rtol=1e-6)
    assert path_at(NORMAL, Timeline(), 0.0) is None
    single = path_at(NORMAL, Timeline(keys[:1]), 0.0)
    assert single is not None
    np.testing.assert_array_equal(single.z, z[:1])


def test_the_corners_of_a_pad_are_its_samples() -> None:
    corners = tuple(of_class(seed, 0, seed) for seed in range(4))
    z = latents_of(NORMAL, corners)
    square = [(0, 0), (1, 0), (0, 1), (1, 1)]
    triangle = [(0.5, 0), (0, 1), (1, 1)]
    for count, places in ((4, square), (3, triangle)):
        for corner, (x, y) in enumerate(places):
            state = ViewState(mode="pad", pad=Pad(corners[:count], x, y))
            np.testing.assert_allclose(z_of(NORMAL, state), z[corner : corner + 1], rtol=1e-5)
    middle = z_of(NORMAL, ViewState(mode="pad", pad=Pad(corners)))
    assert np.linalg.norm(middle) == pytest.approx(np.linalg.norm(z, axis=1).mean(), rel=1e-5)
    outside = pad_weights(Pad(corners[:3], 0.0, 0.0))
    assert outside.min() >= 0
    assert outside.sum() == pytest.approx(1.0)


def test_a_number_is_written_in_one_hand_and_single_characters_can_vary() -> None:
    same = samples_of_number(NORMAL, Number("20x26", seed=7))
    assert [sample.label for sample in same] == [2, 0, 2, 6]
    assert {(sample.seed, sample.index) for sample in same} == {(7, 0)}
    varied = samples_of_number(NORMAL, Number("2026", seed=7, rolls=(0, 1, 0, 2)))
    assert len({sample.index for sample in varied}) == 3
    assert scene_of(NORMAL, ViewState(mode="number", number=Number("x"))) is None


def test_directions_move_every_cell_by_standard_deviations() -> None:
    directions = np.eye(2, 16, dtype=np.float32)
    state = ViewState(cells=4, truncation=0.5, amounts=(0.0, 1.5))
    moved, plain = scene_of(NORMAL, state, directions), z_of(NORMAL, state)
    assert moved is not None
    np.testing.assert_allclose(moved.z - plain, np.tile(1.5 * directions[1], (4, 1)), atol=1e-6)


def test_shifts_move_every_cell_and_leave_its_sample() -> None:
    vector = np.linspace(0, 1, 16).astype("<f4")
    state = ViewState(cells=4, truncation=0.5).with_shift("a", vector.tobytes(), -2.0)
    moved, plain = scene_of(NORMAL, state), scene_of(NORMAL, ViewState(cells=4, truncation=0.5))
    assert moved is not None
    assert plain is not None
    np.testing.assert_allclose(moved.z - plain.z, np.tile(-2 * vector, (4, 1)), atol=1e-6)
    assert moved.samples == plain.samples


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("easing", EASINGS)
def test_a_timeline_is_continuous_and_a_loop_closes(way: str, easing: str) -> None:
    keys = tuple(of_class(seed, 0, seed) for seed in range(3))
    timeline = Timeline(keys, way, easing)
    scenes = [path_at(NORMAL, timeline, position) for position in np.linspace(0, 3, 301)]
    z = np.concatenate([scene.z for scene in scenes if scene is not None])
    y = np.concatenate([scene.y for scene in scenes if scene is not None and scene.y is not None])
    assert len(z) == len(y) == 301
    steps = np.linalg.norm(np.diff(z, axis=0), axis=1)
    assert steps.max() < 0.3, "no jump, also not at a keyframe"
    np.testing.assert_allclose(z[-1], z[0], atol=1e-6)
    np.testing.assert_allclose(y.sum(axis=1), 1.0, rtol=1e-6)
    np.testing.assert_allclose(y[[0, 100, 200, 300]], np.eye(10)[[0, 1, 2, 0]], atol=1e-6)


def test_a_timeline_without_a_loop_ends_at_its_last_keyframe() -> None:
    keys = tuple(Sample(seed) for seed in range(4))
    timeline = Timeline(keys, loop=False)
    at_the_end, last = path_at(NORMAL, timeline, 3.0), path_at(NORMAL, Timeline(keys[3:]), 0.0)
    assert at_the_end is not None
    assert last is not None
    np.testing.assert_allclose(at_the_end.z, last.z, rtol=1e-6)


def test_the_walk_of_a_single_cell_never_repeats() -> None:
    state, seen = ViewState(cells=1, speed=2.0, playing=True), []
    for _ in range(3000):
        state = state.advanced(0.5)
        scene = scene_of(NORMAL, state)
        assert scene is not None
        seen.append(scene.z[0])
    assert state.seed == 3000
    assert len(np.unique(np.array(seen), axis=0)) == 3000


def test_a_hand_is_one_latent_and_a_variant_is_another() -> None:
    scene = scene_of(NORMAL, ViewState(mode="number", number=Number("2 26", 5).rerolled(2)))
    assert scene is not None
    assert scene.close
    assert scene.columns == len(scene.z) == 3
    np.testing.assert_array_equal(scene.z[0], scene.z[2])
    assert not np.array_equal(scene.z[0], scene.z[1])
    assert [sample.label for sample in scene.samples] == [2, 2, 6]


def test_every_variant_is_a_sample_of_its_own() -> None:
    text = "7" * MOST_CHARACTERS
    seen = [
        sample for roll in range(1, 4) for sample in samples_of_number(NORMAL, Number(text, 0, (roll,) * len(text)))
    ]
    assert len(set(seen)) == 3 * MOST_CHARACTERS
    samples_of_number(NORMAL, Number(text, SEED_MAX, (MOST_ROLLS,) * MOST_CHARACTERS))


@pytest.mark.parametrize("count", [3, 4])
def test_the_blend_is_continuous(count: int) -> None:
    points = [Pad(CORNERS[:count]).with_point(t, 0.5 + 0.4 * np.sin(7 * t)) for t in np.linspace(0, 1, 400)]
    weights = np.array([pad_weights(point) for point in points])
    assert np.abs(np.diff(weights, axis=0)).max() < 0.03
    np.testing.assert_allclose(weights.sum(axis=1), 1.0)
    assert weights.min() >= 0.0


@pytest.mark.parametrize(("count", "previews"), [(3, 15), (4, 25)])
def test_the_map_shows_the_pictures_at_its_points(count: int, previews: int) -> None:
    state = ViewState(mode="pad", pad=Pad(CORNERS[:count]), truncation=0.5)
    scene = map_of_pad(NORMAL, state)
    assert scene is not None
    assert scene.y is not None
    assert scene.z.shape == (previews, 16)
    assert scene.y.shape == (previews, 10)
    points = map_points(count)
    for corner, place in enumerate(PLACES[count]):
        found = scene.z[points.index(place)]
        np.testing.assert_allclose(found, 0.5 * latents_of(NORMAL, CORNERS)[corner], rtol=1e-5)
    inside = points[previews // 2]
    there = scene_of(NORMAL, state.with_pad(state.pad.with_point(*inside)))
    assert there is not None
    np.testing.assert_allclose(scene.z[previews // 2], there.z[0], rtol=1e-6)


def test_without_corners_there_is_no_map() -> None:
    assert map_of_pad(NORMAL, ViewState(mode="pad")) is None


FREE = replace(NORMAL, classes=())
KEYS = Timeline((of_class(1, 3, 4), of_class(2, 5, 7), of_class(8, 0, 7)), easing="linear")
SHOWN = {
    "grid": ViewState(seed=3, cells=9),
    "walk": ViewState(seed=3, cells=9, position=0.77),
    "walk with a locked cell": ViewState(seed=3, cells=9, position=0.77).locked(4, of_class(1, 2, 3)),
    "beyond the last seed": ViewState(seed=SEED_MAX, cells=2, position=1.5),
    "at a keyframe": ViewState(mode="path", timeline=KEYS, position=1.0),
    "between classes": ViewState(mode="path", timeline=KEYS, position=0.5),
    "between seeds": ViewState(mode="path", timeline=KEYS, position=1.3),
    "around the loop": ViewState(mode="path", timeline=KEYS, position=2.9),
    "on a line": ViewState(mode="path", timeline=replace(KEYS, way="lerp"), position=0.4),
    "at a corner": ViewState(mode="pad", pad=Pad(CORNERS, 1.0, 0.0)),
    "between corners": ViewState(mode="pad", pad=Pad(CORNERS, 0.3, 0.6)),
    "in a triangle": ViewState(mode="pad", pad=Pad(CORNERS[:3], 0.5, 0.6)),
    "number": ViewState(mode="number", number=Number("2026", 5).rerolled(2)),
}


@pytest.mark.parametrize("name", SHOWN)
@pytest.mark.parametrize("psi", [1.0, 0.7])
def test_every_cell_is_made_by_its_sample_to_the_bit(name: str, psi: float) -> None:
    directions = np.random.default_rng(0).normal(size=(2, 16)).astype(np.float32)
    state = replace(SHOWN[name], truncation=psi, amounts=(0.5, -1.5))
    scene = scene_of(NORMAL, state, directions)
    assert scene is not None
    again = scene_of_samples(NORMAL, scene.samples, state, directions)
    np.testing.assert_array_equal(again.z, scene.z)
    assert again.y is not None
    np.testing.assert_array_equal(again.y, scene.y)
    assert again.samples == scene.samples
    last = len(scene.samples) - 1
    assert scene.only(last).samples == scene.samples[last:]
    alone = scene_of(NORMAL, state.with_mode("grid").with_cells(1).locked(0, scene.samples[last]), directions)
    assert alone is not None
    np.testing.assert_array_equal(alone.z[0], scene.z[last])


def test_only_what_no_seed_makes_holds_its_latent() -> None:
    held = {}
    for name, state in SHOWN.items():
        scene = scene_of(NORMAL, state)
        assert scene is not None
        held[name] = [sample.held for sample in scene.samples]
    assert held["walk with a locked cell"] == [True] * 4 + [False] + [True] * 4
    assert [name for name, cells in held.items() if any(cells)] == [
        "walk", "walk with a locked cell", "beyond the last seed", "between classes", "between seeds",
        "around the loop", "on a line", "between corners", "in a triangle",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "origin"),
    [
        ("walk", "between seeds 3 and 4"),
        ("beyond the last seed", f"between seeds {SEED_MAX + 1} and {SEED_MAX + 2}"),
        ("between classes", ""),
        ("between seeds", "between seeds 2 and 8"),
    ],
)
def test_a_cell_between_samples_says_between_which(name: str, origin: str) -> None:
    scene = scene_of(NORMAL, SHOWN[name])
    assert scene is not None
    assert scene.sample(0).origin == origin


def test_a_timeline_between_equal_keyframes_stays_at_them() -> None:
    same = path_at(NORMAL, Timeline((KEYS.keyframes[0],) * 2), 0.4)
    assert same is not None
    assert same.samples == KEYS.keyframes[:1]


def test_without_classes_samples_hold_none() -> None:
    scene = scene_of(FREE, ViewState(seed=3, cells=2, position=0.5))
    assert scene is not None
    assert scene.sample(1).mix == ()
    assert scene.sample(1).origin == "between seeds 3 and 4"
