"""Find the latents of many pictures at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from export.contract import GeneratorInfo
from export.inversion.classes import likeliest, probabilities
from export.inversion.solver import DEFAULTS, Float64, Run, Settings, Solver
from export.inversion.starts import Pool
from export.runtime.arrays import Float32, Int64
from export.runtime.latents import one_hot
from export.runtime.predict import Classifier

BLOCK = 64
"""Pictures that are searched for together."""
MOST_BYTES = 2**27
"""Memory for the Jacobians of one block."""
FINISHED = 0.997
"""A search ends when an iteration leaves more than this share of the error."""


@dataclass(frozen=True)
class Effort:
    """How long to search for each picture."""

    starts: int = 3
    """Nearest samples of each tried class that the search starts from."""
    trial: int = 3
    """Iterations after which the best of them goes on alone."""
    most: int = 12
    """Iterations after that; fewer if the error hardly falls any more."""


NORMAL = Effort()


@dataclass(frozen=True)
class Found:
    """The generator's nearest images to some pictures."""

    latents: Float32
    """[n, latent]."""
    weights: Float32 | None
    """Class weights [n, classes]; None without classes."""
    rms: Float64
    """[n]: root mean squared error, weighted by the mask, in units of [-1, 1]."""

    @property
    def labels(self) -> Int64:
        """The class with the largest weight, int64 [n]; -1 without classes."""
        if self.weights is None:
            return np.full(len(self.latents), -1, np.int64)
        labels: Int64 = self.weights.argmax(axis=1)
        return labels


def invert(
    pool: Pool,
    run: Run,
    targets: Float32,
    masks: Float32 | None = None,
    labels: Int64 | None = None,
    classifier: Classifier | None = None,
    effort: Effort = NORMAL,
    settings: Settings = DEFAULTS,
    report: Callable[[int], None] = lambda _: None,
) -> Found:
    """Find the latents of targets, float32 [n, C, H, W] in [-1, 1].

    masks: float32 [n, H, W], the weight of each pixel, not negative; 0 leaves a pixel out. labels: int64 [n], the
    classes; -1, and None for all, stands for a class to be found out. classifier: see `live.usable_classifier`;
    without one, the nearest samples propose the classes. report: called with the number of finished targets; it may
    raise to stop the work. Raises ExportError if the targets or masks do not fit the generator.
    """
    info = pool.info
    # A target may have three starts of each of three classes.
    row_bytes = 4 * pool.images.shape[1] * (info.latent_size + len(info.classes) * settings.fit_weights)
    size = max(1, min(BLOCK, MOST_BYTES // (3 * effort.starts * row_bytes)))
    parts = []
    for start in range(0, len(targets), size):
        part = slice(start, start + size)
        parts.append(
            _invert(
                pool, run, targets[part], None if masks is None else masks[part],
                None if labels is None else labels[part], classifier, effort, settings,
            )
        )  # fmt: skip
        report(min(start + size, len(targets)))
    return joined(parts) if parts else _nothing(info)


def joined(parts: Sequence[Found]) -> Found:
    """Return the findings of several sets of pictures, at least one, as those of one set."""
    weights = [part.weights for part in parts if part.weights is not None]
    return Found(
        np.concatenate([part.latents for part in parts]),
        np.concatenate(weights) if weights else None,
        np.concatenate([part.rms for part in parts]),
    )


def _nothing(info: GeneratorInfo) -> Found:
    weights = np.empty((0, len(info.classes)), np.float32) if info.conditional else None
    return Found(np.empty((0, info.latent_size), np.float32), weights, np.empty(0))


def _invert(
    pool: Pool,
    run: Run,
    targets: Float32,
    masks: Float32 | None,
    labels: Int64 | None,
    classifier: Classifier | None,
    effort: Effort,
    settings: Settings,
) -> Found:
    errors = pool.squared_errors(targets, masks)
    owners, tried = _to_try(pool, targets, errors, masks, labels, classifier)
    starts = pool.nearest(errors[owners], tried, effort.starts).reshape(-1)
    owners, tried = np.repeat(owners, effort.starts), np.repeat(tried, effort.starts)
    solver = Solver(
        pool.info, targets[owners], pool.latents[starts],
        one_hot(tried, len(pool.info.classes)) if pool.info.conditional else None,
        None if masks is None else masks[owners], settings,
    )  # fmt: skip
    for _ in range(effort.trial):
        solver.step(run)
    rms = solver.rms if effort.trial else np.zeros(len(owners))
    best = np.array([np.flatnonzero(owners == each)[rms[owners == each].argmin()] for each in range(len(targets))])
    solver = solver.keep(best)

    latents, weights, rms = solver.latents.copy(), solver.weights, rms[best]
    weights = None if weights is None else weights.copy()
    unfinished = np.arange(len(targets))
    for _ in range(effort.most):
        before = rms[unfinished]
        solver.step(run)
        latents[unfinished], rms[unfinished] = solver.latents, solver.rms
        if weights is not None and solver.weights is not None:
            weights[unfinished] = solver.weights
        going = np.flatnonzero(~(rms[unfinished] > FINISHED * before) | (before == 0))
        if not len(going):
            break
        unfinished = unfinished[going]
        solver = solver.keep(going)
    return Found(latents, weights, rms)


def _to_try(
    pool: Pool,
    targets: Float32,
    errors: Float64,
    masks: Float32 | None,
    labels: Int64 | None,
    classifier: Classifier | None,
) -> tuple[Int64, Int64]:
    """Return numbers of targets and classes to try for them, int64 [m] each."""
    numbers = np.arange(len(targets), dtype=np.int64)
    if not pool.info.conditional:
        return numbers, np.full(len(targets), -1, np.int64)
    proposed = likeliest(probabilities(pool, targets, errors, masks, classifier))
    if labels is not None:
        given = labels >= 0
        proposed[given] = -1
        proposed[given, 0] = labels[given]
    rows, columns = np.nonzero(proposed >= 0)
    return rows.astype(np.int64), proposed[rows, columns]
