"""Self-attention over the positions of a feature map (Zhang et al. 2019, "Self-Attention GANs", section 3)."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class SelfAttention(nn.Module):
    """x + gain * attention(x), with a gain that starts at zero."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.inner = max(width // 8, 1)
        self.query, self.key = (nn.Conv2d(width, self.inner, 1, bias=False) for _ in range(2))
        self.value = nn.Conv2d(width, width, 1, bias=False)
        self.gain = nn.Parameter(torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        """Map x [batch, width, height, map width] to the same shape."""
        query, key, value = (layer(x).flatten(2) for layer in (self.query, self.key, self.value))
        # Not scaled_dot_product_attention, whose fast kernels have no second derivative, which R1 needs.
        weights = (query.transpose(1, 2) @ key).softmax(dim=2)
        attended = value @ weights.transpose(1, 2)
        result: Tensor = x + self.gain * attended.unflatten(2, x.shape[2:])
        return result
