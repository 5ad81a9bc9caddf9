"""Platt scaling: turn a discriminator's scores into probabilities (Platt 1999; Lin, Lin and Weng 2007)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from export.runtime.arrays import Float32
from export.runtime.discriminator import calibrated

ROUNDS = 100
BINS = 10


@dataclass(frozen=True)
class Calibration:
    """The probability of "real" is the logistic function of slope * score + intercept."""

    slope: float
    intercept: float
    accuracy: float
    """Share of the images, half real and half generated, that are on their side of 0.5."""
    error: float
    """Mean difference between a probability and the share of real images that have it, in ten bins."""


def calibrate(real: Float32, generated: Float32) -> Calibration:
    """Fit to every other score of real and of generated images, and measure on the others. Both are [n]."""
    slope, intercept = fit(real[::2], generated[::2])
    scores = np.concatenate([real[1::2], generated[1::2]])
    is_real = np.arange(len(scores)) < len(real[1::2])
    probabilities = calibrated(scores, slope, intercept)
    right = (probabilities > 0.5) == is_real
    return Calibration(slope, intercept, float(right.mean()), _error(probabilities, is_real))


def fit(real: Float32, generated: Float32) -> tuple[float, float]:
    """Return slope and intercept of a logistic regression on scores [n] of real and of generated images.

    Its targets are not quite 1 and 0, so that the slope stays finite where the scores separate perfectly. The slope is
    0, and every probability the same, if generated images have higher scores than real ones.
    """
    scores = np.concatenate([real, generated]).astype(np.float64)
    centre, spread = float(scores.mean()), float(scores.std()) or 1.0
    targets = np.repeat([(len(real) + 1) / (len(real) + 2), 1 / (len(generated) + 2)], [len(real), len(generated)])
    inputs = np.stack([(scores - centre) / spread, np.ones(len(scores))], axis=1)
    weights = np.zeros(2)
    loss = _loss(inputs @ weights, targets)
    for _ in range(ROUNDS):  # Newton's method, with steps that are halved until the loss falls
        probabilities = 1 / (1 + np.exp(-np.clip(inputs @ weights, -60, 60)))
        gradient = inputs.T @ (probabilities - targets)
        curvature = (inputs * (probabilities * (1 - probabilities))[:, None]).T @ inputs + 1e-9 * np.eye(2)
        step = np.linalg.solve(curvature, gradient)
        while np.abs(step).max() > 1e-10 and _loss(inputs @ (weights - step), targets) > loss:
            step /= 2
        weights = weights - step
        loss = _loss(inputs @ weights, targets)
        if np.abs(step).max() < 1e-9:
            break
    slope, intercept = float(weights[0]) / spread, float(weights[1] - weights[0] * centre / spread)
    return (slope, intercept) if slope >= 0 else (0.0, 0.0)


def _loss(logits: npt.NDArray[np.float64], targets: npt.NDArray[np.float64]) -> float:
    return float((np.logaddexp(0, logits) - targets * logits).sum())


def _error(probabilities: Float32, is_real: npt.NDArray[np.bool_]) -> float:
    bins = np.minimum((probabilities * BINS).astype(int), BINS - 1)
    gaps = [
        abs(float(probabilities[chosen].mean()) - float(is_real[chosen].mean())) * int(chosen.sum())
        for chosen in (bins == number for number in range(BINS))
        if chosen.any()
    ]
    return sum(gaps) / len(probabilities)
