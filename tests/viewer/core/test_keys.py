"""The keyboard sheet."""

import pytest

from viewer.core.keys import edit_for_key
from viewer.core.look import Look
from viewer.core.state import ViewState

STATE = ViewState(seed=5, digits=(2,))
DIGITS = tuple("0123456789")


def after(key: str, classes: tuple[str, ...] = DIGITS) -> ViewState | None:
    edit = edit_for_key(key, classes, 77)
    return edit[1](STATE) if edit else None


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("Space", STATE.with_playing(True)),
        ("Left", STATE.with_seed(4)),
        ("Right", STATE.with_seed(6)),
        ("R", STATE.with_seed(77)),
        ("I", STATE.with_look(Look(invert=True))),
        ("P", STATE.with_look(Look(squares=True))),
        ("M", STATE.with_digits(())),
        ("0", STATE.with_digits((0,))),
        ("9", STATE.with_digits((9,))),
        ("X", None),
        ("", None),
    ],
)
def test_keys(key: str, expected: ViewState | None) -> None:
    assert after(key) == expected


def test_digits_follow_names_before_places() -> None:
    assert after("7", ("7", "8")) == STATE.with_digits((0,))
    assert after("1", ("cat", "dog")) == STATE.with_digits((1,))
    assert after("5", ("cat", "dog")) is None
    assert after("M", ()) is None
