"""What can be measured in a picture of a shape: slant, stroke weight, width, height and roundness.

The ink of a picture is how far each pixel is from the background, which is the median of the picture's border. The
measures are moments and gradients of the ink, so that they change smoothly with the picture and need no threshold.
"""

from __future__ import annotations

import math

import numpy as np

from export.runtime.arrays import Float32
from viewer.core.scene.latents import Float64

QUANTITIES = {
    "Slant": "how far the shape leans to the right",
    "Stroke weight": "how thick the strokes are",
    "Width": "how wide the shape is, apart from its slant",
    "Height": "how tall the shape is",
    "Roundness": "how evenly the strokes run in all directions, as those of a circle do",
}
"""The name of each quantity, and what it is in plain words."""
LEAST_INK = 0.02
"""Mean ink, as a share of the full range, of a picture that can be measured."""
FAINT = 0.1
"""Ink up to this share of the strongest in a picture counts as background: noise far from the shape weighs heavily in
moments."""


def measure(images: Float32) -> Float64:
    """Measure the QUANTITIES of images in [-1, 1], float32 [n, channels, h, w]: float64 [n, quantities].

    Slant is the tangent of the angle. Stroke weight, width and height are in pixels; width and height are those of the
    evenly filled rectangle with the same spread. Roundness is near 0 for a straight line and near 1 for a circle, and
    does not depend on slant, width and height: the shape is first made upright and as wide as tall. A picture with too
    little ink is NaN.
    """
    n, _, height, width = images.shape
    border = np.concatenate([images[:, :, 0], images[:, :, -1], images[:, :, 1:-1, 0], images[:, :, 1:-1, -1]], axis=2)
    background = np.median(border, axis=2)[:, :, None, None]
    ink = np.abs(images - background).mean(axis=1, dtype=np.float64) / 2
    seen = ink.mean(axis=(1, 2)) >= LEAST_INK
    ink = np.maximum(ink - FAINT * ink.max(axis=(1, 2), keepdims=True), 0.0)
    ink /= np.maximum(ink.max(axis=(1, 2), keepdims=True), np.finfo(np.float64).tiny)
    mass = np.maximum(ink.sum(axis=(1, 2)), np.finfo(np.float64).tiny)
    x, y = np.arange(width, dtype=np.float64), np.arange(height, dtype=np.float64)[::-1]
    across, up = ink.sum(axis=1), ink.sum(axis=2)
    mean_x, mean_y = across @ x / mass, up @ y / mass
    var_x = np.maximum(across @ x**2 / mass - mean_x**2, 0.0)
    var_y = np.maximum(up @ y**2 / mass - mean_y**2, 1e-6)
    together = np.einsum("nyx,y,x->n", ink, y, x) / mass - mean_x * mean_y
    slope_up, slope_x = np.gradient(ink, axis=(1, 2))
    slope_up = -slope_up  # rows count downwards
    outline = np.maximum(np.hypot(slope_x, slope_up).sum(axis=(1, 2)), np.finfo(np.float64).tiny)
    slant = together / var_y
    spread_x = np.sqrt(np.maximum(var_x - slant * together, 0.0))
    upright = slope_up + slant[:, None, None] * slope_x  # the gradient of the picture without its slant
    found = np.empty((n, len(QUANTITIES)))
    found[:, 0] = slant
    found[:, 1] = 2 * mass / outline  # a stroke has an outline on both sides
    found[:, 2] = np.sqrt(12) * spread_x
    found[:, 3] = np.sqrt(12 * var_y)
    found[:, 4] = _roundness(spread_x[:, None, None] * slope_x + 1j * np.sqrt(var_y)[:, None, None] * upright)
    found[~seen] = math.nan
    return found


def _roundness(slopes: np.ndarray[tuple[int, ...], np.dtype[np.complex128]]) -> Float64:
    """Return how evenly gradients, complex128 [n, h, w], are spread over all directions: 1 if they are, 0 for one."""
    strength = np.abs(slopes)
    turned = slopes / np.maximum(strength, 1e-12)
    total = np.maximum((strength**2).sum(axis=(1, 2)), 1e-12)
    halves = np.abs((strength**2 * turned**2).sum(axis=(1, 2))) / total
    quarters = np.abs((strength**2 * turned**4).sum(axis=(1, 2))) / total
    rounded: Float64 = 1 - np.sqrt((halves**2 + quarters**2) / 2)
    return rounded
