"""What report.html shows of a score: rows, curves and cells, ready for the template; nothing is computed anew."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from digitforge.errors import RunError
from trainer.report.pages import Picture, read_picture
from trainer.runs import SCORES_FILE
from trainer.scoring.metrics import FIGURES, Figure, Scores, read_scores, tell

PICTURES = ("generated", "real", "generated_smoothed", "neighbours", "least_confident", "most_confident")
MOST_CLASSES = 100
MOST_BYTES = 4 * 2**20
"""A larger picture is left out."""


@dataclass(frozen=True)
class Histogram:
    """Shares of pixels on a logarithmic scale. Heights are 0 to 100; curves are SVG paths in a box of `bins` x 100."""

    bins: int
    curves: list[tuple[str, str, str]]
    """Name, colour, path."""
    ticks: list[tuple[float, str]]


@dataclass(frozen=True)
class Cell:
    """How often a class was read. level: 0 to 10, for its shade."""

    count: int
    level: int


def gather(run_dir: Path, images: Mapping[str, Any], seen: int, last: Mapping[str, float]) -> dict[str, Any] | None:
    """All that the report shows of the scores of a run; None where it has none.

    images: the run's image format; seen: images it has seen; last: the newest values in its log.
    """
    path = run_dir / SCORES_FILE
    scores, problem = Scores({}), ""
    if path.is_file():
        try:
            scores = read_scores(path)
        except RunError as error:
            problem = str(error)
    elif not any(figure.key in last for figure in FIGURES):
        return None
    shown = pictures(run_dir / "scores") if scores.values else dict.fromkeys(PICTURES)
    names = images.get("classes")
    of_classes = classes(scores, names if isinstance(names, list) else [])
    confused = confusion(scores)
    taken_at = scores.count("images_seen")
    distance, floor = scores.figure("frechet_distance"), scores.floor("frechet_distance")
    older = taken_at is not None and taken_at != seen
    beside = [f"at {taken_at:,} images"] if older else []
    beside += [f"real images {tell(floor)}"] if floor is not None else []
    modes = (scores.count("modes_covered"), scores.count("modes"))
    return {
        "problem": problem,
        "rows": rows(scores),
        "headline": None if distance is None else (distance, ", ".join(beside)),
        "taken_at": taken_at,
        "older": older,
        "count": scores.count("count"),
        "draws": Scores(scores.part("floor")).count("draws"),
        "dataset": scores.text("dataset"),
        "features": scores.text("features"),
        "features_sha256": scores.text("features_sha256"),
        "figures": [figure for figure in FIGURES if figure.key in last],
        "floors": {figure.key: _floor(figure.key, scores, last) for figure in FIGURES},
        "pictures": shown,
        "pair_rows": pair_rows(shown["neighbours"], images.get("size")),
        "histogram": histogram(scores),
        "pixels": pixel_rows(scores),
        "classes": of_classes,
        "modes": None if None in modes else modes,
        "names": [one["name"] for one in of_classes]
        if len(of_classes) == len(confused)
        else [*map(str, range(len(confused)))],
        "confusion": confused,
        "verdict": verdict(scores),
        "memorises": memorises(scores),
    }


def _floor(key: str, scores: Scores, last: Mapping[str, float]) -> tuple[float | None, str]:
    """The floor for a curve of the log, and what has to be said of it."""
    if f"floor_{key}" in last:
        return last[f"floor_{key}"], ""
    count = scores.count("count")
    return scores.floor(key), "" if count is None or scores.floor(
        key
    ) is None else f"; the floor is that of {count:,} images"


def rows(scores: Scores) -> list[tuple[Figure, float, float | None, float | None]]:
    """Each figure that there is: value, floor and the floor's spread."""
    found = ((figure, scores.figure(figure.key)) for figure in FIGURES)
    return [
        (figure, value, scores.floor(figure.key), scores.spread(figure.key))
        for figure, value in found
        if value is not None
    ]


