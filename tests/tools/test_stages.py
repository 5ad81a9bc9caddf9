"""Packing the early stages of a training."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tools.stages import MOST_LEVELS, SHARE, main, quantised


def test_each_stage_is_within_half_a_step_and_errors_do_not_add_up(rng: np.random.Generator) -> None:
    stages = np.cumsum(rng.standard_normal((8, 50, 40)).astype(np.float32), axis=0)
    steps, levels = quantised(stages)
    value = np.zeros((50, 40), np.float32)
    for exact, step, level in zip(stages, steps, levels, strict=True):
        value = value + step * level.astype(np.float32)
        assert np.abs(value - exact).max() <= step / 2 + 1e-5
        assert step == pytest.approx(SHARE * exact.std(), rel=1e-5)


def test_large_values_make_the_step_larger(rng: np.random.Generator) -> None:
    stages = rng.standard_normal((1, 1000)).astype(np.float32)
    stages[0, 0] = 1000
    steps, levels = quantised(stages)
    assert levels.max() == MOST_LEVELS
    assert steps[0] == pytest.approx(1000 / MOST_LEVELS)


def test_a_run_without_a_stage_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path), "--out", str(tmp_path / "out.npz")]) == 2
    assert "has no export at 1,024 images: train it with --export-every." in capsys.readouterr().err.replace("\n", "")
