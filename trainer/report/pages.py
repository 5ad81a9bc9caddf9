"""HTML pages that are one file and load nothing, made from the jinja2 templates beside this module."""

from __future__ import annotations

import base64
import hashlib
import math
import struct
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import jinja2

from digitforge import files
from trainer.report.formats import direction, format_number

SHEET_WIDTH = 560
"""CSS pixels that pictures are enlarged to at most, by whole factors so that pixels stay square."""


@dataclass(frozen=True)
class Picture:
    """A PNG file for a page."""

    png: str
    """The file, base64."""
    size: tuple[int, int]
    """Width and height on the page, in CSS pixels."""
    times: int
    """CSS pixels per pixel of the file."""


def read_picture(path: Path, most_bytes: float = math.inf) -> Picture | None:
    """Read a PNG file. Returns None if it is missing, no PNG file, or larger than `most_bytes`."""
    try:
        content = path.read_bytes() if path.stat().st_size <= most_bytes else b""
    except OSError:
        return None
    if content[:8] != b"\x89PNG\r\n\x1a\n" or len(content) < 24:
        return None
    width, height = struct.unpack(">II", content[16:24])
    times = max(SHEET_WIDTH // max(width, 1), 1)
    return Picture(base64.b64encode(content).decode(), (times * width, times * height), times)


def public_path(path: Path) -> str:
    """Return a path for a page, which may leave this machine: as it is if it lies in this folder, else its name."""
    return path.name if path.is_absolute() or ".." in path.parts else str(path)


def write_page(path: Path, template: str, **values: object) -> None:
    """Fill `template`, a file in this folder, and write the page to `path`. Raises CannotWrite."""
    files.write_text(path, _environment().get_template(template).render(**values))


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
    )
    environment.filters |= {
        "csp_hash": csp_hash, "value": _value, "short": _short, "format_number": format_number, "direction": direction
    }  # fmt: skip
    return environment


def csp_hash(text: str) -> str:
    """Return the source expression by which a Content-Security-Policy allows this inline style or script."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _value(value: object) -> str:
    """Return the value of a setting as readable text."""
    if type(value) is int:
        return f"{value:,}"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def _short(seconds: float) -> str:
    """Return a duration as "45 s", "2 min 5 s", "12 min" or "3 h 12 min"."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours or minutes >= 10:
        return f"{hours} h {minutes} min" if hours else f"{minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
