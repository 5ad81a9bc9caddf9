"""Follow one picture while it is drawn: the latent of the last moment is where the next search starts.

    pool = Pool.draw(info, run)                            # once for each generator, about half a second
    classifier = usable_classifier(pool)                   # once; None where the bundled one does not fit
    inversion = LiveInversion(pool, picture, classifier=classifier)
    answer = inversion.step(run)                           # one iteration; draw answer.image
    inversion.retarget(picture)                            # the pen moved
    answer = inversion.step(run)
    answer = inversion.refine(run)                         # the pen rests: other classes and other starts, too
    inversion.alternatives                                 # "as a 4", "as a 9"

Nothing here keeps a generator: `run` is passed to each call, which returns when its few runs are done. Frames can be
rendered between two calls, and a search is cancelled by not calling it again.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from digitforge.errors import ExportError, ModelRefused
from export.inversion.classes import fits, likeliest, probabilities
from export.inversion.solver import DEFAULTS, Run, Settings, Solver
from export.inversion.starts import Pool
from export.runtime.arrays import Float32, Int64
from export.runtime.predict import Classifier, open_classifier

STARTS = 2
"""Samples of each tried class that `refine` starts from, besides the latent that is known already."""
TRIAL_STEPS = 3
"""Iterations after which `refine` goes on with the best start of each class alone."""
QUICK = 16
"""Columns of the Jacobian that `step` computes again. Between two answers the latent hardly moves, so that the others
still hold, and an answer takes a third of the images."""
BETTER = 0.98
"""Another search replaces the leading one if its error is below this share of the leading one's."""
SURER = 2.0
"""The class changes while a picture changes if the new one is likelier than the current one by this factor."""


@dataclass(frozen=True)
class Answer:
    """The generator's nearest image to a target, as far as it has been found."""

    latent: Float32
    """[latent]."""
    weights: Float32 | None
    """Class weights [classes]; None without classes."""
    image: Float32
    """[C, H, W] in [-1, 1]."""
    rms: float
    """Root mean squared error, weighted by the mask, in units of [-1, 1]."""

    @property
    def label(self) -> int:
        """The class with the largest weight; -1 without classes."""
        return -1 if self.weights is None else int(self.weights.argmax())


def usable_classifier(pool: Pool) -> Classifier | None:
    """Return the bundled classifier if it reads the generator's classes, else None."""
    try:
        classifier = open_classifier()
    except ModelRefused:
        return None
    return classifier if fits(classifier, pool) else None


