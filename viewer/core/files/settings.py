"""The settings that the viewer keeps between sessions, besides favourites and directions."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

from digitforge.errors import CannotWrite, explain_read
from digitforge.files import write_bytes
from viewer.core.picture.look import Look
from viewer.core.picture.palette import THEMES
from viewer.core.plain import LONGEST_TEXT, check_choice, check_range, from_plain, to_plain

MOST_RECENT = 8
TEXT_PERCENTS = (100, 125, 150, 175, 200)
LARGEST_FILE = 2**16
"""Bytes."""


@dataclass(frozen=True)
class Settings:
    """The settings. Raises ValueError for a value out of range."""

    theme: str = "system"
    """One of `palette.THEMES`."""
    geometry: str = ""
    """The window's geometry from Qt in base64; empty before the first session."""
    recent: tuple[str, ...] = ()
    """Absolute paths of opened generators, the last one first."""
    look: Look | None = None
    """The last look; None for the theme's own."""
    hint: bool = True
    """Whether the hint for beginners is shown."""
    text_percent: int = 100
    """The size of text: TEXT_PERCENTS are offered."""

    def __post_init__(self) -> None:
        check_choice("theme", self.theme, THEMES)
        check_range("text_percent", self.text_percent, TEXT_PERCENTS[0], TEXT_PERCENTS[-1])
        check_range("the number of recent files", len(self.recent), 0, MOST_RECENT)

    def with_recent(self, path: Path) -> Settings:
        """Return the settings with a generator as the last one opened."""
        text = str(path.absolute())
        if len(text) > LONGEST_TEXT or not text.isprintable():
            return self
        return replace(self, recent=(text, *(one for one in self.recent if one != text))[:MOST_RECENT])


def load(path: Path) -> tuple[Settings, str]:
    """Return the settings in a file, or the defaults, and a sentence if the file could not be read."""
    try:
        if not path.exists():
            return Settings(), ""
        if path.stat().st_size > LARGEST_FILE:
            raise ValueError("the file is too large")
        settings = from_plain(Settings, json.loads(path.read_bytes()), "settings")
    except OSError as error:
        return Settings(), f"The settings in {path} could not be read: {explain_read(error)}"
    except (ValueError, RecursionError) as error:
        return Settings(), f"The settings in {path} are damaged and were reset: {str(error)[:200]}."
    assert isinstance(settings, Settings)
    return settings, ""


def save(settings: Settings, path: Path) -> str:
    """Write the settings. Returns a sentence if that failed, else an empty string."""
    try:
        write_bytes(path, (json.dumps(to_plain(settings), indent=1) + "\n").encode())
    except CannotWrite as error:
        return str(error)
    return ""
