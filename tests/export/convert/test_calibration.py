from __future__ import annotations

import numpy as np
import pytest

from export.convert.calibration import calibrate, fit
from export.runtime.discriminator import calibrated


def drawn(mean: float, count: int = 4_000) -> np.ndarray:
    return np.random.default_rng(int(mean * 10 + 1_000)).normal(mean, 1, count).astype(np.float32)


def test_the_probability_of_two_normal_distributions_is_the_one_of_theory() -> None:
    # For N(1, 1) and N(-1, 1), the logit of "real" is exactly twice the score.
    slope, intercept = fit(drawn(1), drawn(-1))
    assert slope == pytest.approx(2, abs=0.1)
    assert intercept == pytest.approx(0, abs=0.1)
    measured = calibrate(drawn(1), drawn(-1))
    assert measured.accuracy == pytest.approx(0.841, abs=0.02)
    assert measured.error < 0.03


def test_a_scale_of_the_scores_changes_no_probability() -> None:
    real, generated = drawn(1), drawn(0)
    plain = calibrated(real, *fit(real, generated))
    scaled = real * 1_000 + 5_000
    np.testing.assert_allclose(calibrated(scaled, *fit(scaled, generated * 1_000 + 5_000)), plain, atol=1e-3)


def test_scores_that_separate_perfectly_stay_finite() -> None:
    real, generated = drawn(50, 100), drawn(-50, 100)
    probabilities = calibrated(np.concatenate([real, generated]), *fit(real, generated))
    assert 0.9 < probabilities[:100].min() < 1
    assert 0 < probabilities[100:].max() < 0.1


@pytest.mark.parametrize("real", [-1.0, 0.0])
def test_a_discriminator_that_knows_nothing_gives_one_half(real: float) -> None:
    scores, same = drawn(real), (drawn(1) if real else drawn(real))
    assert calibrated(scores, *fit(scores, same)) == pytest.approx(0.5, abs=0.01)
