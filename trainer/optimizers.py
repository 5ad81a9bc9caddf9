"""Optimisers by name. The learning rate is set at every step, from its schedule."""

from __future__ import annotations

import torch
from torch import nn

from trainer.config import TrainConfig


def build_optimizer(config: TrainConfig, module: nn.Module) -> torch.optim.Optimizer:
    """A new optimiser of the module's weights, fused where its device has that."""
    weights, decay = list(module.parameters()), config.weight_decay
    betas = (config.beta1, config.beta2)
    fused = weights[0].device.type in ("cpu", "cuda")
    match config.optimizer:
        case "adam":
            return torch.optim.Adam(weights, betas=betas, weight_decay=decay, fused=fused)
        case "adamw":
            return torch.optim.AdamW(weights, betas=betas, weight_decay=decay, fused=fused)
        case "rmsprop":
            return torch.optim.RMSprop(
                weights, alpha=config.beta2, momentum=config.beta1, weight_decay=decay, foreach=True
            )
        case _:
            return torch.optim.SGD(weights, lr=1.0, momentum=config.beta1, weight_decay=decay, fused=fused)
