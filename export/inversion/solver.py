"""Levenberg-Marquardt search for the latents whose images are nearest to given targets.

An exported file has no gradients. But latents are short: the images of a latent and of its 64 neighbours, one step
along each axis, give the whole Jacobian in one batch. The search then needs a 64 x 64 linear system for each target
(Levenberg 1944, Marquardt 1963; the update of the Jacobian between its evaluations is Broyden's, 1965).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from export.contract import GeneratorInfo
from export.inversion.checks import check_searchable, flat_targets, pixel_weights
from export.runtime.arrays import Float32

Run = Callable[[Float32, Float32 | None], Float32]
"""Runs a generator: latents [n, latent] and class weights [n, classes] (None without classes) -> images [n, C, H, W]
in [-1, 1]. `export.runtime.generator.Generator.generate` is one."""
Float64 = npt.NDArray[np.float64]
Rows = npt.NDArray[np.intp]

DIRECTIONS = 128
"""Most columns of the Jacobian that one iteration computes. Longer latents take them in turn."""
FACTORS = np.array([0.01, 0.1, 1.0, 10.0])
"""Factors on the damping that are tried together in each step."""
DAMPING, LEAST_DAMPING, MOST_DAMPING = 0.05, 1e-6, 1e6
"""Damping at the start and its limits, as a share of the mean diagonal of the squared Jacobian."""
STIFF = 100.0
"""Resistance of the sum of class weights to changes, in units of the mean diagonal of the squared Jacobian."""
SQUARED_NOISE = 1e-4
"""Mean squared error below which the prior is not relaxed further."""


@dataclass(frozen=True)
class Settings:
    """How to search."""

    difference: float = 0.05
    """Length of the forward differences, in units of the latent."""
    prior: float = 0.4
    """What a latent of typical length costs, as a share of the squared error. It keeps latents likely: without it,
    they grow longer than those that the generator was trained on. It applies to uniform latents, which have bounds
    instead, only where they are to stay near others."""
    steps: int = 2
    """Steps that each Jacobian is used for."""
    fit_weights: bool = False
    """Whether class weights are searched along with the latent."""
    robust: float = 0.0
    """Error of a pixel, in units of [-1, 1], above which it counts linearly (Huber 1964); 0: errors are squared."""


DEFAULTS = Settings()


class Solver:
    """A search for the latents of `n` targets at once, one iteration at a time.

    `latents` [n, latent], `weights` [n, classes] (None without classes), `images` [n, C, H, W] and `rms` [n] are the
    state after the last iteration.
    """

    def __init__(
        self,
        info: GeneratorInfo,
        targets: Float32,
        latents: Float32,
        weights: Float32 | None,
        masks: Float32 | None = None,
        settings: Settings = DEFAULTS,
        anchors: Float32 | None = None,
    ) -> None:
        """Prepare a search that starts from `latents` and `weights`.

        targets: float32 [n, C, H, W] in [-1, 1]. masks: see `pixel_weights`. anchors: float32 [n, latent], the latents
        that the prior keeps the search near, of whatever distribution; None: the origin, for normal latents.
        Raises ExportError if the latents are too long, or a target or mask does not fit.
        """
        check_searchable(info)
        self.info, self.settings = info, settings
        self.latents = latents.astype(np.float32)
        self.weights = None if weights is None else weights.astype(np.float32)
        self._bounded = info.latent_distribution == "uniform"
        if self._bounded:
            self.latents = np.clip(self.latents, -1, 1)
        self._anchors = np.zeros_like(self.latents) if anchors is None else anchors.astype(np.float32)
        self._has_prior = anchors is not None or not self._bounded
        self._fitted = self.weights.shape[1] if self.weights is not None and settings.fit_weights else 0
        self._first_weights = self.weights
        self._made: Float32 | None = None
        columns = info.latent_size + self._fitted
        self._jacobian = np.zeros((len(latents), columns, info.channels * info.height * info.width), np.float32)
        self._known = np.zeros(columns, bool)
        self._next = 0
        self._damping = np.full(len(latents), DAMPING)
        self.retarget(targets, masks)

    def __len__(self) -> int:
        return len(self.latents)

    def retarget(self, targets: Float32, masks: Float32 | None = None) -> None:
        """Replace the targets and masks. The latents stay, so that the search goes on from where it is."""
        self._pixel_weights = pixel_weights(self.info, masks, len(self))
        self._targets = flat_targets(self.info, targets, self._pixel_weights)
        self._damping = np.minimum(self._damping, DAMPING)

    @property
    def images(self) -> Float32:
        """The images of the latents, float32 [n, C, H, W]. Raises RuntimeError before the first iteration."""
        return self._rows.reshape(len(self), self.info.channels, self.info.height, self.info.width)

    @property
    def rms(self) -> Float64:
        """Root mean squared error of each image, weighted by its mask, in units of [-1, 1]."""
        squares = (self._rows - self._targets) ** 2
        means: Float64 = np.einsum("nd,nd->n", self._pixel_weights, squares, dtype=np.float64)
        return np.sqrt(means)

    @property
    def _rows(self) -> Float32:
        if self._made is None:
            raise RuntimeError("run an iteration first")
        return self._made

    def keep(self, rows: Rows) -> Solver:
        """Return a solver that goes on with these rows alone."""
        kept = object.__new__(Solver)
        kept.__dict__.update(self.__dict__)
        for name in ("latents", "_anchors", "_jacobian", "_damping", "_targets", "_pixel_weights", "_made"):
            value = getattr(self, name)
            setattr(kept, name, None if value is None else value[rows])
        kept.weights = None if self.weights is None else self.weights[rows]
        kept._first_weights = None if self._first_weights is None else self._first_weights[rows]
        kept._known = self._known.copy()
        return kept

    def step(self, run: Run, most: int = DIRECTIONS) -> None:
        """Run one iteration: the Jacobian in one call of `run`, then as many steps as `Settings.steps`, one call each.

        most: columns of the Jacobian that are computed again, in turn; the others keep what the last moves taught.

        A step tries several dampings and takes the best; a target whose error does not fall stays where it is.
        """
        if self._made is None:
            self._made = self._run(run, self.latents[:, None], self._each_weights(1))[:, 0]
        self._differentiate(run, most if self._known.all() else DIRECTIONS)
        for _ in range(self.settings.steps):
            self._move(run)

    def _each_weights(self, count: int) -> Float32 | None:
        return None if self.weights is None else np.repeat(self.weights[:, None], count, axis=1)

    @staticmethod
    def _run(run: Run, latents: Float32, weights: Float32 | None) -> Float32:
        """Run latents [n, m, latent] and weights [n, m, classes]; return images [n, m, C * H * W]."""
        count, each = latents.shape[:2]
        flat = None if weights is None else weights.reshape(count * each, -1)
        return run(latents.reshape(count * each, -1), flat).reshape(count, each, -1)

    def _differentiate(self, run: Run, most: int) -> None:
        """Compute the next columns of the Jacobian by forward differences."""
        size, total = self.info.latent_size, len(self._known)
        count = min(total, most)
        columns = (self._next + np.arange(count)) % total
        self._next = (self._next + count) % total
        steps = np.full((len(self), count), self.settings.difference, np.float32)
        latents = np.repeat(self.latents[:, None], count, axis=1)
        weights = self._each_weights(count)
        of_latents = columns < size
        places = np.flatnonzero(of_latents), columns[of_latents]
        if self._bounded:  # step inwards
            steps[:, of_latents] *= np.where(self.latents[:, places[1]] > 0, -1, 1)
        latents[:, places[0], places[1]] += steps[:, of_latents]
        if weights is not None:
            of_weights = np.flatnonzero(~of_latents)
            weights[:, of_weights, columns[of_weights] - size] += self.settings.difference
        made = self._run(run, latents, weights)
        self._jacobian[:, columns] = (made - self._rows[:, None]) / steps[:, :, None]
        self._known[columns] = True

    def _move(self, run: Run) -> None:
        size, number = self.info.latent_size, np.arange(len(self))
        error = self._targets - self._rows
        importance = self._pixel_weights
        if self.settings.robust:
            importance = importance * np.minimum(1, self.settings.robust / np.maximum(np.abs(error), 1e-6))
        squared = np.einsum("nd,nd->n", importance, error**2, dtype=np.float64)
        # The prior is measured in units of the error, so that it yields as the error falls.
        prior = self.settings.prior * np.maximum(squared, SQUARED_NOISE) / size

        weighted = self._jacobian * importance[:, None]
        system = (weighted @ self._jacobian.transpose(0, 2, 1)).astype(np.float64)
        pull = (weighted @ error[:, :, None])[:, :, 0].astype(np.float64)
        diagonal = np.arange(system.shape[1])
        scale = system[:, diagonal, diagonal].mean(axis=1) + 1e-12
        free = np.repeat(self._known[None], len(self), axis=0)
        if self._has_prior:
            system[:, diagonal[:size], diagonal[:size]] += prior[:, None]
            pull[:, :size] -= prior[:, None] * (self.latents - self._anchors)
        if self._bounded:
            free[:, :size] &= (np.abs(self.latents) < 1) | (pull[:, :size] * self.latents < 0)
        if self.weights is not None and self._first_weights is not None and self._fitted:
            free[:, size:] &= (self.weights > 0) | (pull[:, size:] > pull[:, size:].mean(axis=1, keepdims=True))
            system[:, diagonal[size:], diagonal[size:]] += prior[:, None]
            system[:, size:, size:] += STIFF * scale[:, None, None]  # the sum of the weights stays
            pull[:, size:] -= prior[:, None] * (self.weights - self._first_weights)
        system *= free[:, :, None] * free[:, None, :]
        system[:, diagonal, diagonal] += ~free * scale[:, None]
        damping = self._damping[:, None] * FACTORS
        damped = np.repeat(system[:, None], len(FACTORS), axis=1)
        damped[:, :, diagonal, diagonal] += (damping * scale[:, None])[:, :, None]
        moves = np.linalg.solve(damped, (pull * free)[:, None, :, None])[..., 0]

        latents, weights = self._moved(moves)
        made = self._run(run, latents, weights)
        cost = self._cost(self._rows[:, None], self.latents[:, None], self._each_weights(1), importance, prior)[:, 0]
        costs = self._cost(made, latents, weights, importance, prior)
        best = np.where(np.isnan(costs), np.inf, costs).argmin(axis=1)
        better = costs[number, best] < cost
        moved = latents[number, best] - self.latents
        if weights is not None and self.weights is not None and self._fitted:
            moved = np.concatenate([moved, weights[number, best] - self.weights], axis=1)
        self._learn(moved, made[number, best] - self._rows)
        chosen = np.where(better, damping[number, best], self._damping * FACTORS[-1])
        self._damping = np.clip(chosen, LEAST_DAMPING, MOST_DAMPING)
        self.latents = np.where(better[:, None], latents[number, best], self.latents)
        rows = self._rows.copy()
        rows[better] = made[number[better], best[better]]
        self._made = rows
        if weights is not None and self.weights is not None and self._fitted:
            self.weights = np.where(better[:, None], weights[number, best], self.weights)

    def _moved(self, moves: Float64) -> tuple[Float32, Float32 | None]:
        """Return the latents and weights after each of the moves [n, m, columns], within their bounds."""
        size, count = self.info.latent_size, moves.shape[1]
        latents = (self.latents[:, None] + moves[:, :, :size]).astype(np.float32)
        weights = self._each_weights(count)
        if self._bounded:
            latents = np.clip(latents, -1, 1)
        if weights is not None and self._fitted:
            raised = np.maximum(weights + moves[:, :, size:], 0).astype(np.float32)
            sums = raised.sum(axis=2, keepdims=True)
            weights = np.where(sums > 0, raised / np.maximum(sums, 1e-6), weights)
        return latents, weights

    def _cost(
        self, rows: Float32, latents: Float32, weights: Float32 | None, importance: Float32, prior: Float64
    ) -> Float64:
        """Return squared error plus prior of images [n, m, C * H * W] of latents and weights, float64 [n, m]."""
        cost: Float64 = np.einsum("nd,nmd->nm", importance, (rows - self._targets[:, None]) ** 2, dtype=np.float64)
        if self._has_prior:
            cost += prior[:, None] * ((latents - self._anchors[:, None]).astype(np.float64) ** 2).sum(axis=2)
        if weights is not None and self._first_weights is not None and self._fitted:
            cost += prior[:, None] * ((weights - self._first_weights[:, None]) ** 2).sum(axis=2)
        return cost

    def _learn(self, moved: Float32, change: Float32) -> None:
        """Correct the Jacobian by what the last move, taken or not, really changed in the images."""
        squared = (moved**2).sum(axis=1, keepdims=True)
        direction = moved / np.maximum(squared, 1e-12)
        expected = (moved[:, None] @ self._jacobian)[:, 0]
        correction = np.where(np.isfinite(change), change - expected, 0)
        self._jacobian += direction[:, :, None] * correction[:, None]
