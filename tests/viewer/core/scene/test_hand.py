"""Writing in a hand of one's own, and varying every place."""

from __future__ import annotations

import numpy as np
import pytest

from export.contract import GeneratorInfo
from export.runtime.latents import one_hot
from viewer.core.scene.hand import mean_latent, samples_of_number
from viewer.core.state.number import MOST_DRAWN, VARIATION_MAX, Number
from viewer.core.state.samples import Sample, held_sample, latents_of, of_class, weights_of

NORMAL = GeneratorInfo(64, "normal", tuple("0123456789"), 1, 28, 28)
UNIFORM = GeneratorInfo(64, "uniform", tuple("0123456789"), 1, 28, 28)
RANDOM = np.random.default_rng(3)


def drawn(label: int) -> Sample:
    """Return a sample as an inversion finds it."""
    return held_sample(RANDOM.standard_normal(64).astype(np.float32), one_hot([label], 10)[0], "drawn")


TWO, SIX, OTHER_TWO = drawn(2), drawn(6), drawn(2)


def test_drawn_digits_are_written_as_they_are_and_others_with_the_mean() -> None:
    written = samples_of_number(NORMAL, Number("2016").with_drawn(TWO).with_drawn(SIX))
    assert (written[0], written[3]) == (TWO, SIX)
    z, y = latents_of(NORMAL, written), weights_of(NORMAL, written)
    assert y is not None
    assert y.argmax(axis=1).tolist() == [2, 0, 1, 6]
    np.testing.assert_array_equal(z[1], z[2])
    two, six = latents_of(NORMAL, [TWO, SIX])
    plain = (two + six) / 2
    cosine = float(z[1] @ plain) / np.linalg.norm(z[1]) / np.linalg.norm(plain)
    assert cosine == pytest.approx(1, abs=1e-6)
    assert np.linalg.norm(z[1]) == pytest.approx((np.linalg.norm(two) + np.linalg.norm(six)) / 2, rel=1e-5)
    assert np.linalg.norm(plain) < 0.85 * np.linalg.norm(z[1]), "the plain mean is too short for a Gaussian prior"


def test_one_drawn_digit_gives_its_latent_to_all_to_the_bit() -> None:
    z = latents_of(NORMAL, samples_of_number(NORMAL, Number("2026").with_drawn(TWO)))
    assert (z == latents_of(NORMAL, [TWO])).all()


def test_a_digit_that_was_drawn_twice_is_written_in_turn() -> None:
    number = Number("2x222").with_drawn(TWO).with_drawn(OTHER_TWO)
    assert samples_of_number(NORMAL, number) == (TWO, OTHER_TWO, TWO, OTHER_TWO)
    assert samples_of_number(NORMAL, number.without_drawn(0))[0] == OTHER_TWO
    assert samples_of_number(NORMAL, number.with_hand(4)) == (of_class(4, 0, 2),) * 4


def test_uniform_latents_stay_in_their_range() -> None:
    hand = tuple(held_sample(RANDOM.uniform(-1, 1, 64).astype(np.float32), one_hot([each], 10)[0]) for each in (2, 6))
    np.testing.assert_allclose(mean_latent(UNIFORM, hand), latents_of(UNIFORM, hand).mean(axis=0), atol=1e-6)
    number = Number("2026", drawn=hand, variation=VARIATION_MAX)
    assert np.abs(latents_of(UNIFORM, samples_of_number(UNIFORM, number))).max() <= 1


@pytest.mark.parametrize("hand", [(), (TWO, SIX)])
def test_a_variation_makes_equal_characters_differ(hand: tuple[Sample, ...]) -> None:
    plain = Number("2026", 7, drawn=hand)
    assert samples_of_number(NORMAL, plain)[0] == samples_of_number(NORMAL, plain)[2]
    before = latents_of(NORMAL, samples_of_number(NORMAL, plain))
    moves = []
    for variation in (0.1, 0.3):
        varied = samples_of_number(NORMAL, plain.with_variation(variation))
        assert [sample.label for sample in varied] == [2, 0, 2, 6]
        assert varied == samples_of_number(NORMAL, plain.with_variation(variation))
        z = latents_of(NORMAL, varied)
        assert not np.array_equal(z[0], z[2])
        moves.append(np.linalg.norm(z - before, axis=1))
        np.testing.assert_allclose(np.linalg.norm(z, axis=1), np.linalg.norm(before, axis=1), rtol=0.25)
    assert (moves[0] > 0).all()
    assert (moves[0] < moves[1]).all()


def test_one_character_can_be_varied_alone() -> None:
    hand = Number("2026").with_drawn(TWO).with_drawn(SIX)
    before, after = (samples_of_number(NORMAL, one) for one in (hand, hand.rerolled(2)))
    assert [one == other for one, other in zip(before, after, strict=True)] == [True, True, False, True]
    assert after[2].label == 2
    assert samples_of_number(NORMAL, hand.rerolled(2).rerolled(2))[2] != after[2]
    two, varied = latents_of(NORMAL, [TWO, after[2]])
    assert float(two @ varied) / np.linalg.norm(two) / np.linalg.norm(varied) > 0.6


def test_a_hand_has_a_limit() -> None:
    number = Number()
    for _ in range(MOST_DRAWN):
        assert "full" not in number.next_drawn
        number = number.with_drawn(TWO)
    assert number.next_drawn == "Your hand is full: it takes 20 pictures."
    assert number.with_drawn(SIX) == number
    assert number.with_variation(9).variation == VARIATION_MAX
    for wrong in ({"drawn": (TWO,) * 21}, {"variation": 0.6}, {"variation": float("nan")}):
        with pytest.raises(ValueError, match="it must be between"):
            Number(**wrong)
