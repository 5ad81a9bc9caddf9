"""The neighbourhood of a picture: the directions in which a generator's picture changes most at one latent.

They are the singular vectors of the Jacobian at that latent, which one batch of forward differences gives.
"""

from __future__ import annotations

import numpy as np

from export.contract import GeneratorInfo
from export.inversion.checks import check_searchable
from export.inversion.solver import DEFAULTS, Float64, Run
from export.runtime.arrays import Float32


def jacobian(info: GeneratorInfo, run: Run, latent: Float32, weights: Float32 | None) -> Float32:
    """Return the change of the picture with each number of the latent, float32 [latent, C * H * W].

    latent: float32 [latent]. weights: float32 [classes]; None without classes. It takes one call of `run`, with an
    image more than the latent has numbers. Raises ExportError if the latents are too long.
    """
    check_searchable(info)
    size = info.latent_size
    steps = np.full(size, DEFAULTS.difference, np.float32)
    if info.latent_distribution == "uniform":  # step inwards
        steps *= np.where(latent > 0, -1, 1).astype(np.float32)
    latents = np.repeat(latent[None], size + 1, axis=0)
    latents[np.arange(size), np.arange(size)] += steps
    made = run(latents, None if weights is None else np.repeat(weights[None], size + 1, axis=0))
    rows = made.reshape(size + 1, -1)
    changes: Float32 = (rows[:-1] - rows[-1]) / steps[:, None]
    return changes


def local_directions(info: GeneratorInfo, run: Run, latent: Float32, weights: Float32 | None, count: int) -> Float32:
    """Return the strongest directions at a latent, float32 [count, latent], each of length 1, the strongest first.

    Each is turned so that it makes the picture lighter. A latent of fewer than `count` numbers has fewer directions;
    sums of two of them stand for the others. See `jacobian`.
    """
    changes = jacobian(info, run, latent, weights)
    vectors = _singular(changes)[0]
    vectors *= np.where((vectors @ changes.sum(axis=1)) < 0, -1, 1)[:, None]
    known = len(vectors)
    while len(vectors) < count:
        place = len(vectors) % known
        both = vectors[place] + vectors[(place + 1) % known]
        vectors = np.concatenate([vectors, both[None] / np.linalg.norm(both)])
    return vectors[:count].astype(np.float32)


def split(info: GeneratorInfo, run: Run, pair: Float32, weights: Float32 | None) -> Float32:
    """Split the way from one latent to another into its strongest part and the rest, float32 [2, latent].

    pair: float32 [2, latent]. weights: those of the middle. The strongest directions at the middle make up the first
    part: as few of them as change the picture at least as much as the rest does. See `jacobian`.
    """
    way = (pair[1] - pair[0]).astype(np.float64)
    vectors, values = _singular(jacobian(info, run, pair.mean(axis=0), weights))
    along = vectors @ way
    effects = np.cumsum((values * along) ** 2)
    count = int(np.searchsorted(effects, effects[-1] / 2)) + 1
    strong = along[:count] @ vectors[:count]
    return np.stack([strong, way - strong]).astype(np.float32)


def _singular(changes: Float32) -> tuple[Float64, Float64]:
    """Return the singular vectors [n, latent] of a Jacobian and their values [n], the largest first."""
    squared = (changes @ changes.T).astype(np.float64)
    values, vectors = np.linalg.eigh(squared)
    return vectors.T[::-1].copy(), np.sqrt(np.maximum(values[::-1], 0))
