"""The order in which people count: 2 before 10."""

from __future__ import annotations

import re


def natural(name: str) -> tuple[list[str | int], str]:
    """Return a sorting key by which 2 comes before 10."""
    pieces: list[str | int] = list(re.split(r"(\d+)", name))
    pieces[1::2] = [int(piece) for piece in pieces[1::2]]
    return pieces, name
