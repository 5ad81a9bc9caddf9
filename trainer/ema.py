"""The averaged generator (EMA), which is sampled, scored and exported."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn


def decay(batch_size: int, images_seen: int, halflife_images: float, warmup: float) -> float:
    """Return the factor of the old average in an update after a step of `batch_size` images.

    Early in a run the half-life is at most `warmup` times the images seen, so that the first weights are forgotten
    (Karras et al. 2024, section 3). With a half-life of 0 the factor is 0: the average is the last weights.
    """
    halflife = min(halflife_images, warmup * images_seen) if warmup else halflife_images
    return float(0.5 ** (batch_size / halflife)) if halflife > 0 else 0.0


class Ema:
    """A copy of a generator that holds an exponential moving average of its weights and BatchNorm statistics."""

    def __init__(self, generator: nn.Module) -> None:
        self.module = copy.deepcopy(generator).eval().requires_grad_(False)

    @torch.no_grad()
    def update(self, generator: nn.Module, decay: float) -> None:
        """Set average = decay * average + (1 - decay) * generator."""
        averages, values = self._tensors(self.module), self._tensors(generator)
        torch._foreach_lerp_(averages, values, 1 - decay)

    @staticmethod
    def _tensors(module: nn.Module) -> list[Tensor]:
        # BatchNorm statistics are averaged like the weights. Its step counters are integers and are not.
        return [tensor for tensor in module.state_dict().values() if tensor.is_floating_point()]
