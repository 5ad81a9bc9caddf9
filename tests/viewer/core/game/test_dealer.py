from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from digitforge.bundled import BUNDLED_MODEL
from digitforge.errors import ExportError
from viewer.core.game import real_digits
from viewer.core.game.dealer import Dealt, deal_from


def test_a_round_mixes_bundled_real_digits_with_generated_ones() -> None:
    dealt = deal_from(BUNDLED_MODEL, 5)
    real = {picture.tobytes() for picture in real_digits.load()[0]}
    assert [picture.tobytes() not in real for picture in dealt.round.pixels] == list(dealt.round.forged)
    np.testing.assert_array_equal(deal_from(BUNDLED_MODEL, 5).round.pixels, dealt.round.pixels)
    assert dealt.discriminator_right == -1
    answers = tuple(0.1 if forged else 0.9 for forged in dealt.round.forged)
    assert Dealt(dealt.round, answers).discriminator_right == 10


def test_other_pictures_than_digits_are_refused(models: dict[str, Path]) -> None:
    with pytest.raises(ExportError, match="does not make digits of 28x28"):
        deal_from(models["digits"], 0)
