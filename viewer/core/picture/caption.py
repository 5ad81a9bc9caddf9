"""What a classifier predicts for a picture, and the caption of a cell."""

from __future__ import annotations

from dataclasses import dataclass

from viewer.core.state.samples import Sample


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
    parts = [f"seed {sample.seed} : {sample.index}"]
    if sample.label is not None:
        parts.append(f"class {classes[sample.label]}")
    if prediction is not None:
        name, confidence = prediction.best
        parts.append(f"predicted {name}, {percent(confidence)}")
    return "   ·   ".join(parts)


def percent(probability: float) -> str:
    """Format a probability, rounded down so that 99.97 % does not become 100 %."""
    return f"{int(probability * 1000) / 10:.1f} %"
