"""Random numbers as pure functions of a key: resuming needs no saved generator state, and no two images share any."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import torch
from torch import Tensor


def seed_of(*key: int | str) -> int:
    """A seed in [0, 2^63) that depends on `key` alone."""
    digest = hashlib.sha256(repr(key).encode()).digest()
    return int.from_bytes(digest[:8], "little") >> 1


def stream(device: torch.device, *key: int | str) -> torch.Generator:
    """A generator on `device` whose numbers depend on `key` alone."""
    return torch.Generator(device).manual_seed(seed_of(*key))


@dataclass
class Draws:
    """The random numbers of some rows of one step's batch.

    They are drawn for the whole batch, over all processes, and cut: so a batch means the same on any number of
    processes and in any number of parts.
    """

    device: torch.device
    seed: int
    number: int
    """Of the step."""
    batch_size: int
    """Over all processes."""
    rows: slice
    """This part's place in the batch."""

    def normal(self, name: str, *shape: int) -> Tensor:
        """Standard normal numbers [rows, *shape]; another name gives others."""
        whole = torch.randn(self.batch_size, *shape, generator=self._stream(name), device=self.device)
        return whole[self.rows]

    def uniform(self, name: str, *shape: int) -> Tensor:
        """Numbers uniform on [0, 1), [rows, *shape]; another name gives others."""
        whole = torch.rand(self.batch_size, *shape, generator=self._stream(name), device=self.device)
        return whole[self.rows]

    def latents(self, name: str, size: int, distribution: str) -> Tensor:
        """Latents [rows, size], "normal" or "uniform" on [-1, 1]."""
        return self.normal(name, size) if distribution == "normal" else self.uniform(name, size) * 2 - 1

    def _stream(self, name: str) -> torch.Generator:
        return stream(self.device, self.seed, name, self.number)
