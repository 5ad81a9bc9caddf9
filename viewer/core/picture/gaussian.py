"""The Gaussian filter of the look, in numpy."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from export.runtime.arrays import Float32, UInt8


@lru_cache(maxsize=16)
def filter_matrix(size: int, sigma: float) -> Float32:
    """What the filter does to a line of `size` pixels: float32 [size, size], one row for each pixel after it.

    Cut off at four sigmas, mirrored at the edges, as scipy.ndimage.gaussian_filter1d(mode="mirror"). A product with a
    small matrix is faster than a sum over the reach. Never write to it.
    """
    reach = int(4 * sigma + 0.5)
    offsets = np.arange(-reach, reach + 1)
    weights = np.exp(-(offsets**2) / (2 * sigma**2))
    period = max(2 * (size - 1), 1)
    places = np.abs(np.arange(size)[:, None] + offsets) % period
    places = np.minimum(places, period - places)
    matrix = np.zeros((size, size))
    np.add.at(matrix, (np.arange(size)[:, None], places), weights / weights.sum())
    result: Float32 = matrix.astype(np.float32)
    result.setflags(write=False)
    return result


def smoothed(pixels: UInt8, sigma: float) -> UInt8:
    """Filter pictures one by one: uint8 [n, h, w] or [n, h, w, 3] -> the same. sigma: in pixels, above 0."""
    planes = pixels.astype(np.float32) if pixels.ndim == 3 else np.moveaxis(pixels, 3, 1).astype(np.float32)
    height, width = planes.shape[-2:]
    filtered = filter_matrix(height, sigma) @ (planes @ filter_matrix(width, sigma).T)
    result: UInt8 = np.rint(filtered).astype(np.uint8)
    return result if pixels.ndim == 3 else np.moveaxis(result, 1, 3)
