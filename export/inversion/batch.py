"""Find the latents of many pictures at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from export.contract import GeneratorInfo
from export.inversion.classes import MOST_TRIED, likeliest, probabilities
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
    """Iterations after which the best start of each class goes on alone."""
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
    tried: Int64
    """[n, MOST_TRIED]: the classes that were tried, that of the lowest error first; -1 in place of further ones, and
    without classes."""
    tried_rms: Float64
    """[n, MOST_TRIED]: the error that each of them ended with; NaN where there is none."""

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
        np.concatenate([part.tried for part in parts]),
        np.concatenate([part.tried_rms for part in parts]),
    )


def _nothing(info: GeneratorInfo) -> Found:
    weights = np.empty((0, len(info.classes)), np.float32) if info.conditional else None
    tried = np.empty((0, MOST_TRIED))
    return Found(np.empty((0, info.latent_size), np.float32), weights, np.empty(0), tried.astype(np.int64), tried)


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
    each = np.repeat(np.arange(len(owners)), effort.starts)
    solver = Solver(
        pool.info, targets[owners[each]], pool.latents[starts],
        one_hot(tried[each], len(pool.info.classes)) if pool.info.conditional else None,
        None if masks is None else masks[owners[each]], settings,
    )  # fmt: skip
    for _ in range(effort.trial):
        solver.step(run)
    rms = solver.rms.reshape(-1, effort.starts) if effort.trial else np.zeros((len(owners), effort.starts))
    best = np.arange(len(owners)) * effort.starts + rms.argmin(axis=1)
    return _chosen(len(targets), owners, tried, *_finished(solver.keep(best), run, rms.min(axis=1), effort.most))


def _finished(solver: Solver, run: Run, rms: Float64, most: int) -> tuple[Float32, Float32 | None, Float64]:
    """Search on until an iteration gains hardly anything; return latents, class weights and errors.

    rms: the errors so far.
    """
    latents, weights = solver.latents.copy(), None if solver.weights is None else solver.weights.copy()
    unfinished = np.arange(len(solver))
    for _ in range(most):
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
    return latents, weights, rms


def _chosen(count: int, owners: Int64, tried: Int64, latents: Float32, weights: Float32 | None, rms: Float64) -> Found:
    """Choose the class of the lowest error for each of `count` targets. The rows of the arrays are targets' classes."""
    classes, errors = np.full((count, MOST_TRIED), -1, np.int64), np.full((count, MOST_TRIED), np.nan)
    best = np.empty(count, np.int64)
    for target in range(count):
        rows = np.flatnonzero(owners == target)
        rows = rows[rms[rows].argsort(kind="stable")]
        best[target] = rows[0]
        classes[target, : len(rows)], errors[target, : len(rows)] = tried[rows], rms[rows]
    return Found(latents[best], None if weights is None else weights[best], rms[best], classes, errors)


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
