"""Check what is searched for: the generator, its targets and their masks."""

from __future__ import annotations

import numpy as np

from digitforge.errors import ExportError
from export.contract import GeneratorInfo
from export.runtime.arrays import Float32

MOST_LATENTS = 512
"""Longest latents that can be searched; the Jacobian of longer ones takes too long."""


def searchable(info: GeneratorInfo) -> bool:
    """Return whether the generator's latents are short enough to search."""
    return info.latent_size <= MOST_LATENTS


def check_searchable(info: GeneratorInfo) -> None:
    """Raise ExportError if the generator's latents are too long to search."""
    if not searchable(info):
        raise ExportError(
            f"The latents of this generator have {info.latent_size:,} numbers; a picture can be found again among at "
            f"most {MOST_LATENTS}."
        )


def pixel_weights(info: GeneratorInfo, masks: Float32 | None, count: int) -> Float32:
    """Return the weight of each number of the targets, float32 [count, C * H * W], with sum 1 for each target.

    masks: float32 [count, H, W], not negative; 0 leaves a pixel out. None: all pixels count alike.
    Raises ExportError if a mask has another shape, a negative or infinite value, or leaves everything out.
    """
    shape = (count, info.height, info.width)
    size = info.channels * info.height * info.width
    if masks is None:
        return np.full((count, size), 1 / size, np.float32)
    if masks.shape != shape:
        raise ExportError(f"A mask of this generator is {info.height} x {info.width} pixels, not {masks.shape[1:]}.")
    sums = masks.reshape(count, -1).sum(axis=1, dtype=np.float64)
    if not (np.isfinite(masks).all() and (masks >= 0).all() and (sums > 0).all()):
        raise ExportError("A mask needs values of 0 or more, and one above 0.")
    each = np.repeat(masks[:, None], info.channels, axis=1).reshape(count, -1)
    weights: Float32 = (each / (sums[:, None] * info.channels)).astype(np.float32)
    return weights


def flat_targets(info: GeneratorInfo, targets: Float32, weights: Float32) -> Float32:
    """Return targets [n, C, H, W] as rows, with 0 where their weight is 0.

    Raises ExportError if they have another shape than the generator's images, or values that are not finite.
    """
    shape = (info.channels, info.height, info.width)
    if targets.ndim != 4 or targets.shape[1:] != shape:
        given = " x ".join(map(str, targets.shape[1:]))
        raise ExportError(f"The generator makes images of {' x '.join(map(str, shape))}, and the target is {given}.")
    rows = np.where(weights > 0, targets.reshape(len(targets), -1), np.float32(0))
    if not np.isfinite(rows).all():
        raise ExportError("The target has values that are not finite.")
    return rows.astype(np.float32)
