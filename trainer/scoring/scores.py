"""A score as typed values, its JSON file, and reading it back. Needs no torch.

Reading is lenient: what is missing in a file, or has an unexpected type, becomes None or empty, so that the files of
older versions and damaged ones can still be shown.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from digitforge.datasets import public_name
from digitforge.errors import RunError
from trainer.scoring.metrics import METRICS

MOST_CLASSES = 100
"""Values for each class are left out where there are more classes than this."""


@dataclass(frozen=True)
class Metrics:
    """The values of metrics, by the keys of METRICS. A metric that does not apply is None."""

    values: Mapping[str, float | None] = field(default_factory=dict)

    def __getitem__(self, key: str) -> float | None:
        return self.values.get(key)

    def to_json(self) -> dict[str, float | None]:
        """The values that stand at the top level of the JSON object; see `Metric.group`."""
        return {key: value for key, value in self.values.items() if not METRICS[key].group}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Metrics:
        """Read the metrics of a score's JSON object, or of its floor.

        Metrics that are newer than the file are left out.
        """
        found = {}
        for key, metric in METRICS.items():
            place = _part(values, metric.group) if metric.group else values
            if key in place or metric.group:
                found[key] = number(place.get(key))
        return cls(found)


@dataclass(frozen=True)
class Floor:
    """The metrics of real training images instead of generated ones: the best that can be expected."""

    mean: Metrics = Metrics()
    spread: Metrics = Metrics()
    """Standard deviation over the draws."""
    draws: int | None = None
    """How many times training images were drawn."""

    def to_json(self) -> dict[str, Any]:
        """The floor as JSON values."""
        mean, spread = (
            {key: value for key, value in metrics.to_json().items() if value is not None}
            for metrics in (self.mean, self.spread)
        )
        return {**mean, "spread": spread, "draws": self.draws}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Floor:
        """Read the `floor` of a score."""
        return cls(Metrics.from_json(values), Metrics.from_json(_part(values, "spread")), _count(values, "draws"))


@dataclass(frozen=True)
class Memorisation:
    """Whether a generator reproduces its training images; `trainer.scoring.memorisation` defines the values."""

    copied: float
    """Estimated share of generated images that are copies of training images."""
    error: float
    """Standard error of `copied`."""
    ratio: float
    memorises: bool
    images: int
    """How many generated images were compared."""
    problem: str = ""
    """Why copies cannot be found, as a sentence; then `copied` and `error` are nan. Empty if they can."""

    def to_json(self) -> dict[str, Any]:
        """The memorisation as JSON values."""
        return {key: value for key, value in asdict(self).items() if key != "problem" or value}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Memorisation | None:
        """Read the `memorisation` of a score."""
        copied, error, ratio = (_number(values, key) for key in ("copied", "error", "ratio"))
        images = _count(values, "images")
        problem = _text(values, "problem") or ""
        if problem and images is not None:
            return cls(math.nan, math.nan, math.nan if ratio is None else ratio, False, images, problem)
        if copied is None or error is None or ratio is None or images is None:
            return None
        return cls(copied, error, ratio, values.get("memorises") is True, images)


@dataclass(frozen=True)
class Classes:
    """How the predictions spread over the classes.

    A sequence has one entry for each class. It is empty where it does not apply, and where there are more than
    `MOST_CLASSES`.
    """

    modes: int | None = None
    """How many classes there are."""
    modes_covered: int | None = None
    """How many of them appear; see `trainer.scoring.collapse.modes`."""
    shares: tuple[float, ...] = ()
    """Share of the images that are predicted as the class."""
    twins: tuple[float, ...] = ()
    """Share of the class's images that resemble another one; see `trainer.scoring.collapse.twins`."""
    accuracies: tuple[float, ...] = ()
    """Share of the images requested of the class that are predicted as it."""
    confusion: tuple[tuple[int, ...], ...] = ()
    """Numbers of images: a row is the requested class, a column the predicted one."""

    def to_json(self) -> dict[str, Any]:
        """The top-level values of a score's JSON object."""
        sequences = {
            "twins": list(self.twins),
            "conditional_accuracy_of_classes": list(self.accuracies),
            "confusion": [list(row) for row in self.confusion],
        }
        return {
            "class_shares": list(self.shares) or None,
            **({} if self.modes is None else {"modes": self.modes}),
            "modes_covered": self.modes_covered,
            **{key: values for key, values in sequences.items() if values},
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Classes:
        """Read the top-level values of a score's JSON object."""
        return cls(
            _count(values, "modes"), _count(values, "modes_covered"), _numbers(values, "class_shares"),
            _numbers(values, "twins"), _numbers(values, "conditional_accuracy_of_classes"),
            _square(values, "confusion"),
        )  # fmt: skip


@dataclass(frozen=True)
class Pixels:
    """Statistics of the pixel values of generated images; `trainer.scoring.pixels` defines them."""

    histogram: tuple[float, ...]
    distance: float | None
    """Total variation distance of the histogram from that of real images."""
    wasserstein: float | None
    """Wasserstein distance of the histogram from that of real images, in grey levels."""
    entropy: float | None
    """Mean entropy of an image, in bits."""

    def to_json(self, suffix: str) -> dict[str, Any]:
        """The top-level values of a score's JSON object, with `suffix` after each key."""
        return {
            f"histogram_distance{suffix}": self.distance,
            f"histogram_wasserstein{suffix}": self.wasserstein,
            f"histogram_generated{suffix}": list(self.histogram),
            f"entropy_generated{suffix}": self.entropy,
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any], suffix: str) -> Pixels | None:
        """Read the top-level values with `suffix`; None where there are none."""
        if f"entropy_generated{suffix}" not in values:
            return None
        return cls(
            _numbers(values, f"histogram_generated{suffix}"), number(values.get(f"histogram_distance{suffix}")),
            number(values.get(f"histogram_wasserstein{suffix}")), number(values.get(f"entropy_generated{suffix}")),
        )  # fmt: skip


