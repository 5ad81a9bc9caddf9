"""What a user says about a generator from elsewhere: MODEL.json beside MODEL.onnx, and the option --assume.

The file holds ``{"assume": {"range": [LOW, HIGH], "latents": "normal" | "uniform"}}``; each entry may be missing. A
file without ``assume`` is something else, and is ignored.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from digitforge.errors import ExportError, explain_read
from digitforge.files import write_json
from export.contract import LATENT_DISTRIBUTIONS

KEY = "assume"
SIZE_LIMIT_BYTES = 2**16
LARGEST = 1e6
"""Limit for the values of an image."""
OPTION_HELP = (
    "say what a file from elsewhere does not: range=LOW..HIGH for its values of black and white, or "
    "latents=normal|uniform; kept in MODEL.json"
)


@dataclass(frozen=True)
class Statements:
    """What a user says about a generator; None for what is not said."""

    range: tuple[float, float] | None = None
    """The values of black and white."""
    latents: str | None = None
    """One of `LATENT_DISTRIBUTIONS`."""

    def sentence(self) -> str:
        """Return a sentence for people; empty if nothing is said."""
        distribution = {"normal": "standard normal", "uniform": "uniform on [-1, 1]"}
        parts = [f"its latents are {distribution[self.latents]}"] if self.latents else []
        parts += [f"its images lie between {self.range[0]:g} and {self.range[1]:g}"] if self.range else []
        return f"As stated, {' and '.join(parts)}." if parts else ""


def sidecar_path(model: Path) -> Path:
    """Return the path of MODEL.json."""
    return model.with_suffix(".json")


def read_statements(model: Path) -> Statements:
    """Return what MODEL.json says. Raises ExportError if it cannot be read or says something impossible."""
    path = sidecar_path(model)
    return _checked(_read(path).get(KEY, {}), str(path))


def parse_statements(words: Sequence[str], known: Statements) -> Statements:
    """Return the values of the option --assume, with `known` for what they leave out.

    Raises ExportError for a value that is not understood.
    """
    values: dict[str, Any] = {}
    for word in words:
        key, _, value = word.partition("=")
        ends = re.fullmatch(r"([^.]*(?:\.[^.]+)?)\.\.(.+)", value)
        try:
            values[key] = [float(ends[1]), float(ends[2])] if key == "range" and ends else value
        except ValueError:
            values[key] = value
    stated = _checked(values, "--assume")
    return replace(known, **{key: value for key, value in asdict(stated).items() if value is not None})


def write_statements(model: Path, statements: Statements) -> None:
    """Write MODEL.json, or its entry if there is such a file. Raises CannotWrite, or ExportError for another file."""
    path = sidecar_path(model)
    said = {key: value for key, value in asdict(statements).items() if value is not None}
    write_json(path, {**_read(path), KEY: said})


def _read(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        if path.stat().st_size > SIZE_LIMIT_BYTES:
            return {}
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ExportError(f"{path} cannot be read: {explain_read(error)}") from error
    except (ValueError, RecursionError) as error:
        raise ExportError(f"{path} is not valid JSON: mend it, or remove it.") from error
    return content if isinstance(content, dict) else {}


def _checked(values: Any, where: str) -> Statements:
    if not isinstance(values, dict) or values.keys() - {"range", "latents"}:
        raise ExportError(f"{where} may say range and latents, and nothing else.")
    ends, latents = values.get("range"), values.get("latents")
    if ends is not None:
        numbers = isinstance(ends, list) and len(ends) == 2 and all(type(end) in (int, float) for end in ends)
        if not numbers or not -LARGEST <= ends[0] < ends[1] <= LARGEST or not all(map(math.isfinite, ends)):
            raise ExportError(
                f"{where} has no range of two numbers, the lower one first, as range=0..1 on a command line."
            )
        ends = (float(ends[0]), float(ends[1]))
    if latents is not None and latents not in LATENT_DISTRIBUTIONS:
        raise ExportError(f"{where} says latents={str(latents)[:20]!r}; choose {' or '.join(LATENT_DISTRIBUTIONS)}.")
    return Statements(ends, latents)
