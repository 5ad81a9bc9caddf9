"""From a state to what the generator takes: latents and class weights."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from export.arrays import Float32
from export.contract import GeneratorInfo
from export.latents import latents, one_hot
from viewer.core.state import ViewState

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


def between(info: GeneratorInfo, a: Float32, b: Float32, t: float) -> Float32:
    """The way from a to b [n, latent] that stays likely: slerp for normal latents, lerp for uniform ones."""
    return slerp(a, b, t) if info.latent_distribution == "normal" else lerp(a, b, t)


@lru_cache(maxsize=4)
def _keyframe(latent_size: int, distribution: str, seed: int, cells: int) -> Float32:
    """The latents of one keyframe; kept, because a walk asks for the same two on every frame. Never write to it."""
    info = GeneratorInfo(latent_size, distribution, (), channels=1, height=1, width=1)
    z = latents(info, seed, 0, cells)
    z.setflags(write=False)
    return z


def latents_at(info: GeneratorInfo, state: ViewState) -> Float32:
    """Latents of every cell, float32 [cells, latent]; at a keyframe, sample i of the seed stands in cell i."""
    whole = math.floor(state.position)
    part = state.position - whole
    size, distribution, seed = info.latent_size, info.latent_distribution, state.seed + whole
    z = _keyframe(size, distribution, seed, state.cells)
    if part > 0.0:
        z = between(info, z, _keyframe(size, distribution, seed + 1, state.cells), part)
    return z * np.float32(state.truncation)


def class_weights(info: GeneratorInfo, state: ViewState) -> Float32 | None:
    """Class weights of every cell, float32 [cells, classes], or None where the generator is unconditional.

    Mixed, cell i shows class i modulo the number of classes, as `python -m export.sample` labels sample i.
    """
    if not info.conditional:
        return None
    count = len(info.classes)
    labels = np.arange(state.cells) % count if state.digit is None else np.full(state.cells, state.digit)
    return one_hot(labels, count)
