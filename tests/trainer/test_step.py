"""One step on one process: its result does not depend on how the batch is divided."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
import torch
from torch.nn.functional import softplus

from tests.support.steps import SMALL, trained, weights
from trainer.presets import configure
from trainer.seeding import Draws

NO_BATCH_STATISTICS = {"precision": "fp32", "optimizer": "sgd", "beta1": 0.0, "g_lr": "0.1", "d_lr": "0.1"}


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"loss": "relativistic", "gamma": "1"},
        {"loss": "wasserstein", "gamma": "10", "penalty": "gradient-penalty"},
        {"loss": "hinge", "gamma": "1", "penalty": "r1", "joint_batch": False},
        {"label_noise": 0.1, "label_smoothing": 0.1, "augment": "shift:0.1,noise:0.1"},
        {"conditional": True, "label_dropout": 0.5},
    ],
    ids=["plain", "relativistic", "wasserstein", "r1", "noise and augmentation", "label dropout"],
)
def test_micro_batches_train_like_the_whole_batch(settings: dict[str, Any]) -> None:
    config = configure("mlp", SMALL | NO_BATCH_STATISTICS | {"reuse_fakes": False} | settings)
    whole, metrics = trained(config, 2)
    parts, metrics_of_parts = trained(dataclasses.replace(config, accumulation=4), 2)
    for mine, theirs in zip(weights(whole), weights(parts), strict=True):
        torch.testing.assert_close(mine, theirs, rtol=0, atol=1e-6)
    for one, other in zip(metrics, metrics_of_parts, strict=True):
        assert (one["d_loss"], one["g_loss"]) == pytest.approx((other["d_loss"], other["g_loss"]), abs=1e-5)


@pytest.mark.parametrize("preset", ["quickstart", "mlp-dropout", "conv-upsample"])
def test_recomputed_activations_train_to_the_same_bits(preset: str) -> None:
    config = configure(preset, SMALL | {"precision": "fp32", "gamma": "1"})
    plain, _ = trained(config, 2)
    again, _ = trained(dataclasses.replace(config, recompute="both"), 2)
    assert again.plain_generator.body.recompute
    assert all(torch.equal(mine, theirs) for mine, theirs in zip(weights(plain), weights(again), strict=True))


def test_the_generator_may_step_less_often() -> None:
    config = configure("mlp", SMALL | {"d_steps": 3})
    _, metrics = trained(config, 6)
    assert ["g_loss" in each for each in metrics] == [True, False, False, True, False, False]


@pytest.mark.parametrize(("gamma", "every", "due"), [("1", 2, True), ("0,1@64", 1, False)])
def test_penalties_are_taken_when_they_are_due(gamma: str, every: int, due: bool) -> None:
    config = configure("mlp", SMALL | NO_BATCH_STATISTICS)
    penalised, _ = trained(dataclasses.replace(config, gamma=gamma, penalty_every=every), 1)
    plain, _ = trained(config, 1)
    same = [torch.equal(mine, theirs) for mine, theirs in zip(weights(penalised), weights(plain), strict=True)]
    assert all(same) != due


@pytest.mark.parametrize("reuse", [True, False])
def test_the_generator_may_learn_from_the_fakes_that_were_just_seen(reuse: bool) -> None:
    config = configure("mlp", SMALL | NO_BATCH_STATISTICS | {"d_lr": "0", "reuse_fakes": reuse})
    before, _ = trained(config, 0)
    draws = Draws(torch.device("cpu"), config.seed, 0, config.batch_size, slice(None))
    z = draws.latents("d_latents" if reuse else "g_latents", config.latent_size, "normal")
    softplus(-before.plain_discriminator(before.plain_generator(z))).mean().backward()
    after, _ = trained(config, 1)
    for old, new in zip(before.plain_generator.parameters(), after.plain_generator.parameters(), strict=True):
        assert old.grad is not None
        torch.testing.assert_close(new, old - 0.1 * old.grad, rtol=0, atol=1e-7)


def test_accuracies_are_shares() -> None:
    _, metrics = trained(configure("mlp", SMALL), 3)
    assert all(0 <= each[name] <= 1 for each in metrics for name in ("real_accuracy", "fake_accuracy"))


def test_only_an_adaptive_probability_is_reported() -> None:
    changed = SMALL | {"augment": "noise:0.1"}
    networks, metrics = trained(configure("mlp", changed | {"augment_target": 0.001}), 8)
    assert [each["augment_probability"] for each in metrics[:3]] == [0, 0, 0], "it moves every four steps"
    assert metrics[-1]["augment_probability"] == networks.augmentation.probability
    _, metrics = trained(configure("mlp", changed), 1)
    assert "augment_probability" not in metrics[0]


def test_compiled_networks_keep_their_names() -> None:
    config = configure("mlp", SMALL | {"compile": True})
    compiled, _ = trained(config, 0)
    plain, _ = trained(dataclasses.replace(config, compile=False), 0)
    assert compiled.plain_generator.state_dict().keys() == plain.plain_generator.state_dict().keys()
