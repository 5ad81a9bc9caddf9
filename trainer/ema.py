"""The averaged generator: what is sampled, exported and scored."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn


def decay(batch_size: int, images_seen: int, halflife_images: float, warmup: float) -> float:
    """Share of the average that survives a step of `batch_size` images.

    Early in a run the half-life is at most `warmup` times the images seen, so that the first weights are forgotten
    (Karras et al. 2024, section 3). A half-life of 0 keeps nothing: the average is the last weights.
    """
    halflife = min(halflife_images, warmup * images_seen) if warmup else halflife_images
    return float(0.5 ** (batch_size / halflife)) if halflife > 0 else 0.0


class Ema:
    """A generator whose weights and BatchNorm statistics follow another's as an exponential moving average."""

    def __init__(self, generator: nn.Module) -> None:
        self.module = copy.deepcopy(generator).eval().requires_grad_(False)

    @torch.no_grad()
    def update(self, generator: nn.Module, keep: float) -> None:
        """Average <- keep * average + (1 - keep) * generator."""
        mine, theirs = self._tensors(self.module), self._tensors(generator)
        torch._foreach_lerp_(mine, theirs, 1 - keep)

    @staticmethod
    def _tensors(module: nn.Module) -> list[Tensor]:
        # Statistics are averaged like the weights they were measured under; step counters are not floats.
        return [tensor for tensor in module.state_dict().values() if tensor.is_floating_point()]
