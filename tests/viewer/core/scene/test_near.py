from __future__ import annotations

import numpy as np
import pytest

from export.contract import GeneratorInfo
from export.runtime.arrays import Float32
from viewer.core.scene.near import STEPS, cells_near, near_origin
from viewer.core.state.near import CENTRE, DIRECTIONS, LONGEST_TRAIL, Near
from viewer.core.state.samples import Sample, held_sample, latents_of, of_class

INFO = GeneratorInfo(4, "normal", ("a", "b"), 1, 2, 2)
ONE, OTHER = of_class(3, 0, 0), of_class(4, 0, 1)


def vectors() -> Float32:
    return np.random.default_rng(0).standard_normal((DIRECTIONS, 4)).astype(np.float32)


def test_every_cell_but_the_middle_goes_its_own_way_and_the_opposite_one_back() -> None:
    np.testing.assert_array_equal(STEPS, -STEPS[::-1])
    assert not STEPS[CENTRE].any()
    assert len({tuple(row) for row in STEPS.tolist()}) == 25
    assert ((STEPS != 0).sum(axis=1) == (np.arange(25) != CENTRE)).all()
    assert np.abs(STEPS).max() == 1


def test_cells_are_the_radius_away() -> None:
    found = cells_near(INFO, Near((ONE,), 2.0, vectors().tobytes(), True))
    assert found is not None
    z, y, shown = found
    np.testing.assert_array_equal(z[CENTRE], latents_of(INFO, (ONE,))[0])
    np.testing.assert_allclose(z[CENTRE + 2] - z[CENTRE], 2 * vectors()[0], rtol=1e-5)
    np.testing.assert_allclose(z[CENTRE - 1] - z[CENTRE], -vectors()[0], rtol=1e-5)
    assert y is not None
    assert (y == [1, 0]).all()
    assert shown[CENTRE] == ONE
    assert shown[0] == "near seed 3"


def test_children_lie_between_their_parents() -> None:
    pair = latents_of(INFO, (ONE, OTHER))
    parts = np.stack([pair[1] - pair[0], np.zeros(4, np.float32)])
    found = cells_near(INFO, Near((ONE, OTHER)).with_vectors(parts))
    assert found is not None
    z, y, shown = found
    np.testing.assert_array_equal(z[[0, -1]], pair)
    assert (shown[0], shown[-1]) == (ONE, OTHER)
    assert y is not None
    np.testing.assert_allclose(y[CENTRE], [0.5, 0.5])
    lengths = np.linalg.norm(pair, axis=1)
    np.testing.assert_allclose(np.linalg.norm(z[CENTRE]), lengths.mean(), rtol=1e-5)


def test_without_directions_all_cells_show_the_picture() -> None:
    found = cells_near(INFO, Near((ONE,)))
    assert found is not None
    assert (found[0] == found[0][0]).all()
    assert cells_near(INFO, Near()) is None


def test_origins_do_not_pile_up() -> None:
    latent = np.zeros(4, np.float32)
    assert near_origin(held_sample(latent, None, "near seed 3")) == "near seed 3"
    assert near_origin(held_sample(latent, None, "drawn")) == "near another picture"


def test_the_trail_leads_back_and_is_no_longer_than_allowed() -> None:
    near = Near()
    samples = [Sample(seed) for seed in range(LONGEST_TRAIL + 5)]
    for sample in samples:
        near = near.around(sample)
    assert len(near.trail) == LONGEST_TRAIL
    assert near.around(samples[-1]) is near
    assert near.back().parents == (samples[-2],)
    assert Near((ONE,)).back() == Near((ONE,))
    kept = near.changed(lambda sample: None if sample == samples[-2] else sample)
    assert kept.parents == near.parents
    assert (samples[-2],) not in kept.trail
    assert near.changed(lambda _: None) == Near(radius=near.radius)


@pytest.mark.parametrize(
    "given", [{"radius": 9.0}, {"vectors": b"abc"}, {"vectors": b"\x00\x00\x80\x7f"}, {"parents": (ONE, ONE, ONE)}]
)
def test_what_is_out_of_range_is_refused(given: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"radius|length|finite|parents"):
        Near(**given)  # type: ignore[arg-type]
