"""Numbers in one hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from export.runtime.generator import open_generator
from viewer.core.scene.cells import samples_of_number, scene_of
from viewer.core.state.number import MOST_CHARACTERS, MOST_ROLLS, Number, cannot_write, left_out, written_places
from viewer.core.state.samples import SEED_MAX
from viewer.core.state.view_state import ViewState

DIGITS = tuple("0123456789")


def test_one_hand_is_one_latent_and_a_variant_another(models: dict[str, Path]) -> None:
    info = open_generator(models["digits"], "cpu").info
    scene = scene_of(info, ViewState(mode="number", number=Number("2 26", 5).rerolled(2)))
    assert scene is not None
    assert scene.close
    assert scene.columns == len(scene.z) == 3
    np.testing.assert_array_equal(scene.z[0], scene.z[2])
    assert not np.array_equal(scene.z[0], scene.z[1])
    assert [sample.label for sample in scene.samples] == [2, 2, 6]


def test_variants_stay_while_more_is_typed(models: dict[str, Path]) -> None:
    info = open_generator(models["digits"], "cpu").info
    number = Number("12").rerolled(1).rerolled(1)
    longer = number.with_text("1234")
    assert number.rolls == longer.rolls == (0, 2)
    assert samples_of_number(info, longer)[:2] == samples_of_number(info, number)
    assert longer.with_text("1").rolls == ()
    assert longer.in_one_hand().rolls == ()
    assert longer.with_hand(-4) == Number("1234", 0)
    assert longer.with_hand(SEED_MAX + 1).seed == SEED_MAX


def test_every_variant_is_a_sample_of_its_own(models: dict[str, Path]) -> None:
    info = open_generator(models["digits"], "cpu").info
    text = "7" * MOST_CHARACTERS
    seen = [sample for roll in range(1, 4) for sample in samples_of_number(info, Number(text, 0, (roll,) * len(text)))]
    assert len(set(seen)) == 3 * MOST_CHARACTERS
    samples_of_number(info, Number(text, SEED_MAX, (MOST_ROLLS,) * MOST_CHARACTERS))


def test_there_is_no_place_beside_the_text() -> None:
    assert Number("12").rerolled(2) == Number("12").rerolled(-1) == Number("12")
    assert len(Number().with_text("1" * 99).text) == MOST_CHARACTERS
    assert Number("1", 0, (MOST_ROLLS,)).rerolled(0).rolls == (1,)
    for wrong in ({"text": "1" * 25}, {"seed": -1}, {"rolls": (-1,)}, {"rolls": (0,) * 25}):
        with pytest.raises(ValueError, match="it must be between"):
            Number(**wrong)


def test_what_cannot_be_written_is_said() -> None:
    assert written_places(DIGITS, "2x 0") == (0, 3)
    assert left_out(DIGITS, "2026") == ""
    assert left_out(DIGITS, "2x 0") == "Skipped: space x. This generator writes 0 1 2 3 4 5 6 7 8 9"
    assert cannot_write(DIGITS) == ""
    assert "without classes" in cannot_write(())
    assert "longer than one character" in cannot_write(("cat", "dog"))
    assert left_out((), "7") == ""
    letters = tuple("abcdefghijklmnopqrstuvwxyz")
    assert left_out(letters, "7").endswith("a b c d e f g h i j k l …")


def test_keys_are_written() -> None:
    number = Number("20")
    assert number.typed("7", DIGITS) == Number("207")
    assert number.typed("Backspace", DIGITS) == Number("2")
    assert Number("").typed("Backspace", DIGITS) == Number("")
    for key in ("R", "Left", "x", "7"):
        assert number.typed(key, ("0", "1", "R")) is None


def test_the_seed_of_a_number_is_its_hand() -> None:
    state = ViewState(mode="number", seed=4).with_seed(9).stepped(-1)
    assert (state.seed, state.number.seed) == (4, 8)
