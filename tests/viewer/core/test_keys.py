"""The keyboard sheet."""

import pytest

from viewer.core.keys import state_for_key
from viewer.core.state import ViewState

STATE = ViewState(seed=5, digits=(2,))
DIGITS = tuple("0123456789")


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("Space", STATE.with_playing(True)),
        ("Left", STATE.with_seed(4)),
        ("Right", STATE.with_seed(6)),
        ("R", STATE.with_seed(77)),
        ("M", STATE.with_digits(())),
        ("0", STATE.with_digits((0,))),
        ("9", STATE.with_digits((9,))),
        ("X", None),
        ("", None),
    ],
)
def test_keys(key: str, expected: ViewState | None) -> None:
    assert state_for_key(STATE, key, DIGITS, 77) == expected


def test_digits_follow_names_before_places() -> None:
    assert state_for_key(STATE, "7", ("7", "8"), 0) == STATE.with_digits((0,))
    assert state_for_key(STATE, "1", ("cat", "dog"), 0) == STATE.with_digits((1,))
    assert state_for_key(STATE, "5", ("cat", "dog"), 0) is None
    assert state_for_key(STATE, "M", (), 0) is None
