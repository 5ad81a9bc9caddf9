"""A generator's provenance as readable text."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

MOST_LINES = 200
Fact = tuple[str, str]
_HASH = re.compile("[0-9a-f]{40,}")


def readable(provenance: Mapping[str, str]) -> tuple[list[Fact], list[Fact]]:
    """Return short and long facts, (name, text) each; the long ones are shown folded. JSON objects become lines."""
    short, long = [], []
    for key, value in sorted(provenance.items()):
        name = key.replace("_", " ").capitalize()
        found = _object(value)
        if found is not None:
            lines = [f"{one}: {_plain(part)}" for one, part in sorted(found.items()) if part not in (None, "")]
            long.append((name, "\n".join(lines[:MOST_LINES])))
        elif len(value) > MOST_LINES:
            long.append((name, value))
        else:
            short.append((name, f"{value[:16]}…" if _HASH.fullmatch(value) else value))
    return short, long


def _object(value: str) -> dict[str, object] | None:
    if not value.startswith("{"):
        return None
    try:
        found = json.loads(value)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
