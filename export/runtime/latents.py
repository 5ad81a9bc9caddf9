"""Inputs of a generator: latents of a seed, labels and class weights.

Image i of a seed is a function of (seed, i) alone, however a request is split.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from export.contract import GeneratorInfo
from export.runtime.arrays import Float32, Int64

BLOCK = 256
"""Latents are drawn in blocks of this size, each from its own (seed, block) stream."""


def latents(info: GeneratorInfo, seed: int, start: int, count: int, attempt: int = 0) -> Float32:
    """Return the latents of the images `start` to `start + count - 1` of a seed, float32 [count, latent].

    seed: an integer of any size, not negative. attempt: selects other latents for the same images, for use when the
    images of the earlier attempts were rejected.
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
    """Return class weights that select one class each, float32 [len(labels), classes]."""
    return np.eye(classes, dtype=np.float32)[np.asarray(labels, dtype=np.int64)]


def labels_of(info: GeneratorInfo, classes: Sequence[int], start: int, count: int) -> Int64:
    """Return the labels of the images from number `start` on, int64 [count].

    They take `classes` in turn, or all classes if it is empty; they are -1 if the generator is unconditional.
    """
    if not info.conditional:
        return np.full(count, -1, np.int64)
    turns = np.array(classes or range(len(info.classes)), np.int64)
    return turns[np.arange(start, start + count, dtype=np.int64) % len(turns)]
