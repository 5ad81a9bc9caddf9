from __future__ import annotations

import numpy as np
import pytest

from viewer.core.game.rounds import FEWEST, MOST, PICTURES, deal, plan

REAL = np.full((20, 4, 4), 1, np.uint8)
FORGED = np.full((9, 4, 4), 2, np.uint8)


def test_a_round_has_the_pictures_that_its_plan_says() -> None:
    for seed in range(50):
        dealt = deal(seed, REAL, np.arange(20), FORGED, np.arange(9) + 100)
        assert dealt.forged == plan(seed)
        assert FEWEST <= sum(dealt.forged) <= MOST
        np.testing.assert_array_equal(dealt.pixels[:, 0, 0] == 2, dealt.forged)
        np.testing.assert_array_equal(dealt.labels >= 100, dealt.forged)
        assert len(set(dealt.labels.tolist())) == PICTURES, "no picture is there twice"
    assert len({plan(seed) for seed in range(50)}) > 40


def test_guesses_are_counted_and_kept_once_the_answer_is_shown() -> None:
    dealt = deal(3, REAL, np.arange(20), FORGED, np.arange(9))
    first = dealt.forged.index(True)
    assert dealt.toggle(first).toggle(first).guessed == frozenset()
    assert dealt.toggle(99) is dealt
    perfect = dealt
    for place, forged in enumerate(dealt.forged):
        perfect = perfect.toggle(place) if forged else perfect
    assert (perfect.score, perfect.fooled) == (10, (0, sum(dealt.forged)))
    nothing = dealt.finish()
    assert nothing.score == 10 - sum(dealt.forged)
    assert nothing.fooled == (sum(dealt.forged),) * 2
    assert nothing.toggle(first) is nothing
    wrong = dealt.toggle(dealt.forged.index(False))
    assert wrong.right.count(False) == sum(dealt.forged) + 1


def test_too_few_pictures_are_refused() -> None:
    with pytest.raises(ValueError, match="a round needs"):
        deal(0, REAL[:2], np.arange(2), FORGED, np.arange(9))
