"""From states to scenes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from export.contract import GeneratorInfo
from export.runtime.arrays import Float32
from export.runtime.interpolation import lerp, slerp
from export.runtime.latents import latents
from viewer.core.scene.cells import pad_weights, path_at, samples_of_grid, samples_of_number, scene_of
from viewer.core.state.number import Number
from viewer.core.state.pad import Pad
from viewer.core.state.samples import SEED_MAX, latents_of, of_class, weights_of
from viewer.core.state.timeline import Timeline
from viewer.core.state.view_state import ViewState

NORMAL = GeneratorInfo(16, "normal", tuple("0123456789"), 1, 28, 28)
UNIFORM = GeneratorInfo(16, "uniform", (), 1, 28, 28)


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
