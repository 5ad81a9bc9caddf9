"""What report.html shows of a score, prepared for its template. Nothing is computed from images here."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from digitforge.errors import RunError
from trainer.report.formats import format_number
from trainer.report.pages import Picture, read_picture
from trainer.runs import SCORES_FILE
from trainer.scoring.metrics import Metric, shown_metrics
from trainer.scoring.scores import MOST_CLASSES, Facts, Floor, Metrics, Score, read_score

PICTURES = ("generated", "real", "generated_smoothed", "neighbours", "least_confident", "most_confident")
MOST_BYTES = 4 * 2**20
"""Larger pictures are left out."""


@dataclass(frozen=True)
class MetricRow:
    """A metric with its value and its floor."""

    metric: Metric
    value: float
    floor: float | None
    spread: float | None


@dataclass(frozen=True)
class Histogram:
    """Shares of pixels on a logarithmic scale. Heights are 0 to 100; curves are SVG paths in a box of `bins` x 100."""

    bins: int
    curves: list[tuple[str, str, str]]
    """Name, colour and path of each."""
    ticks: list[tuple[float, str]]
    """Height and label of each."""


@dataclass(frozen=True)
class PixelRow:
    """A statistic of the pixel values."""

    name: str
    generated: float | None
    filtered: float | None
    """After the Gaussian filter; None without one."""
    real: float | None


@dataclass(frozen=True)
class ClassRow:
    """The values of one class; None where one is missing."""

    name: str
    share: float | None
    accuracy: float | None
    twins: float | None
    width: float
    """The share relative to the largest one, in per cent."""


@dataclass(frozen=True)
class Cell:
    """A cell of the confusion matrix. level: 0 to 10, for its shade."""

    count: int
    level: int


@dataclass(frozen=True)
class ScoreSections:
    """All that the report shows of a score and of the scores during training."""

    score: Score
    problem: str
    """Why there is no score, where scores.json cannot be read."""
    rows: list[MetricRow]
    headline: tuple[float, str] | None
    """The Fréchet distance, and what to show beside it."""
    older: bool
    """Whether the run has trained on since it was scored."""
    curves: list[Metric]
    """The metrics that the log holds."""
    floors: dict[str, tuple[float | None, str]]
    """The floor of each curve, and a remark on it, by the metric's key."""
    pictures: dict[str, Picture | None]
    pair_rows: list[str]
    """Labels of the rows of neighbours.png."""
    histogram: Histogram | None
    pixels: list[PixelRow]
    classes: list[ClassRow]
    class_names: list[str]
    """Labels of the confusion matrix."""
    confusion: list[list[Cell]]
    verdict: str
    """Whether the generator memorises, as a sentence; empty if that is not known."""


def gather(run_dir: Path, images: Mapping[str, Any], seen: int, last: Mapping[str, float]) -> ScoreSections | None:
    """Read the score of a run; None if it has none, and none during training either.

    images: the run's image format; seen: images it has seen; last: the newest values in its log.
    """
    path = run_dir / SCORES_FILE
    score, problem = Score(Facts(), Metrics(), Floor()), ""
    pictures: dict[str, Picture | None] = dict.fromkeys(PICTURES)
    if path.is_file():
        try:
            score = read_score(path)
            pictures = {name: read_picture(run_dir / "scores" / f"{name}.png", MOST_BYTES) for name in PICTURES}
        except RunError as error:
            problem = str(error)
    elif not any(metric.key in last for metric in shown_metrics()):
        return None
    taken_at = score.facts.images_seen
    names = images.get("classes")
    rows = class_rows(score, names if isinstance(names, list) else [])
    confusion = confusion_cells(score)
    return ScoreSections(
        score=score,
        problem=problem,
        rows=metric_rows(score),
        headline=_headline(score, seen),
        older=taken_at is not None and taken_at != seen,
        curves=[metric for metric in shown_metrics() if metric.key in last],
        floors={metric.key: _floor(metric.key, score, last) for metric in shown_metrics()},
        pictures=pictures,
        pair_rows=pair_rows(pictures["neighbours"], images.get("size")),
        histogram=histogram(score),
        pixels=pixel_rows(score),
        classes=rows,
        class_names=[row.name for row in rows] if len(rows) == len(confusion) else [*map(str, range(len(confusion)))],
        confusion=confusion,
        verdict=verdict(score),
    )


def _headline(score: Score, seen: int) -> tuple[float, str] | None:
    distance, taken_at = score.metrics["frechet_distance"], score.facts.images_seen
    if distance is None:
        return None
    beside = [f"at {taken_at:,} images"] if taken_at is not None and taken_at != seen else []
    floor, _ = score.floor_of("frechet_distance")
    beside += [f"real images {format_number(floor)}"] if floor is not None else []
    return distance, ", ".join(beside)


