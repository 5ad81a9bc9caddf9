"""Numbers in one hand."""

from __future__ import annotations

import pytest

from export.contract import GeneratorInfo
from viewer.core.scene.cells import samples_of_number
from viewer.core.state.number import MOST_CHARACTERS, MOST_ROLLS, Number, cannot_write, left_out, written_places
from viewer.core.state.samples import SEED_MAX

DIGITS = tuple("0123456789")


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
    assert left_out(DIGITS, "2x 0") == "Skipped: space x. This generator writes 0 1 2 3 4 5 6 7 8 9"
    assert cannot_write(DIGITS) == ""
    assert "without classes" in cannot_write(())
    assert "longer than one character" in cannot_write(("cat", "dog"))
    assert left_out((), "7") == ""
    letters = tuple("abcdefghijklmnopqrstuvwxyz")
    assert left_out(letters, "7").endswith("a b c d e f g h i j k l …")


def test_keys_edit_the_number() -> None:
    number = Number("20")
    assert number.typed("7", DIGITS) == Number("207")
    assert number.typed("Backspace", DIGITS) == Number("2")
    assert Number("").typed("Backspace", DIGITS) == Number("")
    for key in ("R", "Left", "x", "7"):
        assert number.typed(key, ("0", "1", "R")) is None
