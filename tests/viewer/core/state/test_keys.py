"""What single keys change."""

import pytest

from viewer.core.picture.look import Look
from viewer.core.state.keys import KEYS, edit_for_key
from viewer.core.state.view_state import ViewState

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


def test_classes_have_the_keys_of_their_names() -> None:
    assert after("7", ("7", "8")) == STATE.with_digits((0,))
    assert after("7", tuple("abcdefgh")) is None, "it is not the eighth letter"
    assert after("B", tuple("abcdefgh")) == STATE.with_digits((1,))
    assert after("B", ("B", "b")) == STATE.with_digits((0,))
    assert after("M", ()) is None


def test_the_list_of_keys_is_complete() -> None:
    named = {name for keys, _ in KEYS for name in (map(str, range(10)) if keys == "0 – 9" else [keys])}
    letters = [chr(code) for code in range(ord("A"), ord("Z") + 1)]
    others = [
        "Space",
        "Left",
        "Right",
        "Up",
        "Down",
        "Return",
        "Escape",
        "Tab",
        "Home",
        "End",
        "Del",
        "Backspace",
        "F1",
    ]
    candidates = [*letters, *map(str, range(10)), *others, *"+-*/.,;!?"]
    assert {key for key in candidates if edit_for_key(key, DIGITS, 0) is not None} == named
