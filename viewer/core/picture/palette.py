"""The colours of the window, dark and light."""

from __future__ import annotations

from dataclasses import dataclass

THEMES = ("system", "dark", "light")
"""The themes to choose from."""


@dataclass(frozen=True)
class Palette:
    """Colours as #rrggbb."""

    canvas: str
    """Background of the pictures."""
    window: str
    card: str
    raised: str
    """Buttons and fields."""
    hover: str
    pressed: str
    inert: str
    """Disabled buttons and fields."""
    line: str
    groove: str
    """The track of a slider."""
    text: str
    muted: str
    """Secondary text."""
    faint: str
    """Disabled text."""
    accent: str
    on_accent: str
    accent_hover: str
    accent_pressed: str
    chosen: str
    """Background of a selected item, whose text has the accent colour."""
    chosen_line: str
    alert: str
    notice: str
    """Background of an information."""
    warning: str
    """Background of an error."""


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
    """Return the palette of a theme. dark: whether the system prefers dark colours."""
    return LIGHT if theme == "light" or (theme == "system" and not dark) else DARK
