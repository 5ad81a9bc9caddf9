"""What single keys change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from viewer.core.state.number import class_like
from viewer.core.state.view_state import ViewState

Edit = tuple[str, Callable[[ViewState], ViewState]]
"""The name of a change in the undo menu, and the change."""
SEEDED = ("grid", "number", "map")
"""The modes that have a seed and classes of their own. The others show samples that were chosen before."""
KEYS = (
    ("Space", "Play or pause"),
    ("Left", "Previous seed; in Write: previous hand"),
    ("Right", "Next seed; in Write: next hand"),
    ("R", "Random seed; in Write: random hand"),
    ("0 – 9", "Show that digit; in Write: write it"),
    ("Shift+letter", "Show that letter; in Write: write it"),
    ("Backspace", "In Write: remove the last character"),
    ("M", "Show all classes, mixed"),
    ("I", "Invert light and dark"),
    ("P", "Show pixels as squares, or smooth"),
)
"""The keys of `edit_for_key`, as listed in the window."""


def edit_for_key(key: str, classes: tuple[str, ...], random_seed: int, mode: str) -> Edit | None:
    """Return what a key changes, or None if it has no meaning in this mode.

    key: the key's name in Qt, such as "Space", "Left" or "R". Other keys select, or write, the class of that name.
    random_seed: the seed that R selects.
    """
    if key == "Space":
        return "playing", lambda state: state.with_playing(not state.playing)
    if key == "I":
        return "inversion", lambda state: state.with_look(replace(state.look, invert=not state.look.invert))
    if key == "P":
        return "squares", lambda state: state.with_look(replace(state.look, squares=not state.look.squares))
    if key in ("Left", "Right"):
        by = -1 if key == "Left" else 1
        return ("seed", lambda state: state.stepped(by)) if mode in SEEDED else None
    if key == "R":
        return ("seed", lambda state: state.with_seed(random_seed)) if mode in SEEDED else None
    if key == "M":
        return ("digit", lambda state: state.with_digits(())) if classes and mode in ("grid", "map") else None
    if key == "Backspace":
        return ("text", lambda state: state.with_number(state.number.shortened())) if mode == "number" else None
    return edit_for_class(key, classes, mode)


def edit_for_class(name: str, classes: tuple[str, ...], mode: str) -> Edit | None:
    """Return the change that shows, or writes, the class of that name; None if there is none, or in other modes.

    The other case of a letter is taken if only that is a class.
    """
    found = class_like(name, classes)
    if found is None or mode not in SEEDED:
        return None
    if mode == "number":
        return ("text", lambda state: state.with_number(state.number.lengthened(found))) if len(found) == 1 else None
    place = classes.index(found)
    return "digit", lambda state: state.with_digits((place,))
