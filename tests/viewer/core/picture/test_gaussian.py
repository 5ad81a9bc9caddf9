"""The filter beside scipy's."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from viewer.core.picture.gaussian import filter_matrix, smoothed


@pytest.mark.parametrize("sigma", [0.1, 0.5, 1.0, 1.7, 3.0])
@pytest.mark.parametrize(("height", "width"), [(28, 28), (7, 31), (1, 2)])
def test_it_is_scipys_filter(rng: np.random.Generator, sigma: float, height: int, width: int) -> None:
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
