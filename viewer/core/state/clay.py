"""A picture that is being shaped: what was painted on it, and what the generator made of that."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from viewer.core.plain import check_range
from viewer.core.state.drawing import MOST_STROKES, Stroke
from viewer.core.state.samples import LONGEST_ORIGIN, Sample

START_STRENGTH = 0.7
SHAPED = "shaped"
"""What captions say of the result."""


@dataclass(frozen=True)
class Clay:
    """A sample, and strokes on its picture. Raises ValueError for a value out of range."""

    base: Sample | None = None
    """The sample whose picture is shaped; None if there is none."""
    cell: int = 0
    """The cell of the grid that takes the result, in a mode whose pictures cannot be replaced."""
    strokes: tuple[Stroke, ...] = ()
    """An eraser paints as dark as pixels are, a pen as light as they are."""
    strength: float = START_STRENGTH
    """How much more the paint counts than the rest of the picture: 0 to 1."""
    answer: Sample | None = None
    """What the generator made of it; None before the first stroke."""
    settled: bool = True
    """Whether the answer belongs to these strokes, so that nothing remains to be searched."""

    def __post_init__(self) -> None:
        check_range("the strength", self.strength, 0, 1)
        check_range("the number of strokes", len(self.strokes), 0, MOST_STROKES)

    @property
    def shown(self) -> Sample | None:
        """The sample as it is now."""
        return self.base if self.answer is None else self.answer

    @property
    def full(self) -> bool:
        """Whether the picture takes no more strokes."""
        return len(self.strokes) == MOST_STROKES

    def with_stroke(self, stroke: Stroke) -> Clay:
        """Return the clay with another stroke, if there is room."""
        return self if self.full else replace(self, strokes=(*self.strokes, stroke), settled=False)

    def with_strength(self, strength: float) -> Clay:
        """Return the clay with another strength, clamped to its range."""
        strength = min(max(strength, 0.0), 1.0)
        if strength == self.strength:
            return self
        return replace(self, strength=strength, settled=not self.strokes)

    def with_answer(self, answer: Sample, settled: bool) -> Clay:
        """Return the clay with another answer."""
        return replace(self, answer=answer, settled=settled)

    def cleared(self) -> Clay:
        """Return the clay as it was before the first stroke."""
        return replace(self, strokes=(), answer=None, settled=True)

    def changed(self, change: Callable[[Sample], Sample | None]) -> Clay:
        """Return the clay with other samples; none if one is left out."""
        samples = [None if one is None else change(one) for one in (self.base, self.answer)]
        if samples[0] is None or (self.answer is not None and samples[1] is None):
            return Clay()
        return replace(self, base=samples[0], answer=samples[1])


def shaped_origin(base: Sample) -> str:
    """Return the `origin` of what is made of a sample: "seed 3, shaped"."""
    before = base.origin if base.held else f"seed {base.seed}"
    if not before or before.endswith(SHAPED):
        return before or SHAPED
    after = f"{before}, {SHAPED}"
    return after if len(after) <= LONGEST_ORIGIN else SHAPED
