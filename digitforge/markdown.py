"""Text of unknown origin in Markdown files."""

from __future__ import annotations

import html
import re


def literal(text: str, longest: int = 200) -> str:
    """Return a text on one line so that Markdown and HTML show it as it is. longest: characters that are kept."""
    line = " ".join("".join(one if one.isprintable() else " " for one in text).split())[:longest]
    return re.sub(r"([\\`*_{}\[\]()#+!|~$])", r"\\\1", html.escape(line, quote=False))
