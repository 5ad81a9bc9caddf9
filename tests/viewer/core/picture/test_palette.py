"""Colours with enough contrast."""

from __future__ import annotations

import dataclasses
import re

import pytest

from viewer.core.picture.palette import DARK, LIGHT, Palette, palette_of

READ = (
    *(("text", behind) for behind in ("window", "card", "raised", "hover", "pressed", "canvas", "notice", "warning")),
    *(("muted", behind) for behind in ("window", "card", "raised", "canvas", "notice", "warning")),
    *(("accent", behind) for behind in ("window", "card", "raised", "chosen", "canvas")),
    *(("on_accent", behind) for behind in ("accent", "accent_hover", "accent_pressed")),
    ("alert", "card"),
)
"""Each pair of a text colour and the colour behind it, except those of disabled widgets."""


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours, 1 to 21 (WCAG 2.2, relative luminance of sRGB)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    levels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [level / 12.92 if level <= 0.04045 else ((level + 0.055) / 1.055) ** 2.4 for level in levels]
    return sum(share * level for share, level in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_contrast_of_known_colours() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)  # as WebAIM's checker says


@pytest.mark.parametrize("palette", [DARK, LIGHT], ids=["dark", "light"])
def test_all_text_can_be_read(palette: Palette) -> None:
    poor = [
        f"{text} on {behind}: {ratio:.2f}"
        for text, behind in READ
        if (ratio := contrast(getattr(palette, text), getattr(palette, behind))) < 4.5
    ]
    assert not poor


@pytest.mark.parametrize("palette", [DARK, LIGHT], ids=["dark", "light"])
def test_what_marks_the_focus_and_what_is_chosen_can_be_seen(palette: Palette) -> None:
    for behind in (palette.window, palette.card, palette.raised, palette.canvas):
        assert contrast(palette.accent, behind) >= 3


@pytest.mark.parametrize("palette", [DARK, LIGHT], ids=["dark", "light"])
def test_colours_are_colours(palette: Palette) -> None:
    assert all(re.fullmatch("#[0-9a-f]{6}", colour) for colour in dataclasses.astuple(palette))


def test_the_system_theme_follows_the_system() -> None:
    assert palette_of("system", dark=False) is LIGHT
    assert palette_of("system", dark=True) is DARK
    assert palette_of("light", dark=True) is LIGHT
    assert palette_of("dark", dark=False) is DARK
