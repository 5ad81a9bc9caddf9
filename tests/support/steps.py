"""A few steps of training on the embedded digits, for tests that compare weights."""

from __future__ import annotations

from typing import Any

import torch

from trainer import launch
from trainer.config import TrainConfig
from trainer.data import datasets
from trainer.data.batches import Batches
from trainer.state import Networks, Run, build_networks
from trainer.step import step

SMALL: dict[str, Any] = {"batch_size": 64, "g_width": 8, "d_width": 8, "g_layers": "32", "d_layers": "32"}


def trained(config: TrainConfig, steps: int) -> tuple[Networks, list[dict[str, float]]]:
    """Train for `steps` steps; return the networks and each step's metrics."""
    accelerator = launch.start(config)
    source = datasets.load("sklearn-digits", None)
    batches = Batches(source, accelerator.device, config.batch_size, config.seed, config.conditional)
    networks = build_networks(config, source.format, accelerator)
    run = Run(config, batches, networks, accelerator)
    metrics = [step(run, number * config.batch_size) for number in range(steps)]
    return networks, [{name: value.item() for name, value in each.items()} for each in metrics]


def weights(networks: Networks) -> list[torch.Tensor]:
    """Return the weights of both networks."""
    return [
        weight for module in (networks.plain_generator, networks.plain_discriminator) for weight in module.parameters()
    ]
