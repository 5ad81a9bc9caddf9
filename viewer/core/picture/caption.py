"""What a classifier says about a picture, and what is said about a cell."""

from __future__ import annotations

from dataclasses import dataclass

from viewer.core.state.samples import Sample


@dataclass(frozen=True)
class Reading:
    """Probabilities of one picture's classes."""

    classes: tuple[str, ...]
    probabilities: tuple[float, ...]

    @property
    def best(self) -> tuple[str, float]:
        """The likeliest class and its probability."""
        place = max(range(len(self.classes)), key=self.probabilities.__getitem__)
        return self.classes[place], self.probabilities[place]


def caption(sample: Sample, classes: tuple[str, ...], reading: Reading | None) -> str:
    """One line about a cell. classes: the generator's names; reading: None where nobody has read it."""
    parts = [f"seed {sample.seed} : {sample.index}"]
    if sample.label is not None:
        parts.append(f"made as {classes[sample.label]}")
    if reading is not None:
        name, confidence = reading.best
        parts.append(f"read as {name}, {percent(confidence)}")
    return "   ·   ".join(parts)


def percent(probability: float) -> str:
    """A probability that never says more than it knows: 99.97 % is not 100 %."""
    return f"{int(probability * 1000) / 10:.1f} %"
