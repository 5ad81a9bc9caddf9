"""Mixing latents, and easing."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from export.contract import GeneratorInfo
from export.runtime.arrays import Float32

Float64 = npt.NDArray[np.float64]


def mixture(info: GeneratorInfo, z: Float32, weights: Float64) -> Float32:
    """Return the weighted mean of latents as float32 [1, latent]; z: float32 [n, latent], weights: [n] with sum 1.

    A mean of normal latents is shorter than they are, and so unlikely. It is scaled to the mean of their lengths.
    """
    mean = weights @ z.astype(np.float64)
    if info.latent_distribution == "normal" and (length := np.linalg.norm(mean)) > 0.0:
        mean *= weights @ np.linalg.norm(z.astype(np.float64), axis=1) / length
    return mean.astype(np.float32)[None]


def deviation(info: GeneratorInfo) -> float:
    """Return the standard deviation of a generator's latents."""
    return 1.0 if info.latent_distribution == "normal" else 1 / math.sqrt(3)


def eased(t: float, easing: str) -> float:
    """Map time to progress, both from 0 to 1: "linear", "smooth" (slow at both ends) or "hold" (still at both ends)."""
    if easing == "linear":
        return t
    if easing == "hold":
        t = min(max(2.0 * t - 0.5, 0.0), 1.0)
    return t * t * (3.0 - 2.0 * t)
