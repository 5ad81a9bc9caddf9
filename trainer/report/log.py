"""`log.jsonl`: what a run measured, one JSON object per line.

Each line holds "images", the number of images seen, and either numbers by name (losses, speed, scores) or a "note", a
sentence about the run. This module writes the log, cuts it back when a run resumes, and reads it. The viewer reads the
log by itself, because it imports nothing from the trainer.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from digitforge import files

LOG_FILE = "log.jsonl"

Point = dict[str, float]
"""The finite numbers of one line, "images" among them."""


def append(path: Path, images_seen: int, values: Mapping[str, Any]) -> None:
    """Add one line to the log at `path`. values: JSON values by name."""
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps({"images": images_seen, **values}) + "\n")


def truncate(path: Path, images_seen: int) -> None:
    """Remove the lines beyond `images_seen`, and lines that a crash cut short. Creates the log if there is none."""
    files.write_text(path, "".join(f"{line}\n" for line in _lines(path) if _images(line) <= images_seen))


def read_log(path: Path) -> tuple[list[Point], list[tuple[int, str]]]:
    """Return the measurements of a log in order, and its notes as (images seen, note).

    Lines that cannot be read are skipped. Where a run went back to a checkpoint, its later lines replace the earlier
    ones beyond that checkpoint. A missing file is an empty log.
    """
    return parse_lines(_lines(path))


def parse_lines(lines: Iterable[str]) -> tuple[list[Point], list[tuple[int, str]]]:
    """Return the measurements and notes of some lines of a log; see `read_log`."""
    points: list[Point] = []
    notes: list[tuple[int, str]] = []
    for line in lines:
        values = _parse(line)
        # NaN and the infinities fail this comparison.
        numbers = {name: value for name, value in values.items() if type(value) in (int, float) and abs(value) < 1e300}
        if numbers.get("images", -1) < 0:
            continue
        if "note" in values:
            notes.append((int(numbers["images"]), str(values["note"])))
            continue
        while points and points[-1]["images"] > numbers["images"]:
            points.pop()
        points.append(numbers)
    return points, notes


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8", errors="replace").splitlines() if path.is_file() else []


def _parse(line: str) -> dict[str, Any]:
    """Return the values of a line, or an empty dict if it is not a JSON object."""
    try:
        values = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return values if isinstance(values, dict) else {}


def _images(line: str) -> float:
    """Return the images seen at a line, or infinity if it does not say."""
    images = _parse(line).get("images")
    return images if isinstance(images, int | float) else float("inf")
