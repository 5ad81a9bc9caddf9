"""Random streams as pure functions of a key: resuming needs no saved generator state, and ranks never share one."""

from __future__ import annotations

import hashlib

import torch
from torch import Tensor


def stream(device: torch.device, *key: int | str) -> torch.Generator:
    """A generator on `device` whose numbers depend on `key` alone."""
    digest = hashlib.sha256(repr(key).encode()).digest()
    generator = torch.Generator(device)
    return generator.manual_seed(int.from_bytes(digest[:8], "little") >> 1)


def draw_latents(count: int, size: int, distribution: str, generator: torch.Generator) -> Tensor:
    """Latents [count, size], standard normal or uniform on [-1, 1], on the generator's device."""
    if distribution == "normal":
        return torch.randn(count, size, generator=generator, device=generator.device)
    return torch.rand(count, size, generator=generator, device=generator.device) * 2 - 1
