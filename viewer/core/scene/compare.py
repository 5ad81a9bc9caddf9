"""Comparing two generators on the same latents."""

from __future__ import annotations

import numpy as np

from export.contract import GeneratorInfo
from export.runtime.arrays import UInt8

VIEWS = ("pictures", "signed", "absolute")
"""What is shown on the right: the pictures of B, A - B in two colours, or |A - B| in grey."""
MORE_IN_A = (255, 138, 106)
MORE_IN_B = (92, 168, 255)
"""RGB colours of the largest differences. No difference is black."""


def misfit(first: GeneratorInfo, second: GeneratorInfo) -> str:
    """Say why two generators cannot be compared; empty if they can."""
    for what, mine, theirs in (
        ("latent size", first.latent_size, second.latent_size),
        ("latent distribution", first.latent_distribution, second.latent_distribution),
        ("number of classes", len(first.classes), len(second.classes)),
        ("classes", first.classes, second.classes),
    ):
        if mine != theirs:
            values = "different names" if what == "classes" else f"{mine} and {theirs}"
            return f"These two generators cannot be compared on the same latents: they differ in {what} ({values})."
    return ""


def comparable(first: UInt8, second: UInt8) -> bool:
    """Return whether two batches of pictures have the same shape, and so can be subtracted."""
    return first.shape == second.shape


def difference(first: UInt8, second: UInt8, view: str) -> UInt8:
    """Return the difference of two batches as pictures; both are uint8 [n, h, w] or [n, h, w, 3].

    view: "signed" gives uint8 [n, h, w, 3], MORE_IN_A where the first is brighter and MORE_IN_B where the second is;
    "absolute" gives the shape of the arguments.
    """
    delta = first.astype(np.int16) - second
    if view == "absolute":
        plain: UInt8 = np.abs(delta).astype(np.uint8)
        return plain
    signed = (delta.mean(axis=3) if delta.ndim == 4 else delta).astype(np.float32)[..., None] / 255
    warm, cold = np.array(MORE_IN_A, np.float32), np.array(MORE_IN_B, np.float32)
    coloured: UInt8 = np.rint(np.maximum(signed, 0) * warm + np.maximum(-signed, 0) * cold).astype(np.uint8)
    return coloured


def mean_difference(first: UInt8, second: UInt8) -> float:
    """Return the mean of |first - second| over all pixels, 0 to 255. Both have the same shape."""
    return float(np.abs(first.astype(np.int16) - second).mean())


def difference_in_words(difference: float) -> str:
    """Return a phrase for a mean difference, 0 to 255, as a percentage of the largest one."""
    if difference == 0:
        return "no difference"
    percent = 100 * difference / 255
    return "differ by less than 1 %" if percent < 1 else f"differ by {percent:.0f} %"
