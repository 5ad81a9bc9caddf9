"""report.html: a run as one page that needs no network; read from the run directory alone.

Words and behaviour are in run_page.html (jinja2), the look that pages share in page.html: a new chart of log.jsonl
is one call there, a new section a `{% call section(...) %}` and a value that `write_report` hands to it.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

from digitforge.errors import RunError
from trainer.report import sections
from trainer.report.log import LOG_FILE, Point, read_log
from trainer.report.pages import Picture, read_picture, write_page

REPORT_FILE = "report.html"
MAX_STAGES = 40
MAX_PICTURE_BYTES = 12 * 2**20
"""Stages are left out, never the first and the last, until their files are no larger than this in all."""
MAX_POINTS = 1_000
COLUMNS = 10
"""Images in a row of a sample grid."""

Item = TypeVar("Item")


@dataclass(frozen=True)
class Stage:
    """A sample grid, and what it was drawn after."""

    images: int
    picture: Picture


def write_report(run_dir: Path, sentences: Mapping[str, str] | None = None) -> None:
    """Write `run_dir`/report.html from config.json, log.jsonl, samples/, scores.json and scores/.

    sentences: what each setting means, by its name. Raises RunError where config.json cannot be read, OSError where
    the page cannot be written.
    """
    try:
        record = json.loads((run_dir / "config.json").read_text(encoding="utf-8"))
        config, images = dict(record["config"]), dict(record["images"])
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise RunError(f"{run_dir / 'config.json'} cannot be read ({error}): no report was written.") from None
    points, events = read_log(run_dir / LOG_FILE)
    grids = [path for path in (run_dir / "samples").glob("*.png") if path.stem.isdecimal()]
    stages = _stages(sorted(grids, key=lambda path: int(path.stem)))
    seen = round(max([point["images"] for point in points] + [stage.images for stage in stages], default=0))
    last = {name: value for point in points for name, value in point.items()}
    write_page(
        run_dir / REPORT_FILE,
        "run_page.html",
        record=record,
        config=config,
        images=images,
        classes=_row_names(config, images, stages),
        name=run_dir.resolve().name,
        command=f"python -m trainer.score {shlex.quote(str(run_dir))}",
        seen=seen,
        duration=_duration(points),
        last=last,
        stages=stages,
        grids=len(grids),
        curves=lambda *keys: _curves(points, keys),
        events=events,
        sentences=sentences or {},
        scored=sections.gather(run_dir, images, seen, last),
    )


def spread(items: Sequence[Item], most: int) -> list[Item]:
    """At most `most` (2 or more) of `items`, evenly chosen, the first and the last among them."""
    if len(items) <= most:
        return list(items)
    return [items[round(i * (len(items) - 1) / (most - 1))] for i in range(most)]


def thin(points: Sequence[Point], keys: Sequence[str], most: int = MAX_POINTS) -> dict[str, list[float | None]]:
    """The columns `keys` of `points` with at most `most` (3 or more) values: the first, the last, means between."""
    groups = [[point] for point in points]
    if len(points) > most:
        edges = [1 + i * (len(points) - 2) // (most - 2) for i in range(most - 1)]
        groups = [groups[0], *(list(points[a:b]) for a, b in pairwise(edges)), groups[-1]]
    return {key: [_mean([point[key] for point in group if key in point]) for group in groups] for key in keys}


def _mean(values: list[float]) -> float | None:
    return float(f"{sum(values) / len(values):.8g}") if values else None


def _curves(points: list[Point], keys: Sequence[str]) -> dict[str, Any]:
    """{"x": images seen, "y": {key: values}} of those `keys` that the log has at all."""
    present = [key for key in keys if any(key in point for point in points)]
    columns = thin([point for point in points if any(key in point for key in present)], ["images", *present])
    return {"x": columns.pop("images"), "y": columns}


def _stages(paths: list[Path]) -> list[Stage]:
    most = MAX_STAGES
    while most > 2 and sum(path.stat().st_size for path in spread(paths, most)) > MAX_PICTURE_BYTES:
        most -= 1
    pictures = ((path, read_picture(path)) for path in spread(paths, most))
    return [Stage(int(path.stem), picture) for path, picture in pictures if picture]


def _row_names(config: dict[str, Any], images: dict[str, Any], stages: list[Stage]) -> list[str]:
    """What stands before each row of a grid; nothing where a row is not a class."""
    classes = images.get("classes") or []
    square = all(width * len(classes) == height * COLUMNS for width, height in (stage.picture.size for stage in stages))
    return list(classes) if config.get("conditional") and square else []


def _duration(points: list[Point]) -> tuple[float, bool]:
    """Seconds of training, and whether they are estimated from the speeds, as the log holds no times."""
    if seconds := max((point.get("seconds", 0) for point in points), default=0):
        return seconds, False
    pairs = pairwise([{"images": 0.0}, *(point for point in points if point.get("images_per_s", 0) > 0)])
    return sum((after["images"] - before["images"]) / after["images_per_s"] for before, after in pairs), True
