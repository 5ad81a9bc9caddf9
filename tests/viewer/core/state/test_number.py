"""Numbers in one hand."""

from __future__ import annotations

import pytest

from export.contract import GeneratorInfo
from viewer.core.scene.cells import scene_of
from viewer.core.scene.hand import samples_of_number
from viewer.core.state.number import (
    LINE,
    MOST_CHARACTERS,
    MOST_ROLLS,
    Number,
    as_written,
    cannot_write,
    first_text,
    left_out,
    writes_only_digits,
    written_places,
)
from viewer.core.state.samples import SEED_MAX
from viewer.core.state.view_state import ViewState

DIGITS = tuple("0123456789")
SMALL, LARGE = tuple("abcdefghijklmnopqrstuvwxyz"), tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ")


def test_variants_stay_when_more_is_typed() -> None:
    info = GeneratorInfo(4, "normal", DIGITS, 1, 8, 8)
    number = Number("12").rerolled(1).rerolled(1)
    longer = number.with_text("1234")
    assert number.rolls == longer.rolls == (0, 2)
    assert samples_of_number(info, longer)[:2] == samples_of_number(info, number)
    assert longer.with_text("1").rolls == ()
    assert longer.in_one_hand().rolls == ()
    assert longer.with_hand(-4) == Number("1234", 0)
    assert longer.with_hand(SEED_MAX + 1).seed == SEED_MAX


def test_places_outside_the_text_are_ignored() -> None:
    assert Number("12").rerolled(2) == Number("12").rerolled(-1) == Number("12")
    assert len(Number().with_text("1" * 99).text) == MOST_CHARACTERS
    assert Number("1", 0, (MOST_ROLLS,)).rerolled(0).rolls == (1,)
    for wrong in ({"text": "1" * 25}, {"seed": -1}, {"rolls": (-1,)}, {"rolls": (0,) * 25}):
        with pytest.raises(ValueError, match="it must be between"):
            Number(**wrong)


def test_characters_that_cannot_be_written_are_reported() -> None:
    assert written_places(DIGITS, "2x 0") == (0, 3)
    assert left_out(DIGITS, "2026") == ""
    assert left_out(DIGITS, "xH2x 0") == "Left out: x, H, space"
    assert cannot_write(DIGITS) == ""
    assert "without classes" in cannot_write(())
    assert "longer than one character" in cannot_write(("cat", "dog"))
    assert left_out((), "7") == ""


@pytest.mark.parametrize(
    ("classes", "typed", "written"),
    [
        (SMALL, "Hello World", "hello world"),
        (LARGE, "Hello World", "HELLO WORLD"),
        ((*LARGE, *SMALL), "Hello World", "Hello World"),
        ((*DIGITS, *LARGE, *"abdefghnqrt"), "Hello World 2026", "HeLLO WOrLd 2026"),
        (DIGITS, "Hello 7", "Hello 7"),
        (("ß", "I", "i"), "ßSSİı", "ßSSİI"),
    ],
)
def test_the_other_case_is_written_where_only_that_is_a_class(
    classes: tuple[str, ...], typed: str, written: str
) -> None:
    assert as_written(classes, typed) == written


@pytest.mark.parametrize(
    ("classes", "text", "only_digits"),
    [
        (DIGITS, "2026", True),
        (SMALL, "hello", False),
        (LARGE, "HELLO", False),
        ((*DIGITS, *LARGE, *"abdefghnqrt"), "HELLO", False),
        ((*LARGE, *SMALL), "Hello", False),
        (("0", "1"), "01", True),
        (tuple("おきすつなは"), "おきすつな", False),
        (("cat", "x"), "x", False),
    ],
)
def test_the_first_text_suits_the_classes(classes: tuple[str, ...], text: str, only_digits: bool) -> None:
    assert first_text(classes) == text
    assert writes_only_digits(classes) == only_digits
    assert Number("!").suited(classes) == Number(text)
    assert Number("", 3).suited(classes) == Number("", 3)


def test_a_text_that_can_be_written_stays() -> None:
    assert Number("31", 9, (0, 2)).suited(DIGITS) == Number("31", 9, (0, 2))
    assert Number("A1", 9, (2, 1)).suited(SMALL) == Number("a1", 9, (2, 1))
    assert Number("31", 9, (0, 2)).suited(SMALL) == Number("hello", 9)
    assert Number("31", 9, (0, 2)).suited(()) == Number("31", 9, (0, 2))


def test_lines_are_about_equally_long() -> None:
    number = Number().with_line(LINE)
    assert [number.columns(count) for count in (0, 1, 4, 8, 9, 10, 16, 17, 24)] == [1, 1, 4, 8, 5, 5, 8, 6, 8]
    assert Number().columns(MOST_CHARACTERS) == MOST_CHARACTERS, "recipes without lines keep their picture"
    info = GeneratorInfo(4, "normal", DIGITS, 1, 8, 8)
    scene = scene_of(info, ViewState(mode="number").with_number(number.with_text("3" * 10 + "x")))
    assert scene is not None
    assert (len(scene.z), scene.columns) == (10, 5)
    with pytest.raises(ValueError, match="in a line is 0"):
        Number(line=0)
