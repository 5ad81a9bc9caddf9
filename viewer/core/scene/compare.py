"""Two generators on the same latents: whether they fit, and how their pictures differ."""

from __future__ import annotations

import numpy as np

from export.contract import GeneratorInfo
from export.runtime.arrays import UInt8

VIEWS = ("pictures", "signed", "absolute")
"""What stands at the right: B's pictures, A - B in two colours, or |A - B| in grey."""
MORE_IN_A = (255, 138, 106)
MORE_IN_B = (92, 168, 255)
"""RGB of the largest differences; no difference is black."""


def misfit(first: GeneratorInfo, second: GeneratorInfo) -> str:
    """Why two generators cannot stand side by side, in one sentence; empty where they can."""
    for what, mine, theirs in (
        ("latent size", first.latent_size, second.latent_size),
        ("latent distribution", first.latent_distribution, second.latent_distribution),
        ("number of classes", len(first.classes), len(second.classes)),
        ("classes", first.classes, second.classes),
    ):
        if mine != theirs:
            said = "the other's are named differently" if what == "classes" else f"{mine} here and {theirs} there"
            return f"These two cannot be compared on the same latents: their {what} differ ({said})."
    return ""


def comparable(first: UInt8, second: UInt8) -> bool:
    """Whether two batches of pictures can be subtracted: same size, same number of channels."""
    return first.shape == second.shape


def difference(first: UInt8, second: UInt8, view: str) -> UInt8:
    """first - second, both uint8 [n, h, w] or [n, h, w, 3].

    view: "signed" (uint8 [n, h, w, 3]: MORE_IN_A where A is brighter, MORE_IN_B where B is) or "absolute" (the shape
    of the arguments).
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
    """Mean of |first - second| over all pixels, 0 to 255; both of one shape."""
    return float(np.abs(first.astype(np.int16) - second).mean())