def _floor(key: str, score: Score, last: Mapping[str, float]) -> tuple[float | None, str]:
    """Return the floor for a curve, from the log or else from the score, and a remark on it."""
    if f"floor_{key}" in last:
        return last[f"floor_{key}"], ""
    floor, count = score.floor_of(key)[0], score.facts.count
    return floor, "" if count is None or floor is None else f"; the floor is that of {count:,} images"


def metric_rows(score: Score) -> list[MetricRow]:
    """Return the metrics that the score has."""
    return [
        MetricRow(metric, value, *score.floor_of(metric.key))
        for metric in shown_metrics()
        if (value := score.metrics[metric.key]) is not None
    ]


def pixel_rows(score: Score) -> list[PixelRow]:
    """Return the statistics of the pixels that the score has."""
    metrics, after = score.metrics, score.smoothed
    distance, transport, entropy = (after.distance, after.wasserstein, after.entropy) if after else (None, None, None)
    floors = [score.floor_of(key)[0] for key in ("histogram_distance", "histogram_wasserstein")]
    rows = [
        PixelRow("Histogram distance", metrics["histogram_distance"], distance, floors[0]),
        PixelRow("Histogram transport", metrics["histogram_wasserstein"], transport, floors[1]),
        PixelRow("Entropy, bits", metrics["entropy_generated"], entropy, metrics["entropy_real"]),
    ]
    return [row for row in rows if row.generated is not None]


def histogram(score: Score) -> Histogram | None:
    """Return the histograms of the pixels, real ones first; None if they are missing."""
    sets = [
        ("Real, held out", "grey", score.histogram_real),
        ("Generated", "orange", score.histogram),
        ("Generated, after the filter", "blue", score.smoothed.histogram if score.smoothed else ()),
    ]
    present = [(name, colour, shares) for name, colour, shares in sets if shares]
    if not present or len({len(shares) for *_, shares in present}) > 1:
        return None
    positive = [share for *_, shares in present for share in shares if share > 0]
    low = max(math.floor(math.log10(min(positive, default=0.1))), -5)
    if low >= 0:
        return None

    def height(share: float) -> float:
        return 100 * (1 - min(math.log10(max(share, 10.0**low)) / low, 1)) if share < 1 else 100

    curves = []
    for name, colour, shares in present:
        steps = "".join(f"V{100 - height(share):.2f}H{place + 1}" for place, share in enumerate(shares))
        curves.append((name, colour, f"M0 100{steps}V100"))
    ticks = [(100 - 100 * power / low, f"{100 * 10.0**power:g} %") for power in range(low, 1)]
    return Histogram(len(present[0][2]), curves, ticks)


def class_rows(score: Score, names: Sequence[Any]) -> list[ClassRow]:
    """Return the values of each class; nothing if there are none, or too many classes. names: of the classes."""
    found = score.classes
    count = max(map(len, (found.shares, found.accuracies, found.twins)))
    if count > MOST_CLASSES:
        return []
    labels = list(map(str, names)) if len(names) == count else list(map(str, range(count)))
    most = max(found.shares, default=0) or 1

    def column(values: Sequence[float]) -> Sequence[float | None]:
        return values if len(values) == count else [None] * count

    columns = zip(labels, column(found.shares), column(found.accuracies), column(found.twins), strict=True)
    return [
        ClassRow(label, share, accuracy, twins, 100 * (share or 0) / most) for label, share, accuracy, twins in columns
    ]


def confusion_cells(score: Score) -> list[list[Cell]]:
    """Return the rows of the confusion matrix."""
    return [
        [Cell(count, math.ceil(10 * math.sqrt(count / max(sum(row), 1)))) for count in row]
        for row in score.classes.confusion
    ]


def pair_rows(picture: Picture | None, size: object) -> list[str]:
    """Return what each row of neighbours.png shows, for images of `size` pixels; nothing if it has other rows."""
    if picture is None or type(size) is not int or size < 1:
        return []
    count, rest = divmod(picture.size[1] // picture.times + 4, 2 * (size + 2))
    return [] if rest or count % 2 else ["generated", "training"] * (count // 2)


def verdict(score: Score) -> str:
    """Return a sentence on whether the generator reproduces training images; empty if that was not measured."""
    found = score.memorisation
    if found is None:
        return ""
    if found.problem:
        return found.problem
    share = f"{100 * found.copied:.1f}\u00a0%\u00a0±\u00a0{100 * found.error:.1f}\u00a0%".replace("-", "−")
    if found.memorises:
        return f"It reproduces training images: the share of copies of {found.images:,} images is estimated at {share}."
    return (
        f"No sign of memorisation: the share of copies of {found.images:,} images is estimated at {share}. "
        "Memorisation would be more than 10 % and more than four standard errors."
    )