def pictures(folder: Path) -> dict[str, Picture | None]:
    """The pictures of a score, by name."""
    return {name: read_picture(folder / f"{name}.png", MOST_BYTES) for name in PICTURES}


def pixel_rows(scores: Scores) -> list[tuple[str, list[float | None]]]:
    """The figures of the pixels before and, where it was measured, after the Gaussian filter, and of real images."""
    names = {
        "Histogram distance": ("histogram_distance", None),
        "Histogram transport": ("histogram_wasserstein", None),
        "Entropy, bits": ("entropy_generated", "entropy_real"),
    }
    found = []
    for name, (key, real) in names.items():
        beside = scores.floor(key) if real is None else scores.figure(real)
        values = [scores.figure(key), scores.figure(f"{key}_smoothed"), beside]
        if values[0] is not None:
            found.append((name, values))
    return found


def histogram(scores: Scores) -> Histogram | None:
    """The pixel histograms, real ones first; None where they are missing."""
    sets = [
        ("Real, held out", "grey", scores.numbers("histogram_real")),
        ("Generated", "orange", scores.numbers("histogram_generated")),
        ("Generated, after the filter", "blue", scores.numbers("histogram_generated_smoothed")),
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


def classes(scores: Scores, names: Sequence[Any]) -> list[dict[str, Any]]:
    """Per class: name, share, accuracy and twins, each None where it is missing."""
    columns = {
        "share": scores.numbers("class_shares"),
        "accuracy": scores.numbers("conditional_accuracy_of_classes"),
        "twins": scores.numbers("twins"),
    }
    count = max(map(len, columns.values()))
    if not count or count > MOST_CLASSES:
        return []
    called = list(map(str, names)) if len(names) == count else list(map(str, range(count)))
    most = max(columns["share"], default=0) or 1
    return [
        {key: values[place] if len(values) == count else None for key, values in columns.items()}
        | {
            "name": called[place],
            "width": 100 * columns["share"][place] / most if len(columns["share"]) == count else 0,
        }
        for place in range(count)
    ]


def confusion(scores: Scores) -> list[list[Cell]]:
    """Rows of the confusion matrix; empty where it is missing, not square or too large."""
    matrix = scores.values.get("confusion")
    if not isinstance(matrix, list) or not 0 < len(matrix) <= MOST_CLASSES:
        return []
    if any(
        not isinstance(row, list) or len(row) != len(matrix) or any(type(n) is not int or n < 0 for n in row)
        for row in matrix
    ):
        return []
    return [[Cell(n, math.ceil(10 * math.sqrt(n / max(sum(row), 1)))) for n in row] for row in matrix]


def pair_rows(picture: Picture | None, size: object) -> list[str]:
    """What each row of neighbours.png shows, for images of `size` pixels; nothing where it has other rows."""
    if picture is None or type(size) is not int or size < 1:
        return []
    count, rest = divmod(picture.size[1] // picture.times + 4, 2 * (size + 2))
    return [] if rest or count % 2 else ["generated", "training"] * (count // 2)


def verdict(scores: Scores) -> str:
    """Whether the generator gives back training images, in a sentence; empty where that was not measured."""
    copied, error = scores.figure("copied"), scores.spread("copied")
    if copied is None or error is None:
        return ""
    compared = scores.part("memorisation").get("images")
    of = f" of {compared:,} images" if type(compared) is int else ""
    share = f"{100 * copied:.1f}\u00a0%\u00a0±\u00a0{100 * error:.1f}\u00a0%".replace("-", "−")
    if memorises(scores):
        return f"It gives back its training images: the share of copies{of} is estimated at {share}."
    return (
        f"No sign of memorisation: the share of copies{of} is estimated at {share}. "
        "Above 10 % and four standard errors it would be called memorisation."
    )


def memorises(scores: Scores) -> bool:
    """Whether the score calls it memorisation."""
    return scores.part("memorisation").get("memorises") is True
