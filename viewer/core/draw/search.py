"""Follow a drawing with the generator: the search for the latent whose picture is nearest to what is drawn."""

from __future__ import annotations

from dataclasses import dataclass, replace

from digitforge.errors import ExportError
from export.contract import GeneratorInfo
from export.inversion.checks import check_searchable
from export.inversion.live import Answer, LiveInversion, usable_classifier
from export.inversion.normalise import has_light_paper, to_target
from export.inversion.solver import DIRECTIONS, Run
from export.inversion.starts import Pool
from export.runtime.arrays import Float32, UInt8
from export.runtime.pixels import to_pixels
from export.runtime.predict import Classifier
from viewer.core.draw.closeness import relative_error, with_lost
from viewer.core.state.samples import Sample, held_sample

ORIGIN = "drawn"
"""What captions say of a found latent."""
STEPS, REFINEMENTS = 4, 8
"""Iterations for a drawing that rests: from the last latent alone, then from other starts and classes too."""
EDGES = 64
"""Samples whose edges tell the colour of the paper."""
MOST_NUMBERS = 2**24
"""Numbers of a Jacobian: 64 MiB."""


def cannot_draw(info: GeneratorInfo) -> str:
    """Say why a drawing cannot be followed with this generator; empty if it can."""
    try:
        check_searchable(info)
    except ExportError as error:
        return str(error)
    size = info.channels * info.height * info.width
    if min(info.latent_size, DIRECTIONS) * size > MOST_NUMBERS:
        return f"The pictures of this generator, {info.width}x{info.height}, are too large to follow a drawing."
    return ""


@dataclass(frozen=True)
class Candidate:
    """A sample that answers a drawing."""

    sample: Sample
    error: float
    """See `relative_error`."""
    pixels: UInt8
    """Its picture, uint8 [h, w] or [h, w, 3]."""


@dataclass(frozen=True)
class Found:
    """The state of a search after an iteration."""

    revision: int
    """Of the drawing that was searched for."""
    best: Candidate
    alternatives: tuple[Candidate, ...]
    """The best sample of each class that was tried, the nearest first."""
    light_paper: bool
    """Whether the generator draws dark on light."""
    finished: bool
    """Whether more iterations are not worth it."""

    def with_lost(self, lost: float) -> Found:
        """Return what was found for a drawing that goes beyond the sheet; see `closeness.with_lost`."""
        best, *others = (replace(one, error=with_lost(one.error, lost)) for one in (self.best, *self.alternatives))
        return replace(self, best=best, alternatives=tuple(others))


class Search:
    """A search in short steps with one generator. Use it from one thread at a time."""

    def __init__(self) -> None:
        self._pool: Pool | None = None
        self._classifier: Classifier | None = None
        self._light_paper = False
        self._inversion: LiveInversion | None = None
        self._target: Float32 | None = None
        self._revision = -1
        self._iterations = 0

    def prepare(self, info: GeneratorInfo, run: Run) -> None:
        """Draw the samples that searches start from, once; it takes as long as 4,000 pictures. Raises ExportError."""
        if self._pool is not None:
            return
        if reason := cannot_draw(info):
            raise ExportError(reason)
        pool = Pool.draw(info, run)
        some = pool.images[:EDGES].reshape(-1, info.channels, info.height, info.width)
        self._light_paper = has_light_paper(to_pixels(some))
        self._classifier = usable_classifier(pool)
        self._pool = pool

    def step(self, info: GeneratorInfo, run: Run, ink: Float32, revision: int) -> Found:
        """Run the next iteration for a drawing. A drawing that has changed goes on from the last latent.

        ink: the drawing in the generator's size, float32 [height, width]. revision: another number for another drawing.
        Raises ExportError if the generator cannot be searched.
        """
        self.prepare(info, run)
        assert self._pool is not None
        if revision != self._revision or self._target is None:
            self._target = to_target(ink, info.channels, self._light_paper)
            self._revision, self._iterations = revision, 0
            if self._inversion is None:
                self._inversion = LiveInversion(self._pool, self._target, classifier=self._classifier)
            else:
                self._inversion.retarget(self._target)
        assert self._inversion is not None
        answer = self._inversion.step(run) if self.quick(revision) else self._inversion.refine(run)
        self._iterations += 1
        return Found(
            revision,
            self._candidate(answer),
            tuple(self._candidate(one) for one in self._inversion.alternatives),
            self._light_paper,
            self._iterations >= STEPS + REFINEMENTS,
        )

    def quick(self, revision: int) -> bool:
        """Whether the next iteration for a drawing is a quick one."""
        return revision != self._revision or self._iterations < STEPS

    def _candidate(self, answer: Answer) -> Candidate:
        assert self._target is not None
        sample = held_sample(answer.latent, answer.weights, ORIGIN)
        return Candidate(sample, relative_error(answer.rms, self._target), to_pixels(answer.image[None])[0])
