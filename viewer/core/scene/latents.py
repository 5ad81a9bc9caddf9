"""Ways through latents."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from export.contract import GeneratorInfo
from export.runtime.arrays import Float32

Float64 = npt.NDArray[np.float64]


def lerp(a: Float32, b: Float32, t: float) -> Float32:
    """The straight line from a to b: float32 [n, latent] each, t in [0, 1]."""
    return ((1.0 - t) * a + t * b).astype(np.float32)


def slerp(a: Float32, b: Float32, t: float) -> Float32:
    """The great circle from each row of a to the same row of b: float32 [n, latent] each, t in [0, 1].

    Rows turn at constant speed (Shoemake 1985, "Animating rotation with quaternion curves") while their length goes
    evenly from one to the other, so that no row falls into the thin centre of a normal distribution. Rows that point
    the same way, or nowhere, move on a line; opposite rows turn through a fixed direction at right angles.
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
    across = unit_b - cosine * unit_a  # what of b stands at right angles to a
    sine = np.linalg.norm(across, axis=1, keepdims=True)
    opposite = ((sine < 1e-7) & (cosine < 0.0))[:, 0]
    if opposite.any() and a.shape[1] > 1:
        across[opposite] = _at_right_angles(unit_a[opposite])
    across /= np.maximum(np.linalg.norm(across, axis=1, keepdims=True), tiny)

    angle = np.arctan2(sine, cosine)  # steady where arccos is not: near 0 and pi
    turned = np.cos(t * angle) * unit_a + np.sin(t * angle) * across
    result = ((1.0 - t) * length_a + t * length_b) * turned
    straight = ((length_a == 0.0) | (length_b == 0.0) | (a.shape[1] == 1))[:, 0]
    result[straight] = (1.0 - t) * wide_a[straight] + t * wide_b[straight]
    turned_float32: Float32 = result.astype(np.float32)
    return turned_float32


def _at_right_angles(units: Float64) -> Float64:
    """For each unit row [n, latent] one direction at right angles to it, always the same for the same row."""
    rows = np.arange(len(units))
    axis = np.abs(units).argmin(axis=1)  # the axis that a row leans to least
    across: Float64 = -units[rows, axis][:, None] * units
    across[rows, axis] += 1.0
    return across


def between(info: GeneratorInfo, a: Float32, b: Float32, t: float, way: str = "auto") -> Float32:
    """From a to b [n, latent]: "slerp", "lerp", or "auto", which stays likely: slerp for normal latents, else lerp."""
    turn = way == "slerp" or (way == "auto" and info.latent_distribution == "normal")
    return slerp(a, b, t) if turn else lerp(a, b, t)


def mixture(info: GeneratorInfo, z: Float32, weights: Float64) -> Float32:
    """One latent among several: float32 [n, latent] and their weights [n], which sum to 1 -> float32 [1, latent].

    A weighted mean of normal latents is shorter than they are, and so unlikely: it gets the mean of their lengths.
    """
    mean = weights @ z.astype(np.float64)
    if info.latent_distribution == "normal" and (length := np.linalg.norm(mean)) > 0.0:
        mean *= weights @ np.linalg.norm(z.astype(np.float64), axis=1) / length
    return mean.astype(np.float32)[None]


def eased(t: float, easing: str) -> float:
    """Time to way, both from 0 to 1: "linear"; "smooth" (slow at both ends); "hold" (rests at both, then turns)."""
    if easing == "linear":
        return t
    if easing == "hold":
        t = min(max(2.0 * t - 0.5, 0.0), 1.0)
    return t * t * (3.0 - 2.0 * t)