@dataclass(frozen=True)
class Facts:
    """What was scored, and with what. Scores compare only where format, count, features and data are the same."""

    format: int | None = None
    """Version of how scores are taken."""
    scored: str | None = None
    """Name of the run or of the file."""
    file_sha256: str | None = None
    weights_sha256: str | None = None
    preset: str | None = None
    dataset: str | None = None
    """The data set of the real images, a folder without its path."""
    data_sha256: str | None = None
    count: int | None = None
    """Number of generated images."""
    seed: int | None = None
    features: str | None = None
    """Name of the feature network."""
    features_sha256: str | None = None
    features_accuracy: float | None = None
    """How often the feature network is right; see `trainer.scoring.features.FeatureNetwork.accuracy`."""
    images_seen: int | None = None
    """Images that the run had trained on; None for a file."""
    training_seconds: float | None = None
    images_per_s: float | None = None

    def to_json(self) -> dict[str, Any]:
        """The facts as JSON values. What only some scores have is left out of the others."""
        of_some = ("features_accuracy", "images_seen", "training_seconds", "images_per_s")
        return {key: value for key, value in asdict(self).items() if value is not None or key not in of_some}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Facts:
        """Read the top-level values of a score's JSON object. Older ones have the paths of folders, which are cut."""
        dataset, features = (_text(values, key) for key in ("dataset", "features"))
        return cls(
            format=_count(values, "format"),
            scored=_text(values, "scored"),
            file_sha256=_text(values, "file_sha256"),
            weights_sha256=_text(values, "weights_sha256"),
            preset=_text(values, "preset"),
            dataset=dataset and public_name(dataset),
            data_sha256=_text(values, "data_sha256"),
            count=_count(values, "count"),
            seed=_count(values, "seed"),
            features=features and public_name(features),
            features_sha256=_text(values, "features_sha256"),
            features_accuracy=_number(values, "features_accuracy"),
            images_seen=_count(values, "images_seen"),
            training_seconds=_number(values, "training_seconds"),
            images_per_s=_number(values, "images_per_s"),
        )


