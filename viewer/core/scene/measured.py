"""Directions in latent space along which a measured quantity changes: ridge regression, cross-validated.

The quantities of each class are centred first, since a one is thinner than an eight whatever its latent. The regression
is on the mean over the classes of each latent, which has the same solution as one on the single pictures; how well it
explains is stated for single pictures. Dense in the shorter of both sizes, so that long latents are no problem.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from export.runtime.arrays import Float32
from viewer.core.scene.latents import Float64

EXPLAINED = 0.25
"""Least cross-validated R^2 of a direction that is offered.

A movement by a standard deviations changes a quantity by a * R of its own standard deviations. At 0.25, half way along
a slider (2 standard deviations) is one standard deviation of the quantity, which is about the least that a user sees as
its effect; and chance does not come near: random quantities give 0 or less.
"""
LEAST_MEASURED = 0.5
"""Share of the pictures that must be measurable."""
LEAST_SPREAD = 1e-6
"""A quantity that varies by less within all classes is constant."""
FOLDS = 5
PENALTIES = (0.01, 0.1, 1.0)
"""Penalties of the ridge regression, as shares of the number of latents; the best explained one is chosen."""

PRIOR_LATENTS = 32
"""Latents of the usual variance that `contrast` adds to those it is given."""


@dataclass(frozen=True, eq=False)
class Explained:
    """The direction of a quantity."""

    unit: Float64
    """float64 [latent], of length 1."""
    r2: float
    """Cross-validated over latents, on single pictures."""


def explained(latents: Float32, quantities: Float64) -> dict[int, Explained]:
    """Return the direction of each quantity that latents explain, by its place.

    latents: float32 [n, latent]. quantities: float64 [n, classes, quantities]; NaN where one could not be measured.
    """
    known = np.isfinite(quantities)
    counts = np.maximum(known.sum(axis=0), 1)
    values = np.where(known, quantities, 0.0)
    values = np.where(known, values - values.sum(axis=0) / counts, 0.0)
    usable = (known.mean(axis=(0, 1)) >= LEAST_MEASURED) & (values.std(axis=(0, 1)) > LEAST_SPREAD)
    z = latents.astype(np.float64)
    z -= z.mean(axis=0)
    means = values.sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    total = np.maximum((values**2).sum(axis=(0, 1)), np.finfo(np.float64).tiny)
    fold = np.arange(len(z)) % FOLDS
    scores = np.empty((len(PENALTIES), len(usable)))
    for row, penalty in enumerate(PENALTIES):
        predicted = np.zeros_like(means)
        for left_out in range(FOLDS):
            train = fold != left_out
            predicted[~train] = z[~train] @ _ridge(z[train], means[train], penalty)
        scores[row] = 1 - (np.where(known, values - predicted[:, None], 0.0) ** 2).sum(axis=(0, 1)) / total
    best = scores.argmax(axis=0)
    found = {}
    for place in np.flatnonzero(usable & (scores.max(axis=0) >= EXPLAINED)):
        slope = _ridge(z, means[:, place : place + 1], PENALTIES[best[place]])[:, 0]
        found[int(place)] = Explained(slope / np.linalg.norm(slope), float(scores[best[place], place]))
    return found


def _ridge(z: Float64, values: Float64, penalty: float) -> Float64:
    """Return the slopes, float64 [latent, quantities], of values [n, quantities] on latents [n, latent]."""
    n, size = z.shape
    if size <= n:
        slopes: Float64 = np.linalg.solve(z.T @ z + penalty * n * np.eye(size), z.T @ values)
        return slopes
    dual: Float64 = z.T @ np.linalg.solve(z @ z.T + penalty * n * np.eye(n), values)
    return dual


def contrast(chosen: Float32, others: Float32, deviation: float) -> Float64 | None:
    """Return the direction from other latents to the chosen ones, float64 [latent] with length 1; None if equal.

    It is the difference of the means, divided by the variance of each latent within both groups, which is shrunk to
    `deviation` squared as if that many latents more had it: with a few cells, the variance is mostly chance.
    chosen, others: float32 [n, latent].
    """
    one, other = chosen.astype(np.float64), others.astype(np.float64)
    difference = one.mean(axis=0) - other.mean(axis=0)
    squares = ((one - one.mean(axis=0)) ** 2).sum(axis=0) + ((other - other.mean(axis=0)) ** 2).sum(axis=0)
    count = len(one) + len(other)
    prior = PRIOR_LATENTS * deviation**2
    slope = difference / ((squares + prior) / (count + PRIOR_LATENTS))
    length = float(np.linalg.norm(slope))
    return slope / length if length > LEAST_SPREAD else None
