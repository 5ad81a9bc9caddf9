"""What the figures of a score are called, what they mean, and reading them back from the file that score.py wrote."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from digitforge.errors import RunError


@dataclass(frozen=True)
class Figure:
    """One figure, as people read it. better: which direction is ("lower", "higher", or "near" the floor)."""

    key: str
    name: str
    column: str
    """A name of at most ten characters, for narrow columns."""
    better: str
    sentence: str
    around_zero: bool = False
    """Whether it is an unbiased estimate of something that is 0 at best: what is about 0 is as good as 0."""

    @property
    def direction(self) -> str:
        """The direction in words."""
        return "nearest to real is better" if self.better == "near" else f"{self.better} is better"

    def badness(self, value: float, floor: float | None, spread: float | None) -> float:
        """What the best value has least of; the floor and its spread say what is chance."""
        if self.better == "near":
            return abs(value - (floor or 0))
        if self.better == "higher":
            return -value
        return max(value, (floor or 0) + 2 * (spread or 0)) if self.around_zero else value


FIGURES = (
    Figure(
        "frechet_distance", "Fréchet distance", "Fréchet", "lower",
        "How far the features of generated images are from those of real ones, in mean and covariance.",
    ),
    Figure(
        "kernel_distance", "Kernel distance", "kernel", "lower",
        "The same by a kernel, unbiased by the number of images: around 0, of either sign, there is no difference.",
        around_zero=True,
    ),
    Figure("precision", "Precision", "precision", "higher", "The share of generated images that look real."),
    Figure("recall", "Recall", "recall", "higher", "The share of real images that the generator could have made."),
    Figure(
        "density", "Density", "density", "higher",
        "In how many real images' neighbourhoods a generated image lies, over the number expected: near 1 for real "
        "images; outliers count for less than in precision.",
    ),
    Figure(
        "coverage", "Coverage", "coverage", "higher",
        "The share of real images that have a generated one in their neighbourhood; falls when variety is missing.",
    ),
    Figure(
        "classifier_score", "Classifier score", "classifier", "higher",
        "High when every image is read surely and all classes are equally frequent (the Inception score's formula); "
        "blind to variety within a class.",
    ),
    Figure(
        "conditional_accuracy", "Conditional accuracy", "accuracy", "higher",
        "How often an image is read as the class that was asked for.",
    ),
    Figure(
        "class_kl_nats", "Class divergence", "class KL", "lower",
        "How far the classes are from equal shares, in nats.",
    ),
    Figure("collapse_rate", "Collapse rate", "collapse", "lower", "The share of the classes that hardly ever appear."),
    Figure(
        "histogram_distance", "Histogram distance", "histogram", "lower",
        "The share of pixels that would need another grey value to make the histograms equal.",
    ),
    Figure(
        "histogram_wasserstein", "Histogram transport", "transport", "lower",
        "How many grey levels the average pixel would have to move to make the histograms equal.",
    ),
    Figure(
        "entropy_generated", "Pixel entropy", "entropy", "near",
        "Bits in the grey values of an image, on average; noise and blur raise it.",
    ),
    Figure(
        "copied", "Copied", "copied", "lower",
        "The estimated share of copies of training images; around 0, of either sign, there are none.",
        around_zero=True,
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Scores:
    """The figures of one generator. What is missing in `values`, or is no finite number, is None."""

    values: Mapping[str, Any]

    def figure(self, key: str) -> float | None:
        """The figure of the generated images."""
        return number(self.part("memorisation").get(key) if key == "copied" else self.values.get(key))

    def floor(self, key: str) -> float | None:
        """The same figure of real training images; of `copied`, what no copies at all have."""
        if key == "copied":
            return None if self.figure(key) is None else 0.0
        return number(self.part("floor").get(key))

    def spread(self, key: str) -> float | None:
        """The standard deviation of the floor; of `copied`, the standard error."""
        if key == "copied":
            return number(self.part("memorisation").get("error"))
        spread = self.part("floor").get("spread")
        return number(spread.get(key)) if isinstance(spread, dict) else None

    def part(self, key: str) -> dict[str, Any]:
        """An object among the values; empty where there is none."""
        part = self.values.get(key)
        return part if isinstance(part, dict) else {}

    def numbers(self, key: str) -> list[float]:
        """A list of numbers; empty where there is none."""
        found = self.values.get(key)
        values = [number(each) for each in found] if isinstance(found, list) else []
        return [] if None in values else [each for each in values if each is not None]

    def count(self, key: str) -> int | None:
        """A whole number that is not negative."""
        value = self.values.get(key)
        return value if type(value) is int and value >= 0 else None

    def text(self, key: str) -> str:
        """A text; empty where there is none."""
        value = self.values.get(key)
        return value if isinstance(value, str) else ""


def read_scores(path: Path) -> Scores:
    """The scores in a file of score.py. Raises RunError where it is no such file."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise RunError(f"{path} cannot be read ({error}): score again.") from None
    if not isinstance(values, dict) or "format" not in values or not isinstance(values.get("floor"), dict):
        raise RunError(f"{path} holds no scores of python -m trainer.score: score again.")
    return Scores(values)


def number(value: object) -> float | None:
    """The value where it is a finite number."""
    return float(value) if type(value) in (int, float) and abs(value) < 1e300 else None  # type: ignore[arg-type]


def tell(value: float | None, digits: int = 4) -> str:
    """A number for reading, the same on a page and in a terminal: "0.9405", "7.89×10⁻⁵", "–" for None."""
    if value is None:
        return "–"
    written = f"{value:.{digits}g}" if abs(value) < 1e4 else f"{value:,.0f}"
    if value and not 1e-3 <= abs(float(written.replace(",", ""))) < 1e6:
        factor, power = f"{value:.{min(digits, 3) - 1}e}".split("e")
        factor = factor.rstrip("0").rstrip(".") if "." in factor else factor
        power = str(int(power)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
        written = {"1": f"10{power}", "-1": f"-10{power}"}.get(factor, f"{factor}×10{power}")
    return written.replace("-", "−")
