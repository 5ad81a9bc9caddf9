"""Interpolate between latents."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from export.contract import GeneratorInfo
from export.runtime.arrays import Float32

Float64 = npt.NDArray[np.float64]


def lerp(a: Float32, b: Float32, t: float) -> Float32:
    """Interpolate linearly from a (t = 0) to b (t = 1), float32 [n, latent] each."""
    return ((1.0 - t) * a + t * b).astype(np.float32)


def slerp(a: Float32, b: Float32, t: float) -> Float32:
    """Interpolate each row from a (t = 0) to b (t = 1) along a great circle, float32 [n, latent] each.

    The direction turns at constant speed (Shoemake 1985, "Animating rotation with quaternion curves") and the length
    changes linearly, so that no row passes through the centre of a normal distribution, where samples are rare. Rows
    that are parallel, zero or of length one are interpolated linearly; opposite rows turn through a fixed direction
    at right angles to them.
    """
    if t <= 0.0:
        return a
    if t >= 1.0:
        return b
    wide_a, wide_b = a.astype(np.float64), b.astype(np.float64)
    length_a = np.linalg.norm(wide_a, axis=1, keepdims=True)
    length_b = np.linalg.norm(wide_b, axis=1, keepdims=True)
    tiny = np.finfo(np.float64).tiny
    unit_a, unit_b = wide_a / np.maximum(length_a, tiny), wide_b / np.maximum(length_b, tiny)

    cosine = np.sum(unit_a * unit_b, axis=1, keepdims=True)
    across = unit_b - cosine * unit_a  # the part of b at right angles to a
    sine = np.linalg.norm(across, axis=1, keepdims=True)
    opposite = ((sine < 1e-7) & (cosine < 0.0))[:, 0]
    if opposite.any() and a.shape[1] > 1:
        across[opposite] = _at_right_angles(unit_a[opposite])
    across /= np.maximum(np.linalg.norm(across, axis=1, keepdims=True), tiny)

    angle = np.arctan2(sine, cosine)  # arccos is inaccurate near 0 and pi
    turned = np.cos(t * angle) * unit_a + np.sin(t * angle) * across
    result = ((1.0 - t) * length_a + t * length_b) * turned
    straight = ((length_a == 0.0) | (length_b == 0.0) | (a.shape[1] == 1))[:, 0]
    result[straight] = (1.0 - t) * wide_a[straight] + t * wide_b[straight]
    interpolated: Float32 = result.astype(np.float32)
    return interpolated


def _at_right_angles(units: Float64) -> Float64:
    """Return one direction at right angles to each unit row [n, latent]; the same row gives the same direction."""
    rows = np.arange(len(units))
    axis = np.abs(units).argmin(axis=1)  # the axis that each row is furthest from
    across: Float64 = -units[rows, axis][:, None] * units
    across[rows, axis] += 1.0
    return across


def between(info: GeneratorInfo, a: Float32, b: Float32, t: float, way: str = "auto") -> Float32:
    """Interpolate from a to b, float32 [n, latent] each.

    way: "slerp", "lerp", or "auto" for the one that keeps latents likely: slerp if they are normal, lerp if uniform.
    """
    spherical = way == "slerp" or (way == "auto" and info.latent_distribution == "normal")
    return slerp(a, b, t) if spherical else lerp(a, b, t)
