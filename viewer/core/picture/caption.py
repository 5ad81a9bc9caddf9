"""What a classifier predicts for a picture, and the caption of a cell."""

from __future__ import annotations

from dataclasses import dataclass

from viewer.core.state.samples import Sample, listed

LEAST_SHARE = 0.01
"""Classes with a smaller weight than this share of the largest one are not named."""
SEPARATOR = "   ·   "
"""Between the parts of a caption, the most important of which is the last."""
MOST_NAMED = 4
"""Only so many classes are named."""


@dataclass(frozen=True)
class Prediction:
    """The class probabilities of one picture."""

    classes: tuple[str, ...]
    probabilities: tuple[float, ...]

    @property
    def best(self) -> tuple[str, float]:
        """The most probable class and its probability."""
        place = max(range(len(self.classes)), key=self.probabilities.__getitem__)
        return self.classes[place], self.probabilities[place]


def caption(sample: Sample, classes: tuple[str, ...], prediction: Prediction | None) -> str:
    """Return one line about a cell.

    classes: the generator's class names. prediction: None if the picture has not been classified.
    """
    parts = [origin(sample)] if not sample.held or sample.origin or not sample.mix else []
    if sample.mix:
        parts.append(kind(sample, classes))
    if prediction is not None:
        name, confidence = prediction.best
        parts.append(f"predicted {name}, {percent(confidence)}")
    return SEPARATOR.join(parts)


def origin(sample: Sample) -> str:
    """Return what makes a sample's latent: "seed 3 : 17" or "between seeds 3 and 4"."""
    return (sample.origin or "a latent of its own") if sample.held else f"seed {sample.seed} : {sample.index}"


def names(sample: Sample, classes: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names of a sample's largest classes, in the order of the classes."""
    largest = max((abs(weight) for _, weight in sample.mix), default=0.0)
    parts = [part for part in sample.mix if abs(part[1]) >= LEAST_SHARE * largest]
    parts = sorted(parts, key=lambda part: -abs(part[1]))[:MOST_NAMED]
    return tuple(classes[number] for number, _ in sorted(parts))


def kind(sample: Sample, classes: tuple[str, ...]) -> str:
    """Return the classes of a sample that has some: "class 4", "between 4 and 7" or "almost 4"."""
    named = names(sample, classes)
    if len(named) > 1:
        return f"between {listed(named)}"
    return f"class {named[0]}" if len(sample.mix) == 1 else f"almost {named[0]}"


def percent(probability: float) -> str:
    """Format a probability, rounded down so that 99.97 % does not become 100 %."""
    return f"{int(probability * 1000) / 10:.1f} %"