class LiveInversion:
    """The search for the latent of one target. Use it from one thread at a time."""

    def __init__(
        self,
        pool: Pool,
        target: Float32,
        mask: Float32 | None = None,
        weights: Float32 | None = None,
        latent: Float32 | None = None,
        classifier: Classifier | None = None,
        settings: Settings = DEFAULTS,
    ) -> None:
        """Prepare the search; `step` and `refine` run it.

        target: float32 [C, H, W] in [-1, 1]. mask: float32 [H, W], the weight of each pixel, not negative; 0 leaves a
        pixel out. weights: float32 [classes], which are kept; None: the class is found out and may change with the
        target. latent: float32 [latent], where the search starts; None: at the nearest sample of the pool.
        classifier: see `usable_classifier`; without one, the nearest samples of the pool propose the classes.
        Raises ExportError if an argument does not fit the generator, or its latents are too long to search.
        """
        self.pool, self.settings = pool, settings
        self._classifier = classifier
        self._given = _checked("Class weights", weights, len(pool.info.classes))
        if not pool.info.conditional:
            self._given = None
        self._wide: Solver | None = None
        self._wide_steps = 0
        self._target, self._mask = target[None], None if mask is None else mask[None]
        self._read_target()
        start = _checked("A latent", latent, pool.info.latent_size)
        label = self._tried[0]
        self._leading = self._solver(self._nearest(label, 1) if start is None else start[None], [label])

    @property
    def tried(self) -> tuple[int, ...]:
        """The classes that `refine` tries, likeliest first; (-1,) without classes or with given weights."""
        return tuple(self._tried)

    @property
    def alternatives(self) -> tuple[Answer, ...]:
        """The best answer of each class that has been tried, lowest error first. Raises RuntimeError before a step."""
        found: dict[int, Answer] = {}
        for solver in (self._leading, self._wide):
            for row in range(0 if solver is None else len(solver)):
                one = answer_of(solver, row)  # type: ignore[arg-type]
                if one.label not in found or one.rms < found[one.label].rms:
                    found[one.label] = one
        return tuple(sorted(found.values(), key=lambda each: each.rms))

    def retarget(self, target: Float32, mask: Float32 | None = None) -> None:
        """Replace the target; see `__init__`. The search goes on from the last latent, unless the class changes."""
        self._target, self._mask = target[None], None if mask is None else mask[None]
        self._wide = None
        self._read_target()
        label = self._tried[0]
        if label >= 0 and self._probability(label) > SURER * self._probability(self._label):
            self._leading = self._solver(self._nearest(label, 1), [label])
        else:
            self._leading.retarget(self._target, self._mask)

    def step(self, run: Run) -> Answer:
        """Run one iteration from the last latent, and return what it found.

        It takes three calls of `run`: one with QUICK images, and two with four images each. Where the search begins, or
        its class changes, it takes four: one with an image for each of the latent's numbers, up to 128, instead.
        """
        self._leading.step(run, QUICK)
        return answer_of(self._leading, 0)

    def refine(self, run: Run) -> Answer:
        """Run one iteration of the likeliest classes and of several starts, and return the best answer so far.

        It generates up to nine times as many images as `step`, and three times as many from the fourth call on.
        """
        if self._wide is None:
            self._leading.step(run)
            self._widen()
        assert self._wide is not None
        self._wide.step(run)
        self._wide_steps += 1
        errors, labels = self._wide.rms, self._labels(self._wide)
        if self._wide_steps == TRIAL_STEPS:
            best = [int(np.where(labels == label, errors, np.inf).argmin()) for label in dict.fromkeys(labels.tolist())]
            self._wide = self._wide.keep(np.array(best))
            errors = self._wide.rms
        if errors.min() < BETTER * self._leading.rms[0]:
            self._leading = self._wide.keep(np.array([errors.argmin()]))
        return answer_of(self._leading, 0)

    @property
    def _label(self) -> int:
        return int(self._labels(self._leading)[0])

    @staticmethod
    def _labels(solver: Solver) -> Int64:
        found: Int64 = np.full(len(solver), -1) if solver.weights is None else solver.weights.argmax(axis=1)
        return found

    def _read_target(self) -> None:
        self._errors = self.pool.squared_errors(self._target, self._mask)
        self._tried, self._probabilities = [-1], np.zeros(0)
        if self._given is None and self.pool.info.conditional:
            found = probabilities(self.pool, self._target, self._errors, self._mask, self._classifier)
            self._probabilities = found[0]
            self._tried = [int(label) for label in likeliest(found)[0] if label >= 0]

    def _probability(self, label: int) -> float:
        return float(self._probabilities[label])

    def _nearest(self, label: int, count: int) -> Float32:
        """Return the latents of the nearest samples of a class, [count, latent]; -1: of the given weights' class."""
        if self._given is not None:
            label = int(self._given.argmax())
        latents: Float32 = self.pool.latents[self.pool.nearest(self._errors, np.array([label]), count)[0]]
        return latents

    def _solver(self, latents: Float32, labels: list[int]) -> Solver:
        """Return a solver for one latent of each label."""
        weights = None
        if self._given is not None:
            weights = np.repeat(self._given[None], len(labels), axis=0)
        elif self.pool.info.conditional:
            weights = np.eye(len(self.pool.info.classes), dtype=np.float32)[labels]
        targets = np.repeat(self._target, len(labels), axis=0)
        masks = None if self._mask is None else np.repeat(self._mask, len(labels), axis=0)
        return Solver(self.pool.info, targets, latents, weights, masks, self.settings)

    def _widen(self) -> None:
        """Prepare the search from several starts of each class that is tried, besides the leading one."""
        labels = [label for label in self._tried for _ in range(STARTS)]
        starts = np.concatenate([self._nearest(label, STARTS) for label in self._tried])
        self._wide, self._wide_steps = self._solver(starts, labels), 0


def answer_of(solver: Solver, row: int) -> Answer:
    """Return what a solver has found for one of its targets. Raises RuntimeError before a step."""
    weights = None if solver.weights is None else solver.weights[row]
    return Answer(solver.latents[row], weights, solver.images[row], float(solver.rms[row]))


def _checked(name: str, value: Float32 | None, size: int) -> Float32 | None:
    if value is None:
        return None
    if value.shape != (size,) or not np.isfinite(value).all():
        raise ExportError(f"{name} for this generator must be {size} finite numbers.")
    return value.astype(np.float32)
