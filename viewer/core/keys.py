"""The keyboard sheet, as a function."""

from __future__ import annotations

from viewer.core.state import ViewState


def state_for_key(state: ViewState, key: str, classes: tuple[str, ...], random_seed: int) -> ViewState | None:
    """The state after a key, or None where the key means nothing.

    key: as Qt spells it: "Space", "Left", "Right", "R", "M", "0" to "9". A digit means the class of that name, else
    the class at that place. random_seed: what R turns to.
    """
    if key == "Space":
        return state.with_playing(not state.playing)
    if key in ("Left", "Right"):
        return state.stepped(-1 if key == "Left" else 1)
    if key == "R":
        return state.with_seed(random_seed)
    if key == "M" and classes:
        return state.with_digits(())
    if key in classes:
        return state.with_digits((classes.index(key),))
    if len(key) == 1 and key in "0123456789" and int(key) < len(classes):
        return state.with_digits((int(key),))
    return None
