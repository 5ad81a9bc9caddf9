"""Starting points for a search: samples of the generator, of which the nearest to a target is taken."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from export.contract import GeneratorInfo
from export.inversion.checks import check_searchable, flat_targets, pixel_weights
from export.inversion.solver import Float64, Run
from export.runtime.arrays import Float32, Int64
from export.runtime.latents import labels_of, latents, one_hot

PER_CLASS, MOST_SAMPLES, MOST_BYTES = 400, 4096, 2**26
"""Samples of each class; in all; and the memory for their images."""
SEED = 0


@dataclass(frozen=True)
class Pool:
    """Samples of a generator: image i of seed 0, the classes in turn."""

    info: GeneratorInfo
    latents: Float32
    """[n, latent]."""
    labels: Int64
    """[n]: the classes; -1 without classes."""
    images: Float32
    """[n, C * H * W] in [-1, 1]."""

    @classmethod
    def draw(cls, info: GeneratorInfo, run: Run, per_class: int = PER_CLASS) -> Pool:
        """Generate a pool with one call of `run`. It takes about as long as 4,000 images, and serves all targets.

        Raises ExportError if the generator's latents are too long to search.
        """
        check_searchable(info)
        classes = max(1, len(info.classes))
        size = info.channels * info.height * info.width
        if not info.conditional:
            per_class *= 10
        each = max(1, min(per_class, MOST_SAMPLES // classes, MOST_BYTES // (4 * size * classes)))
        count = each * classes
        drawn, labels = latents(info, SEED, 0, count), labels_of(info, (), 0, count)
        images = run(drawn, one_hot(labels, classes) if info.conditional else None)
        return cls(info, drawn, labels, images.reshape(count, -1))

    def weights(self, rows: Int64) -> Float32 | None:
        """Return the class weights of samples; None without classes."""
        return one_hot(self.labels[rows], len(self.info.classes)) if self.info.conditional else None

    @cached_property
    def _squares(self) -> Float32:
        squares: Float32 = np.einsum("nd,nd->n", self.images, self.images)
        return squares

    def squared_errors(self, targets: Float32, masks: Float32 | None = None) -> Float64:
        """Return the mean squared error between targets [m, C, H, W] and all samples, float64 [m, n].

        masks: see `checks.pixel_weights`.
        """
        weights = pixel_weights(self.info, masks, len(targets))
        rows = flat_targets(self.info, targets, weights)
        constant = np.einsum("md,md->m", weights, rows**2, dtype=np.float64)
        squares = self._squares * weights[0, 0] if masks is None else weights @ (self.images**2).T
        errors: Float64 = constant[:, None] + squares - 2 * (weights * rows) @ self.images.T
        return np.maximum(errors, 0)

    def nearest(self, errors: Float64, labels: Int64, count: int) -> Int64:
        """Return the `count` nearest samples of a class for each target, int64 [m, count], nearest first.

        errors: what `squared_errors` returned, [m, n]. labels: [m]; -1 stands for any class. If there are fewer than
        `count` samples of the class, the farthest is repeated.
        """
        allowed = (labels[:, None] == self.labels) | (labels[:, None] < 0)
        order = np.where(allowed, errors, np.inf).argsort(axis=1, kind="stable")
        places = np.minimum(np.arange(count), allowed.sum(axis=1)[:, None] - 1)
        found: Int64 = np.take_along_axis(order, places, axis=1)
        return found
