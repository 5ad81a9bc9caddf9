"""The settings of each trial: the preset's first, then points of the grid or values from Optuna's sampler."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

import optuna
from optuna.distributions import BaseDistribution
from optuna.pruners import BasePruner, HyperbandPruner, MedianPruner, NopPruner, SuccessiveHalvingPruner
from optuna.samplers import BaseSampler, RandomSampler, TPESampler

from trainer.search.space import FIELDS, Range, Space


def positions(trials: Sequence[optuna.trial.FrozenTrial]) -> dict[int, int]:
    """Return the position in the search of each of a study's trials, by number.

    A trial that repeats one whose process has vanished has the position of that one; the others are counted from 0.
    """
    found: dict[int, int] = {}
    for trial in sorted(trials, key=lambda each: each.number):
        repeated = trial.system_attrs.get("failed_trial")  # from Optuna's RetryHeartbeatStaleTrialCallback
        found[trial.number] = len(set(found.values())) if repeated is None else found[repeated]
    return found


def position_of(study: optuna.Study, number: int) -> int:
    """Return the position of one trial."""
    return positions(study.get_trials(deepcopy=False))[number]


class Plan(BaseSampler):
    """An Optuna sampler whose values at position N depend only on N, the seed and the finished trials.

    So a search that was stopped does not repeat itself, and machines that share it do not have to agree on who tries
    what. (Optuna's GridSampler chooses among points that seem unvisited, and two machines may choose the same.)
    """

    def __init__(self, space: Space) -> None:
        self.space = space
        encoded = {name: space.encode(name, value) for name, value in space.preset_values().items()}
        self._preset = {name: value for name, value in encoded.items() if value is not None}
        self._grid: list[dict[str, Any]] = []
        if space.sampler == "grid":
            self._grid = space.grid()
            random.Random(space.seed).shuffle(self._grid)  # so that a grid that is cut short is not one corner of it
        self._sampler: BaseSampler = RandomSampler()

    def params(self, position: int) -> Mapping[str, Any] | None:
        """Return Optuna's parameters of a planned trial, or None if they are sampled.

        Those of the preset leave out values that the space does not contain.
        """
        if position == 0:
            return self._preset
        if self._grid:
            point = self._grid[(position - 1) % len(self._grid)]
            return {name: self.space.encode(name, value) for name, value in point.items()}
        return None

    def suggest(self, trial: optuna.Trial) -> dict[str, Any]:
        """Return the searched settings of a trial."""
        position = position_of(trial.study, trial.number)
        values = self.space.preset_values()
        for name in values if position else self._preset:
            parameter = self._suggest(trial, name)
            values[name] = self.space.decode(name, parameter) if position else values[name]
        return values

    def _suggest(self, trial: optuna.Trial, name: str) -> Any:
        spec = self.space.search[name]
        if not isinstance(spec, Range):
            return trial.suggest_categorical(name, spec)
        if FIELDS[name].type is int:
            return trial.suggest_int(name, int(spec.low), int(spec.high), log=spec.log, step=int(spec.step) or 1)
        return trial.suggest_float(name, spec.low, spec.high, log=spec.log, step=spec.step or None)

    def before_trial(self, study: optuna.Study, trial: optuna.trial.FrozenTrial) -> None:
        """Create and seed the sampler of this trial."""
        seed = random.Random(f"{self.space.seed} {position_of(study, trial.number)}").getrandbits(32)
        self._sampler = RandomSampler(seed) if self.space.sampler == "random" else TPESampler(seed=seed)
        self._sampler.before_trial(study, trial)

    def infer_relative_search_space(
        self, study: optuna.Study, trial: optuna.trial.FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """Return the parameters that are sampled jointly."""
        if self.params(position_of(study, trial.number)) is not None:
            return {}
        return self._sampler.infer_relative_search_space(study, trial)

    def sample_relative(
        self, study: optuna.Study, trial: optuna.trial.FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Sample them."""
        return self._sampler.sample_relative(study, trial, search_space) if search_space else {}

    def sample_independent(
        self,
        study: optuna.Study,
        trial: optuna.trial.FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """Return one parameter: planned, or sampled by itself."""
        planned = self.params(position_of(study, trial.number))
        if planned is not None:
            return planned[param_name]
        return self._sampler.sample_independent(study, trial, param_name, param_distribution)


def pruner(space: Space) -> BasePruner:
    """Return Optuna's pruner. It counts steps from 1 to `Space.steps`."""
    if space.pruner == "median":
        return MedianPruner(n_startup_trials=3, n_warmup_steps=space.prune_after)
    if space.pruner == "halving":
        return SuccessiveHalvingPruner(min_resource=space.prune_after, reduction_factor=2)
    if space.pruner == "hyperband":
        top = max(space.steps, space.prune_after)
        return HyperbandPruner(min_resource=space.prune_after, max_resource=top, reduction_factor=2)
    return NopPruner()
