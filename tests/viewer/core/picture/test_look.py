"""Looks."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from viewer.core.picture.look import COLOUR_MAPS, SMOOTHING_MAX, Look, apply_look, colour_table, filter_matrix, smoothed


def luminance(
    table: np.ndarray[tuple[int, ...], np.dtype[np.uint32]],
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    red, green, blue = ((table >> np.uint32(shift) & np.uint32(0xFF)).astype(float) for shift in (16, 8, 0))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("name", COLOUR_MAPS)
def test_every_map_is_opaque_and_orders_the_levels(name: str) -> None:
    table = colour_table(name, False)
    assert table.shape == (256,)
    assert (table >> 24 == 0xFF).all()
    steps = np.diff(luminance(table)) * (-1 if name == "ink" else 1)
    assert steps.min() >= -0.6, "but for rounding, brighter stays brighter (ink: darker)"
    np.testing.assert_array_equal(colour_table(name, True), table[::-1])


def test_grey_keeps_its_levels() -> None:
    pixels = np.arange(256, dtype=np.uint8).reshape(1, 16, 16)
    np.testing.assert_array_equal(apply_look(pixels, Look()) & 0xFF, pixels)


def test_known_colours_of_viridis() -> None:
    table = colour_table("viridis", False)
    assert [f"{table[level] & 0xFFFFFF:06x}" for level in (0, 255)] == ["440154", "fde725"]
    middle = np.array([table[128] >> shift & 0xFF for shift in (16, 8, 0)], int)
    assert np.abs(middle - (0x21, 0x91, 0x8C)).max() <= 3


def test_colour_pictures_keep_their_colours(rng: np.random.Generator) -> None:
    pixels = rng.integers(0, 256, (2, 5, 4, 3), dtype=np.uint8)
    plain, mapped, negative = (apply_look(pixels, look) for look in (Look(), Look("magma"), Look(invert=True)))
    np.testing.assert_array_equal(mapped, plain)
    np.testing.assert_array_equal(negative & 0xFFFFFF, 0xFFFFFF - (plain & 0xFFFFFF))
    assert (negative >> 24 == 0xFF).all()


def test_beside_shows_the_original_on_the_left(rng: np.random.Generator) -> None:
    pixels = rng.integers(0, 256, (3, 8, 6), dtype=np.uint8)
    both = apply_look(pixels, Look("ice", smoothing=1.0, beside=True))
    assert both.shape == (3, 8, 12)
    np.testing.assert_array_equal(both[..., :6], apply_look(pixels, Look("ice")))
    np.testing.assert_array_equal(both[..., 6:], apply_look(smoothed(pixels, 1.0), Look("ice")))


def test_beside_without_smoothing_changes_nothing(rng: np.random.Generator) -> None:
    pixels = rng.integers(0, 256, (3, 8, 6), dtype=np.uint8)
    np.testing.assert_array_equal(apply_look(pixels, Look("ice", beside=True)), apply_look(pixels, Look("ice")))


@pytest.mark.parametrize("wrong", [{"colour_map": "jet"}, {"smoothing": -0.1}, {"smoothing": SMOOTHING_MAX + 0.1}])
def test_looks_out_of_range_are_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="it must be"):
        Look(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("sigma", [0.1, 0.5, 1.0, 1.7, 3.0])
@pytest.mark.parametrize(("height", "width"), [(28, 28), (7, 31), (1, 2)])
def test_smoothing_is_scipys_gaussian_filter(rng: np.random.Generator, sigma: float, height: int, width: int) -> None:
    picture = rng.random((height, width))
    expected = gaussian_filter(picture, sigma, mode="mirror")
    np.testing.assert_allclose(
        filter_matrix(height, sigma) @ picture @ filter_matrix(width, sigma).T, expected, atol=1e-6
    )


@pytest.mark.parametrize("colour", [(), (3,)])
def test_pictures_are_filtered_one_by_one_and_rounded(rng: np.random.Generator, colour: tuple[int, ...]) -> None:
    pixels = rng.integers(0, 256, (5, 12, 9, *colour), dtype=np.uint8)
    found = smoothed(pixels, 1.3)
    assert found.dtype == np.uint8
    sigmas = (1.3, 1.3, *(0.0 for _ in colour))
    for one, picture in zip(found, pixels, strict=True):
        expected = gaussian_filter(picture.astype(np.float64), sigmas, mode="mirror")
        np.testing.assert_allclose(one, expected, atol=0.501)
