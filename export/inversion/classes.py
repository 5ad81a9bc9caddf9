"""Propose the classes of pictures, so that only few have to be tried."""

from __future__ import annotations

import numpy as np

from export.contract import PIXELS, GeneratorInfo
from export.inversion.solver import Float64
from export.inversion.starts import Pool
from export.runtime.arrays import Float32, Int64
from export.runtime.pixels import to_pixels
from export.runtime.predict import Classifier

MOST_TRIED = 3
"""How many classes are tried for one picture."""
LEAST_PROBABILITY = 0.01
"""Classes that are less likely than this are not tried."""
SAMPLES_READ, LEAST_AGREEMENT = 200, 0.8
"""A classifier fits if it reads this share of a generator's samples as their class."""
SHARPNESS = 8.0
"""Exponent that turns the errors of the nearest samples into probabilities; it makes them about as sure as right."""


def fits(classifier: Classifier, pool: Pool) -> bool:
    """Return whether a classifier reads a generator's samples as the classes that they were generated as."""
    info = pool.info
    shape = info.outputs()[PIXELS][1:]
    if not info.conditional or classifier.pixels_shape != shape or not set(info.classes) <= set(classifier.classes):
        return False
    some = pool.images[:SAMPLES_READ].reshape(-1, info.channels, info.height, info.width)
    read = _read(classifier, info, some).argmax(axis=1)
    return bool((read == pool.labels[:SAMPLES_READ]).mean() >= LEAST_AGREEMENT)


def probabilities(
    pool: Pool, targets: Float32, errors: Float64, masks: Float32 | None, classifier: Classifier | None
) -> Float64:
    """Return the probability of each class of the generator, float64 [n, classes].

    targets: float32 [n, C, H, W] in [-1, 1]. errors: what `Pool.squared_errors` returned for them. classifier: one
    that `fits`, or None. Without a classifier, and for masked targets, of which it would see too little, the nearest
    sample of each class decides.
    """
    info = pool.info
    if classifier is not None and masks is None:
        return _read(classifier, info, targets).astype(np.float64)
    nearest = np.stack([errors[:, pool.labels == label].min(axis=1) for label in range(len(info.classes))], axis=1)
    inverse = (nearest.min(axis=1, keepdims=True) + 1e-6) / (nearest + 1e-6)
    likely = inverse**SHARPNESS
    shares: Float64 = likely / likely.sum(axis=1, keepdims=True)
    return shares


def likeliest(found: Float64) -> Int64:
    """Return the classes to try, int64 [n, 3 or fewer], likeliest first; -1 in place of classes that are unlikely."""
    order = np.argsort(-found, axis=1, kind="stable")[:, :MOST_TRIED]
    chosen = np.take_along_axis(found, order, axis=1)
    tried: Int64 = np.where((chosen >= LEAST_PROBABILITY) | (np.arange(order.shape[1]) == 0), order, -1)
    return tried


def _read(classifier: Classifier, info: GeneratorInfo, images: Float32) -> Float32:
    columns = [classifier.classes.index(name) for name in info.classes]
    found = classifier.predict(to_pixels(images))[0][:, columns]
    shares: Float32 = found / np.maximum(found.sum(axis=1, keepdims=True), 1e-12)
    return shares
