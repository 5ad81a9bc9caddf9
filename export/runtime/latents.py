"""What goes into a generator: latents of a seed, labels, class weights.

Image number i of a seed is a function of (seed, i) alone, however the request is cut.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from export.contract import GeneratorInfo
from export.runtime.arrays import Float32, Int64

BLOCK = 256
"""Latents are drawn in blocks of this many, each from its own (seed, block) stream."""


def latents(info: GeneratorInfo, seed: int, start: int, count: int, attempt: int = 0) -> Float32:
    """Latents of the images number `start` to `start + count - 1` of `seed`, float32 [count, latent].

    seed: a whole number of any size, not negative. attempt: other latents for the same images, where the first ones
    made pictures that could not be used.
    """
    first, last = start // BLOCK, (start + count - 1) // BLOCK
    blocks = []
    for block in range(first, last + 1):
        entropy = [seed, block, attempt] if attempt else [seed, block]
        stream = np.random.Generator(np.random.PCG64(np.random.SeedSequence(entropy)))
        shape = (BLOCK, info.latent_size)
        drawn = stream.standard_normal(shape) if info.latent_distribution == "normal" else stream.uniform(-1, 1, shape)
        blocks.append(drawn.astype(np.float32))
    if not blocks:
        return np.empty((0, info.latent_size), np.float32)
    offset = start - first * BLOCK
    return np.concatenate(blocks)[offset : offset + count]


def one_hot(labels: Sequence[int] | Int64, classes: int) -> Float32:
    """Class weights that mean one class each: float32 [len(labels), classes]."""
    return np.eye(classes, dtype=np.float32)[np.asarray(labels, dtype=np.int64)]


def labels_of(info: GeneratorInfo, classes: Sequence[int], start: int, count: int) -> Int64:
    """Labels of the images from number `start` on, int64 [count]: these classes in turn (none: all); -1 without any."""
    if not info.conditional:
        return np.full(count, -1, np.int64)
    turns = np.array(classes or range(len(info.classes)), np.int64)
    return turns[np.arange(start, start + count, dtype=np.int64) % len(turns)]
