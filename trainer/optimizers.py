"""The optimisers, one row each in `OPTIMIZERS`. The step sets the learning rate, from its schedule."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn

from trainer.config import TABLES, TrainConfig


@dataclass(frozen=True)
class Optimizer:
    """A row of `OPTIMIZERS`."""

    build: Callable[[TrainConfig, list[nn.Parameter]], torch.optim.Optimizer]
    """Make an optimiser of these parameters, fused where their device has that."""
    graphable: bool = False
    """Whether its step can be recorded as a CUDA graph with `capturable` set."""


def _adam(config: TrainConfig, weights: list[nn.Parameter]) -> torch.optim.Optimizer:
    betas = (config.beta1, config.beta2)
    return torch.optim.Adam(weights, betas=betas, weight_decay=config.weight_decay, fused=_fused(weights))


def _adamw(config: TrainConfig, weights: list[nn.Parameter]) -> torch.optim.Optimizer:
    betas = (config.beta1, config.beta2)
    return torch.optim.AdamW(weights, betas=betas, weight_decay=config.weight_decay, fused=_fused(weights))


def _rmsprop(config: TrainConfig, weights: list[nn.Parameter]) -> torch.optim.Optimizer:
    return torch.optim.RMSprop(
        weights, alpha=config.beta2, momentum=config.beta1, weight_decay=config.weight_decay, foreach=True
    )


def _sgd(config: TrainConfig, weights: list[nn.Parameter]) -> torch.optim.Optimizer:
    return torch.optim.SGD(
        weights, lr=1.0, momentum=config.beta1, weight_decay=config.weight_decay, fused=_fused(weights)
    )


def _fused(weights: list[nn.Parameter]) -> bool:
    return weights[0].device.type in ("cpu", "cuda")


OPTIMIZERS: dict[str, Optimizer] = {
    "adam": Optimizer(_adam, graphable=True),
    "adamw": Optimizer(_adamw, graphable=True),
    "rmsprop": Optimizer(_rmsprop),
    "sgd": Optimizer(_sgd),
}
"""The optimisers by name: the choices of `--optimizer`."""
TABLES["optimizer"] = OPTIMIZERS


def build_optimizer(config: TrainConfig, module: nn.Module) -> torch.optim.Optimizer:
    """Return a new optimiser of the module's parameters, without those that are frozen."""
    weights = [parameter for parameter in module.parameters() if parameter.requires_grad]
    return OPTIMIZERS[config.optimizer].build(config, weights)
