from __future__ import annotations

import pytest
import torch
from torch import nn

from trainer.ema import Ema, decay


def test_half_is_forgotten_after_a_halflife() -> None:
    keep = decay(100, 10**9, 1_000, 0.0)
    assert keep**10 == pytest.approx(0.5)


def test_warmup_shortens_the_halflife_early_on() -> None:
    assert decay(100, 1_000, 10_000, 0.05) == pytest.approx(0.5 ** (100 / 50))
    assert decay(100, 10**6, 10_000, 0.05) == pytest.approx(0.5 ** (100 / 10_000))


def test_without_a_halflife_the_average_is_the_last_weights() -> None:
    assert decay(100, 1_000, 0, 0.0) == 0


def test_weights_and_batch_statistics_are_averaged_counters_are_not() -> None:
    source = nn.BatchNorm1d(2)
    ema = Ema(source)
    with torch.no_grad():
        source.weight.fill_(3.0)
        source.running_mean.fill_(2.0)  # type: ignore[union-attr]
        source.num_batches_tracked.fill_(7)  # type: ignore[union-attr]
    ema.update(source, decay=0.75)
    state = ema.module.state_dict()
    torch.testing.assert_close(state["weight"], torch.full((2,), 0.75 * 1 + 0.25 * 3))
    torch.testing.assert_close(state["running_mean"], torch.full((2,), 0.25 * 2))
    assert state["num_batches_tracked"] == 0
    assert not ema.module.training
    assert not any(parameter.requires_grad for parameter in ema.module.parameters())
