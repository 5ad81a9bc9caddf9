"""Pages that are one file and load nothing: page.html holds what they share, and this what their templates call."""

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
"""CSS pixels that a picture may be enlarged to; only by whole factors, so that pixels stay square."""


@dataclass(frozen=True)
class Picture:
    """A PNG file for a page. size: width and height in CSS pixels, `times` those of the file."""

    png: str
    """base64"""
    size: tuple[int, int]
    times: int


def read_picture(path: Path, most_bytes: float = math.inf) -> Picture | None:
    """The picture in a file; None where there is none, or one that is larger than `most_bytes`."""
    try:
        content = path.read_bytes() if path.stat().st_size <= most_bytes else b""
    except OSError:
        return None
    if content[:8] != b"\x89PNG\r\n\x1a\n" or len(content) < 24:
        return None
    width, height = struct.unpack(">II", content[16:24])
    times = max(SHEET_WIDTH // max(width, 1), 1)
    return Picture(base64.b64encode(content).decode(), (times * width, times * height), times)


def write_page(path: Path, template: str, **values: object) -> None:
    """Fill `template`, a file of this folder, and write the page to `path`, whole or not at all."""
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
    """How a Content-Security-Policy allows the one inline text it is for."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _value(value: object) -> str:
    """A setting's value for reading."""
    if type(value) is int:
        return f"{value:,}"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def _short(seconds: float) -> str:
    """A duration: "45 s", "2 min 5 s", "12 min", "3 h 12 min"."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours or minutes >= 10:
        return f"{hours} h {minutes} min" if hours else f"{minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
