"""What single keys change."""

import pytest

from viewer.core.picture.look import Look
from viewer.core.state.keys import KEYS, edit_for_class, edit_for_key
from viewer.core.state.number import Number
from viewer.core.state.view_state import MODES, ViewState

STATE = ViewState(seed=5, digits=(2,))
DIGITS = tuple("0123456789")


def after(key: str, classes: tuple[str, ...] = DIGITS, state: ViewState = STATE) -> ViewState | None:
    edit = edit_for_key(key, classes, 77, state.mode)
    return edit[1](state) if edit else None


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
    named.remove("Shift+letter")
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
    assert {key for key in candidates for mode in MODES if edit_for_key(key, DIGITS, 0, mode) is not None} == named


def test_keys_write() -> None:
    state = STATE.with_mode("number").with_number(Number("20"))
    assert after("7", state=state) == state.with_number(Number("207"))
    assert after("Backspace", state=state) == state.with_number(Number("2"))
    empty = state.with_number(Number(""))
    assert after("Backspace", state=empty) == empty
    assert after("R", state=state) == state.with_number(Number("20", 77))
    assert after("7", ("0", "1"), state) is None
    assert after("M", state=state) is None
    assert after("B", ("a", "b"), state) == state.with_number(Number("20b"))
    shifted = edit_for_class("R", ("r", "R"), "number")
    assert shifted is not None
    assert shifted[1](state) == state.with_number(Number("20R"))
    assert edit_for_class("cat", ("cat",), "number") is None


@pytest.mark.parametrize("mode", ["path", "pad"])
def test_keys_of_seeds_and_classes_change_nothing_that_is_not_shown(mode: str) -> None:
    state = ViewState(mode=mode, position=0.5)
    assert [after(key, state=state) for key in ("R", "Left", "Right", "M", "7", "Backspace")] == [None] * 6
    assert after("I", state=state) == state.with_look(Look(invert=True))
