"""Random numbers as pure functions of a key, so that resuming needs no saved generator state."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import torch
from torch import Tensor


def seed_of(*key: int | str) -> int:
    """Return a seed in [0, 2^63) that depends only on `key`."""
    digest = hashlib.sha256(repr(key).encode()).digest()
    return int.from_bytes(digest[:8], "little") >> 1


def stream(device: torch.device, *key: int | str) -> torch.Generator:
    """Return a random number generator on `device` whose numbers depend only on `key`."""
    return torch.Generator(device).manual_seed(seed_of(*key))


@dataclass
class Draws:
    """The random numbers of some rows of one step's batch.

    Numbers are drawn for the whole batch, over all processes, and then sliced. So a batch gets the same numbers on any
    number of processes and in any number of micro-batches.
    """

    device: torch.device
    seed: int
    """Seed of the run."""
    step_number: int
    """Counts the run's steps from 0."""
    batch_size: int
    """Rows of the whole batch, over all processes."""
    rows: slice
    """The rows of the batch that the numbers are for."""

    def normal(self, name: str, *shape: int) -> Tensor:
        """Return standard normal numbers, float32 [rows, *shape]. They depend on `name`, the seed and the step."""
        whole = torch.randn(self.batch_size, *shape, generator=self._stream(name), device=self.device)
        return whole[self.rows]

    def uniform(self, name: str, *shape: int) -> Tensor:
        """Return uniform numbers in [0, 1), float32 [rows, *shape]. They depend on `name`, the seed and the step."""
        whole = torch.rand(self.batch_size, *shape, generator=self._stream(name), device=self.device)
        return whole[self.rows]

    def latents(self, name: str, size: int, distribution: str) -> Tensor:
        """Return latents [rows, size]: "normal", or "uniform" on [-1, 1]."""
        return self.normal(name, size) if distribution == "normal" else self.uniform(name, size) * 2 - 1

    def _stream(self, name: str) -> torch.Generator:
        return stream(self.device, self.seed, name, self.step_number)
