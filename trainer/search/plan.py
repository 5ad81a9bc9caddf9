"""What each trial tries: the preset first, then the grid's points or what Optuna's sampler draws."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

import optuna
from optuna.distributions import BaseDistribution
from optuna.pruners import BasePruner, HyperbandPruner, MedianPruner, NopPruner, SuccessiveHalvingPruner
from optuna.samplers import BaseSampler, RandomSampler, TPESampler

from trainer.search.space import FIELDS, Range, Space


class Plan(BaseSampler):
    """Optuna's sampler for a space: what trial N gets depends on N, the seed and the finished trials alone.

    So a search that was stopped does not draw the same again, and machines that share it need not agree on who tries
    what. (Optuna's own GridSampler chooses among what seems unvisited, and two machines may choose the same.)
    """

    def __init__(self, space: Space) -> None:
        """Begins before trial 0."""
        self.space = space
        held = {name: space.drawn(name, value) for name, value in space.preset_values().items()}
        self._preset = {name: value for name, value in held.items() if value is not None}
        self._grid: list[dict[str, Any]] = []
        if space.sampler == "grid":
            self._grid = space.grid()
            random.Random(space.seed).shuffle(self._grid)  # of a grid that is cut short, no corner alone
        self._drawing: BaseSampler = RandomSampler()

    def params(self, number: int) -> Mapping[str, Any] | None:
        """Optuna's parameters of trial `number`; None where they are drawn, and without those the space lacks."""
        if number == 0:
            return self._preset
        if self._grid:
            point = self._grid[(number - 1) % len(self._grid)]
            return {name: self.space.drawn(name, value) for name, value in point.items()}
        return None

    def suggest(self, trial: optuna.Trial) -> dict[str, Any]:
        """The searched settings of a trial."""
        values = self.space.preset_values()
        for name in values if trial.number else self._preset:
            drawn = self._suggest(trial, name)
            values[name] = self.space.told(name, drawn) if trial.number else values[name]
        return values

    def _suggest(self, trial: optuna.Trial, name: str) -> Any:
        spec = self.space.search[name]
        if not isinstance(spec, Range):
            return trial.suggest_categorical(name, spec)
        if FIELDS[name].type is int:
            return trial.suggest_int(name, int(spec.low), int(spec.high), log=spec.log, step=int(spec.step) or 1)
        return trial.suggest_float(name, spec.low, spec.high, log=spec.log, step=spec.step or None)

    def before_trial(self, study: optuna.Study, trial: optuna.trial.FrozenTrial) -> None:
        """Seed the draws of this trial."""
        seed = random.Random(f"{self.space.seed} {trial.number}").getrandbits(32)
        self._drawing = RandomSampler(seed) if self.space.sampler == "random" else TPESampler(seed=seed)
        self._drawing.before_trial(study, trial)

    def infer_relative_search_space(
        self, study: optuna.Study, trial: optuna.trial.FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """What is drawn together."""
        if self.params(trial.number) is not None:
            return {}
        return self._drawing.infer_relative_search_space(study, trial)

    def sample_relative(
        self, study: optuna.Study, trial: optuna.trial.FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Draw it."""
        return self._drawing.sample_relative(study, trial, search_space) if search_space else {}

    def sample_independent(
        self,
        study: optuna.Study,
        trial: optuna.trial.FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """One parameter: planned, or drawn by itself."""
        planned = self.params(trial.number)
        if planned is not None:
            return planned[param_name]
        return self._drawing.sample_independent(study, trial, param_name, param_distribution)


def pruner(space: Space) -> BasePruner:
    """Optuna's pruner; its steps are `Space.steps`, the first of them 1."""
    if space.pruner == "median":
        return MedianPruner(n_startup_trials=3, n_warmup_steps=space.prune_after)
    if space.pruner == "halving":
        return SuccessiveHalvingPruner(min_resource=space.prune_after, reduction_factor=2)
    if space.pruner == "hyperband":
        top = max(space.steps, space.prune_after)
        return HyperbandPruner(min_resource=space.prune_after, max_resource=top, reduction_factor=2)
    return NopPruner()
