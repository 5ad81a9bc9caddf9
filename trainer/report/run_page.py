"""report.html: a run as one page that loads nothing, made from the files in the run directory.

Text and scripts are in the jinja2 template run_page.html, and the style that all pages share is in page.html. For a new
chart of log.jsonl, add a call of `chart` in the template. For a new section, add a `{% call section(...) %}` there, and
pass its values in `write_report`.
"""

from __future__ import annotations

import dataclasses
import json
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

from digitforge.errors import RunError
from trainer.config import TrainConfig, published
from trainer.report import sections
from trainer.report.log import LOG_FILE, Point, read_log
from trainer.report.pages import Picture, public_path, read_picture, write_page
from trainer.report.pictures import COLUMNS

REPORT_FILE = "report.html"
MAX_STAGES = 40
"""Sample grids on the page."""
MAX_PICTURE_BYTES = 12 * 2**20
"""Total size of the sample grids' files. Grids are left out until it fits, but never the first or the last."""
MAX_POINTS = 1_000
"""Points of a curve."""

Item = TypeVar("Item")


@dataclass(frozen=True)
class Stage:
    """A sample grid of the run."""

    images_seen: int
    picture: Picture


def write_report(run_dir: Path) -> None:
    """Write `run_dir`/report.html from config.json, log.jsonl, samples/, scores.json and scores/.

    Raises RunError if config.json cannot be read, CannotWrite if the page cannot be written.
    """
    try:
        record = json.loads((run_dir / "config.json").read_text(encoding="utf-8"))
        config, images = published(record["config"]), dict(record["images"])
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise RunError(f"{run_dir / 'config.json'} cannot be read ({error}): no report was written.") from None
    points, notes = read_log(run_dir / LOG_FILE)
    grids = [path for path in (run_dir / "samples").glob("*.png") if path.stem.isdecimal()]
    stages = _stages(sorted(grids, key=lambda path: int(path.stem)))
    seen = round(max([point["images"] for point in points] + [stage.images_seen for stage in stages], default=0))
    last = {name: value for point in points for name, value in point.items()}
    write_page(
        run_dir / REPORT_FILE,
        "run_page.html",
        record=record,
        config=config,
        images=images,
        classes=_row_names(config, images, stages),
        name=run_dir.resolve().name,
        command=f"python -m trainer.score {shlex.quote(public_path(run_dir))}",
        seen=seen,
        duration=_duration(points),
        last=last,
        stages=stages,
        grids=len(grids),
        curves=lambda *keys: _curves(points, keys),
        notes=notes,
        help={field.name: field.metadata["help"] for field in dataclasses.fields(TrainConfig)},
        scored=sections.gather(run_dir, images, seen, last),
    )


def spread(items: Sequence[Item], most: int) -> list[Item]:
    """Return at most `most` (2 or more) of the items, evenly spaced, including the first and the last."""
    if len(items) <= most:
        return list(items)
    return [items[round(i * (len(items) - 1) / (most - 1))] for i in range(most)]


def thin(points: Sequence[Point], keys: Sequence[str], most: int = MAX_POINTS) -> dict[str, list[float | None]]:
    """Return the columns `keys` of the points with at most `most` (3 or more) values.

    The first and the last value stay; those between are means of equally many points.
    """
    groups = [[point] for point in points]
    if len(points) > most:
        edges = [1 + i * (len(points) - 2) // (most - 2) for i in range(most - 1)]
        groups = [groups[0], *(list(points[a:b]) for a, b in pairwise(edges)), groups[-1]]
    return {key: [_mean([point[key] for point in group if key in point]) for group in groups] for key in keys}


def _mean(values: list[float]) -> float | None:
    return float(f"{sum(values) / len(values):.8g}") if values else None


def _curves(points: list[Point], keys: Sequence[str]) -> dict[str, Any]:
    """Return {"x": images seen, "y": {key: values}} for the `keys` that occur in the log."""
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
    """Return the class of each row of a sample grid; an empty list if the rows are not classes."""
    classes = images.get("classes") or []
    square = all(width * len(classes) == height * COLUMNS for width, height in (stage.picture.size for stage in stages))
    return list(classes) if config.get("conditional") and square else []


def _duration(points: list[Point]) -> tuple[float, bool]:
    """Return the seconds of training, and whether they are estimated from the speed, because the log has no times."""
    if seconds := max((point.get("seconds", 0) for point in points), default=0):
        return seconds, False
    pairs = pairwise([{"images": 0.0}, *(point for point in points if point.get("images_per_s", 0) > 0)])
    return sum((after["images"] - before["images"]) / after["images_per_s"] for before, after in pairs), True
