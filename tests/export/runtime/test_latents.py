from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from export.runtime.generator import open_generator
from export.runtime.latents import labels_of, latents


def test_latents_do_not_depend_on_how_a_request_is_split(models: dict[str, Path]) -> None:
    for name, spread in (("digits", 1.0), ("free", 3**-0.5)):
        info = open_generator(models[name]).info
        whole = latents(info, 3, 0, 2000)
        np.testing.assert_array_equal(latents(info, 3, 250, 300), whole[250:550])
        assert whole.mean() == pytest.approx(0, abs=0.05)
        assert whole.std() == pytest.approx(spread, rel=0.05)
    assert np.abs(whole).max() <= 1, "uniform latents are within -1 and 1"
    assert not np.array_equal(latents(info, 4, 0, 5), whole[:5])
    assert not np.array_equal(latents(info, 3, 0, 5, attempt=1), whole[:5])
    assert latents(info, 2**100, 0, 1).shape == (1, info.latent_size)


def test_classes_take_turns(models: dict[str, Path]) -> None:
    digits, free = (open_generator(models[name]).info for name in ("digits", "free"))
    assert labels_of(digits, (), 8, 4).tolist() == [8, 9, 0, 1]
    assert labels_of(digits, (3, 7), 1, 4).tolist() == [7, 3, 7, 3]
    assert labels_of(free, (), 0, 2).tolist() == [-1, -1]
