"""What single keys change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from viewer.core.state.view_state import ViewState

Edit = tuple[str, Callable[[ViewState], ViewState]]
"""The name of a change in the undo menu, and the change."""
KEYS = (
    ("Space", "Play or pause"),
    ("Left", "Previous seed, or hand"),
    ("Right", "Next seed, or hand"),
    ("R", "Random seed, or hand"),
    ("0 – 9", "Show the class of that name, or write it; Shift and a letter shows that letter"),
    ("M", "Show all digits, mixed"),
    ("I", "Invert light and dark"),
    ("P", "Show pixels as squares, or smooth"),
)
"""The keys of `edit_for_key`, as listed in the window."""


def edit_for_key(key: str, classes: tuple[str, ...], random_seed: int) -> Edit | None:
    """Return what a key changes, or None if it has no meaning.

    key: the key's name in Qt, such as "Space", "Left" or "R". Other keys select the class of that name.
    random_seed: the seed that R selects.
    """
    if key == "Space":
        return "playing", lambda state: state.with_playing(not state.playing)
    if key in ("Left", "Right"):
        by = -1 if key == "Left" else 1
        return "seed", lambda state: state.stepped(by)
    if key == "R":
        return "seed", lambda state: state.with_seed(random_seed)
    if key == "I":
        return "inversion", lambda state: state.with_look(replace(state.look, invert=not state.look.invert))
    if key == "P":
        return "pixels", lambda state: state.with_look(replace(state.look, squares=not state.look.squares))
    if key == "M" and classes:
        return "digit", lambda state: state.with_digits(())
    return edit_for_class(key, classes)


def edit_for_class(name: str, classes: tuple[str, ...]) -> Edit | None:
    """Return the change to the class of that name, whatever its case if only one case is a class; None without one."""
    found = next((one for one in (name, name.lower(), name.upper()) if one in classes), None)
    if found is None:
        return None
    place = classes.index(found)
    return "digit", lambda state: state.with_digits((place,))
