"""The window's colours, dark and light, and how well each can be read on another."""

from __future__ import annotations

from dataclasses import dataclass

THEMES = ("system", "dark", "light")
"""What a person can choose."""


@dataclass(frozen=True)
class Palette:
    """Colours as #rrggbb."""

    canvas: str
    """Around the pictures."""
    window: str
    card: str
    raised: str
    """Buttons and fields."""
    hover: str
    pressed: str
    inert: str
    """Buttons and fields that are disabled."""
    line: str
    groove: str
    """What a slider's handle moves along."""
    text: str
    muted: str
    """Text of second rank."""
    faint: str
    """What is disabled."""
    accent: str
    on_accent: str
    accent_hover: str
    accent_pressed: str
    chosen: str
    """Behind the accent colour of what is chosen."""
    chosen_line: str
    alert: str
    notice: str
    """Behind good news."""
    warning: str
    """Behind bad news."""


DARK = Palette(
    canvas="#151820",
    window="#11141a",
    card="#191d26",
    raised="#232834",
    hover="#2c3341",
    pressed="#343c4c",
    inert="#1c212b",
    line="#262c38",
    groove="#303747",
    text="#e8eaf0",
    muted="#8f97a8",
    faint="#596173",
    accent="#f2a154",
    on_accent="#1d1206",
    accent_hover="#f7b270",
    accent_pressed="#dd8d40",
    chosen="#3b2d20",
    chosen_line="#7a5730",
    alert="#ff8a7a",
    notice="#202634",
    warning="#2c2026",
)
LIGHT = Palette(
    canvas="#e6e8ed",
    window="#f3f4f7",
    card="#ffffff",
    raised="#eceef3",
    hover="#e1e4eb",
    pressed="#d4d8e2",
    inert="#f3f4f7",
    line="#d9dce4",
    groove="#cfd4de",
    text="#1b1f2a",
    muted="#565e70",
    faint="#9aa1b1",
    accent="#a34b08",
    on_accent="#ffffff",
    accent_hover="#8c3f05",
    accent_pressed="#743303",
    chosen="#fbead9",
    chosen_line="#dba878",
    alert="#b3261e",
    notice="#e4e8f2",
    warning="#fbe6e4",
)


def palette_of(theme: str, *, dark: bool) -> Palette:
    """The palette of a choice. dark: what the system wants."""
    return LIGHT if theme == "light" or (theme == "system" and not dark) else DARK
