"""Show text from outside as it is: Qt would take "&" for a key, "<b>" for markup and "[*]" for a mark."""

from __future__ import annotations

from html import escape


def literal(text: str) -> str:
    """Return the text for a button, a tab or a menu entry, where "&" would underline the letter after it."""
    return text.replace("&", "&&")


def literal_title(text: str) -> str:
    """Return the text for the title of a window, where "[*]" would mark unsaved changes."""
    return text.replace("[*]", "[*][*]")


def literal_tip(text: str) -> str:
    """Return the text for a tooltip, where Qt would interpret what looks like markup."""
    return f"<span>{escape(text)}</span>".replace("\n", "<br>") if "<" in text else text
