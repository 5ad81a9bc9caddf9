"""How near an answer is to a drawing, in words."""

from __future__ import annotations

import numpy as np

from export.runtime.arrays import Float32

WORDS = (
    (0.27, "very near"),
    (0.38, "near"),
    (0.50, "somewhat like it"),
)
"""Each word, and the relative error up to which it holds. Of 1,000 test digits of MNIST, 95.8 % are below the first
limit, 98.3 % below the second and 99.4 % below the third (`python -m bench.closeness`)."""
FAR = "something the generator cannot make"


def relative_error(rms: float, target: Float32) -> float:
    """Return the error of an answer against the error of an empty picture, so that bold and thin strokes compare.

    rms: the root mean squared error. target: float32 [channels, height, width], with the paper along its edges.
    """
    edges = np.concatenate([target[:, [0, -1]].ravel(), target[:, :, [0, -1]].ravel()])
    strength = float(np.sqrt(np.mean((target - np.median(edges)) ** 2)))
    return rms / max(strength, 1e-3)


def with_lost(error: float, lost: float) -> float:
    """Return a relative error for all that was drawn. lost: the share of the squared ink that lies beyond the sheet.

    The answer has nothing of that ink, whatever the error is on the sheet.
    """
    return float(np.sqrt(error**2 * (1 - lost) + lost))


def closeness(error: float) -> str:
    """Return how near an answer with this relative error is: "very near"."""
    return next((word for limit, word in WORDS if error <= limit), FAR)
