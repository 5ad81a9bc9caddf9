"""Mixtures of latents, and easing."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from export.contract import GeneratorInfo
from export.runtime.arrays import Float32

Float64 = npt.NDArray[np.float64]


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
