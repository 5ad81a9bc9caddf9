"""How near an answer is, in words."""

from __future__ import annotations

import numpy as np
import pytest

from viewer.core.draw.closeness import FAR, closeness, relative_error, with_lost


def test_thin_and_bold_strokes_compare() -> None:
    thin = np.full((1, 28, 28), -1, np.float32)
    thin[:, 4:24, 13:15] = 1
    empty = float(np.sqrt(np.mean((thin + 1) ** 2)))
    assert relative_error(empty, thin) == pytest.approx(1)
    assert relative_error(empty / 2, -thin) == pytest.approx(0.5)
    assert relative_error(0.1, np.full((1, 28, 28), -1, np.float32)) > 1


def test_the_words() -> None:
    assert [closeness(error) for error in (0.1, 0.3, 0.45, 0.9)] == ["very near", "near", "somewhat like it", FAR]


def test_what_lies_beyond_the_sheet_counts() -> None:
    assert with_lost(0.2, 0.0) == pytest.approx(0.2)
    assert with_lost(0.2, 0.5) == pytest.approx((0.04 * 0.5 + 0.5) ** 0.5)
    assert with_lost(0.0, 1.0) == 1