@dataclass(frozen=True)
class Score:
    """The metrics of a generator's images beside those of real ones."""

    facts: Facts
    metrics: Metrics
    floor: Floor
    memorisation: Memorisation | None = None
    """None where it cannot be known: without unseen real images, or with other data than the generator's own."""
    classes: Classes = Classes()
    histogram: tuple[float, ...] = ()
    """Shares of the pixels in 50 intervals of the grey values."""
    histogram_real: tuple[float, ...] = ()
    """The same for the held-out images."""
    smoothed: Pixels | None = None
    """The statistics of the pixels after a Gaussian filter, where one was given."""

    def floor_of(self, key: str) -> tuple[float | None, float | None]:
        """Return mean and spread of a metric for real training images; None where they are unknown.

        `copied` is not measured for them: its floor is 0 by definition, and its spread is the standard error.
        """
        if key == "copied" and self.memorisation and not self.memorisation.problem:
            return 0.0, self.memorisation.error
        return self.floor.mean[key], self.floor.spread[key]

    def to_json(self) -> dict[str, Any]:
        """The score as JSON values, with six significant digits."""
        values = {
            **self.facts.to_json(),
            **self.metrics.to_json(),
            **self.classes.to_json(),
            "histogram_generated": list(self.histogram),
            "histogram_real": list(self.histogram_real),
            **(self.smoothed.to_json("_smoothed") if self.smoothed else {}),
            "memorisation": self.memorisation and self.memorisation.to_json(),
            "floor": self.floor.to_json(),
        }
        return {key: rounded(value) for key, value in values.items()}

    def summary(self) -> dict[str, Any]:
        """The single values of `to_json`, without its lists: what an exported file carries."""
        values = self.to_json()
        kept = {key: each for key, each in values.items() if not isinstance(each, list | dict) and key != "file_sha256"}
        floor = {key: each for key, each in values["floor"].items() if key != "spread"}
        return kept | {"floor": floor, "memorisation": values["memorisation"]}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Score:
        """Read a score's JSON object."""
        return cls(
            Facts.from_json(values),
            Metrics.from_json(values),
            Floor.from_json(_part(values, "floor")),
            Memorisation.from_json(_part(values, "memorisation")),
            Classes.from_json(values),
            _numbers(values, "histogram_generated"),
            _numbers(values, "histogram_real"),
            Pixels.from_json(values, "_smoothed"),
        )


def read_score(path: Path) -> Score:
    """Read a file written by `python -m trainer.score`. Raises RunError if it is not one."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise RunError(f"{path} cannot be read ({error}): score again.") from None
    if not isinstance(values, dict) or "format" not in values or not isinstance(values.get("floor"), dict):
        raise RunError(f"{path} is not a score of python -m trainer.score: score again.")
    return Score.from_json(values)


def rounded(value: Any) -> Any:
    """Return JSON values with six significant digits; numbers that are not finite become None."""
    if isinstance(value, float):
        return float(f"{value:.6g}") if math.isfinite(value) else None
    if isinstance(value, dict):
        return {name: rounded(each) for name, each in value.items()}
    if isinstance(value, list):
        return [rounded(each) for each in value]
    return value


def number(value: object) -> float | None:
    """Return the value if it is a finite number, else None."""
    return float(value) if type(value) in (int, float) and abs(value) < 1e300 else None  # type: ignore[arg-type]


def _part(values: Mapping[str, Any], key: str) -> dict[str, Any]:
    part = values.get(key)
    return part if isinstance(part, dict) else {}


def _text(values: Mapping[str, Any], key: str) -> str | None:
    value = values.get(key)
    return value if isinstance(value, str) else None


def _number(values: Mapping[str, Any], key: str) -> float | None:
    return number(values.get(key))


def _count(values: Mapping[str, Any], key: str) -> int | None:
    value = values.get(key)
    return value if type(value) is int and value >= 0 else None


def _numbers(values: Mapping[str, Any], key: str) -> tuple[float, ...]:
    given = values.get(key)
    found = [number(each) for each in given] if isinstance(given, list) else []
    return () if None in found else tuple(each for each in found if each is not None)


def _square(values: Mapping[str, Any], key: str) -> tuple[tuple[int, ...], ...]:
    """A square matrix of counts; empty where it is anything else, or too large."""
    rows = values.get(key)
    if not isinstance(rows, list) or len(rows) > MOST_CLASSES:
        return ()
    if any(not isinstance(row, list) or len(row) != len(rows) for row in rows):
        return ()
    if any(type(cell) is not int or cell < 0 for row in rows for cell in row):
        return ()
    return tuple(map(tuple, rows))
