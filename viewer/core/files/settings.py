"""What the viewer remembers from one time to the next, beside favourites and directions."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from pathlib import Path

from digitforge.errors import CannotWrite, explain
from digitforge.files import write_bytes
from viewer.core.picture.look import Look
from viewer.core.picture.palette import THEMES
from viewer.core.plain import LONGEST_TEXT, check_choice, check_range, from_plain, to_plain

MOST_RECENT = 8
LARGEST_FILE = 2**16
"""Bytes."""


@dataclass(frozen=True)
class Settings:
    """Raises ValueError where a value is out of its range."""

    theme: str = "system"
    """One of `palette.THEMES`."""
    geometry: str = ""
    """Where the window stood, as Qt writes it, in base64; empty before the first time."""
    recent: tuple[str, ...] = ()
    """Generators that were opened, the last one first: absolute paths."""
    look: Look = field(default_factory=Look)
    """How pictures were shown at last."""
    hint: bool = True
    """Whether it is still worth saying what can be tried first."""

    def __post_init__(self) -> None:
        check_choice("theme", self.theme, THEMES)
        check_range("the number of recent files", len(self.recent), 0, MOST_RECENT)

    def with_recent(self, path: Path) -> Settings:
        """Remember a generator as the last one that was opened."""
        text = str(path.absolute())
        if len(text) > LONGEST_TEXT or not text.isprintable():
            return self
        return replace(self, recent=(text, *(one for one in self.recent if one != text))[:MOST_RECENT])


def load(path: Path) -> tuple[Settings, str]:
    """The settings in a file, and one sentence where it could not be read; those of the first time without a file."""
    try:
        if not path.exists():
            return Settings(), ""
        if path.stat().st_size > LARGEST_FILE:
            raise ValueError("it is too large")
        settings = from_plain(Settings, json.loads(path.read_bytes()), "settings")
    except OSError as error:
        return Settings(), f"The settings in {path} could not be read: {explain(error)}"
    except (ValueError, RecursionError) as error:
        return Settings(), f"The settings in {path} are damaged and begin anew: {str(error)[:200]}."
    assert isinstance(settings, Settings)
    return settings, ""


def save(settings: Settings, path: Path) -> str:
    """Write the settings; one sentence where that failed, else nothing."""
    try:
        write_bytes(path, (json.dumps(to_plain(settings), indent=1) + "\n").encode())
    except CannotWrite as error:
        return str(error)
    return ""
