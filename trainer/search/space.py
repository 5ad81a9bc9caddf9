"""SPACE.toml: what is searched, on which budget and by which score; checked whole before anything is started."""

from __future__ import annotations

import dataclasses
import itertools
import json
import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from digitforge.errors import ConfigError, nearest
from trainer import schedules
from trainer.config import TrainConfig
from trainer.presets import configure
from trainer.scoring.metrics import METRICS, cheap_metrics

SAMPLERS = ("grid", "random", "tpe")
PRUNERS = ("none", "median", "halving", "hyperband")
OWN = ("preset", "seed", "images", "seconds", "score_every", "score_count", "tracker")
"""Settings that the search itself gives to its trials."""
STEPS = 10
"""Into which a budget of seconds is divided for the pruner."""
TRIALS = 20
FIELDS = {each.name: each for each in dataclasses.fields(TrainConfig)}


@dataclass(frozen=True)
class Range:
    """Numbers from low to high, ends included; step 0: all of them."""

    low: float
    high: float
    step: float = 0
    log: bool = False

    def levels(self) -> list[float]:
        """The numbers of a range with a step, which Range's own ends are among."""
        return [self.low + i * self.step for i in range(round((self.high - self.low) / self.step) + 1)]


@dataclass(frozen=True)
class Space:
    """A SPACE.toml, as `build_space` has checked it."""

    preset: str = "quickstart"
    images: int = 0
    """The budget of a trial; or `seconds`."""
    seconds: float = 0
    trials: int = 0
    """How many, the preset's own among them; 0: the whole grid, else TRIALS."""
    sampler: str = "tpe"
    pruner: str = "median"
    prune_after: int = 2
    """Scores that a trial may have before the pruner judges it; of a budget of seconds, tenths of that."""
    objective: str = "frechet_distance"
    score_every: int = 10_000
    score_count: int = 2_000
    repeats: int = 2
    """Of the winner, and of the preset, with other seeds."""
    processes: int = 1
    """Of each trial's launch."""
    seed: int = 0
    """Of the sampler, and of every trial's training; the repeats have the seeds after it."""
    fixed: dict[str, Any] = field(default_factory=dict)
    search: dict[str, tuple[Any, ...] | Range] = field(default_factory=dict)

    @property
    def lower(self) -> bool:
        """Whether less of the objective is better."""
        return METRICS[self.objective].better == "lower"

    @property
    def steps(self) -> int:
        """Of a whole trial, as the pruner counts them."""
        return STEPS if self.seconds else max(1, self.images // self.score_every)

    def preset_values(self) -> dict[str, Any]:
        """The searched settings as the preset has them, spelled as the search spells them."""
        base = configure(self.preset, self.fixed)
        return {name: _setting(name, getattr(base, name)) for name in self.search}

    def grid(self) -> list[dict[str, Any]]:
        """All combinations but the preset's own."""
        levels = [
            [self.told(name, level) for level in (each.levels() if isinstance(each, Range) else each)]
            for name, each in self.search.items()
        ]
        points = [dict(zip(self.search, values, strict=True)) for values in itertools.product(*levels)]
        return [point for point in points if point != self.preset_values()]

    def told(self, name: str, value: Any) -> Any:
        """A drawn value as the setting's own: numbers of a range without steps with four digits, schedules as text."""
        spec = self.search[name]
        if not isinstance(spec, Range) or FIELDS[name].type is int:
            return value
        return _setting(name, float(f"{value:.10g}" if spec.step else f"{value:.4g}"))

    def drawn(self, name: str, value: Any) -> Any:
        """The reverse: the number or choice that `told` makes `value` of; None where the space does not hold it."""
        spec = self.search[name]
        if not isinstance(spec, Range):
            return value if value in spec else None
        if FIELDS[name].metadata["schedule"]:
            points = schedules.parse(value)
            value = points[0][1] if len(points) == 1 else None
        if spec.step and value is not None:
            return next((level for level in spec.levels() if math.isclose(value, level, rel_tol=1e-9)), None)
        return value if value is not None and spec.low <= value <= spec.high else None

    def to_json(self) -> dict[str, Any]:
        """The space as JSON values."""
        values: dict[str, Any] = dataclasses.asdict(self)
        return values

    def settled(self) -> dict[str, Any]:
        """What may not change between the sittings of a search, as flat JSON values."""
        values: dict[str, Any] = json.loads(json.dumps(self.to_json()))
        for name in ("trials", "repeats", "processes"):
            del values[name]
        search = {f"search.{name}": each for name, each in values.pop("search").items()}
        return values | {f"fixed.{name}": each for name, each in values.pop("fixed").items()} | search


def refuse_another(before: Mapping[str, Any], now: Mapping[str, Any], name: str) -> None:
    """Raise ConfigError where a search of the settled values `before` is asked to go on with those of `now`."""
    changed = [
        f"{key}: {now.get(key)}, not {before.get(key)}" for key in {**before, **now} if now.get(key) != before.get(key)
    ]
    if changed:
        raise ConfigError(
            f"{name} is the search of another space ({'; '.join(changed)}): choose another --dir, and where machines "
            "share a --storage, another name for SPACE.toml."
        )


def read_space(path: Path) -> Space:
    """Read and check SPACE.toml. Raises ConfigError, and OSError where there is no such file."""
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is no TOML file ({error}).") from None
    return build_space(given)


def build_space(given: Mapping[str, Any]) -> Space:
    """The space of a TOML table. Raises ConfigError."""
    fields = {each.name: each for each in dataclasses.fields(Space)}
    for name in given:
        if name not in fields:
            raise ConfigError(f"There is no key {name!r} in a search: {nearest(name, fields)}")
    values = {name: _typed(name, str(fields[name].type), value) for name, value in given.items()}
    fixed, search = values.get("fixed", {}), values.get("search", {})
    for name in (*fixed, *search):
        _known(name)
    preset = values.get("preset", Space.preset)
    fixed = {name: _setting(name, value) for name, value in fixed.items()}
    base = configure(preset, fixed)
    for name, value in search.items():
        if name in fixed:
            raise ConfigError(f"{name} is both fixed and searched: choose one of them.")
        search[name] = _range(name, value) if isinstance(value, dict) else _choices(name, value)
    space = Space(**values | {"fixed": fixed, "search": search})
    for name, spec in search.items():
        for value in (spec.low, spec.high) if isinstance(spec, Range) else spec:
            dataclasses.replace(base, **{name: space.told(name, value)})
    return _consistent(space, base)


def _consistent(space: Space, base: TrainConfig) -> Space:
    """The space with its number of trials. Raises ConfigError where its keys do not fit together."""
    dataclasses.replace(base, seed=space.seed, score_count=space.score_count, score_every=space.score_every)
    objectives = [metric.key for metric in cheap_metrics() if metric.better != "near"]
    for name, known in (("sampler", SAMPLERS), ("pruner", PRUNERS), ("objective", objectives)):
        if getattr(space, name) not in known:
            raise ConfigError(f"{name} is {getattr(space, name)!r}: {nearest(getattr(space, name), known)}")
    for name, low in (("score_every", 1), ("prune_after", 1), ("processes", 1), ("repeats", 0), ("trials", 0)):
        if getattr(space, name) < low:
            raise ConfigError(f"{name} is {getattr(space, name)}, but it must be at least {low}.")
    budgets = (space.images, space.seconds)
    if (space.images > 0) == (space.seconds > 0) or min(budgets) < 0 or max(budgets) == math.inf:
        raise ConfigError("A trial's budget is either images or seconds, above 0: give one of the two keys.")
    if not space.search:
        raise ConfigError("Nothing is searched: name settings in [search], as in g_width = [32, 64].")
    conditional = base.conditional or "conditional" in space.search
    if space.objective == "conditional_accuracy" and not conditional:
        raise ConfigError("conditional_accuracy needs classes to ask for: fix conditional = true, or take another.")
    if space.sampler != "grid":
        return dataclasses.replace(space, trials=space.trials or TRIALS)
    for name, spec in space.search.items():
        if isinstance(spec, Range) and not spec.step:
            raise ConfigError(f"A grid has no point for all of {name}: give its range a step, or list choices.")
    whole = len(space.grid()) + 1
    return dataclasses.replace(space, trials=min(space.trials or whole, whole))


def _typed(name: str, kind: str, value: Any) -> Any:
    if kind == "int" and isinstance(value, float) and value.is_integer():
        return int(value)  # TOML's 6e4 is a float
    kinds = {"str": (str,), "int": (int,), "float": (int, float)}.get(kind, (dict,))
    if not isinstance(value, kinds) or isinstance(value, bool):
        wanted = {"str": "a text", "int": "a whole number", "float": "a number"}.get(kind, "a table")
        raise ConfigError(f"{name} is {value!r}, but it must be {wanted}.")
    return dict(value) if isinstance(value, dict) else value


def _known(name: str) -> None:
    if name in OWN:
        where = " at the head of the file" if name in {each.name for each in dataclasses.fields(Space)} else ""
        raise ConfigError(f"{name} can be neither fixed nor searched: the search itself sets it{where}.")
    if name not in FIELDS:
        raise ConfigError(
            f"There is no setting {name!r}: {nearest(name, [each for each in FIELDS if each not in OWN])}"
        )


def _setting(name: str, value: Any) -> Any:
    """A value as the setting's own type, one number of a schedule always spelled alike.

    What does not fit is left for TrainConfig to refuse.
    """
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if FIELDS[name].metadata["schedule"] and (number or isinstance(value, str)):
        points = schedules.parse(str(value))
        return f"{points[0][1]:.10g}" if len(points) == 1 else value
    if number and FIELDS[name].type is int and float(value).is_integer():
        return int(value)
    return float(value) if number and FIELDS[name].type is float else value


def _choices(name: str, given: Any) -> tuple[Any, ...]:
    if not isinstance(given, list) or not given:
        raise ConfigError(f"search.{name} takes a list of choices, or a range like {{ low = 1, high = 2 }}.")
    choices = [_setting(name, value) for value in given]
    twice = [value for i, value in enumerate(choices) if value in choices[:i]]
    if twice:
        raise ConfigError(f"search.{name} lists {twice[0]!r} twice.")
    return tuple(choices)


def _range(name: str, given: Mapping[str, Any]) -> Range:
    keys = [each.name for each in dataclasses.fields(Range)]
    for key in given:
        if key not in keys:
            raise ConfigError(f"There is no {key!r} in a range (search.{name}): {nearest(key, keys)}")
    if FIELDS[name].type not in (int, float) and not FIELDS[name].metadata["schedule"]:
        raise ConfigError(f"search.{name} takes a list of choices, for it is no number.")
    if not {"low", "high"} <= given.keys():
        raise ConfigError(f"search.{name} needs both low and high.")
    kind = "int" if FIELDS[name].type is int else "float"
    low, high, step = (_typed(f"search.{name}.{key}", kind, given.get(key, 0)) for key in ("low", "high", "step"))
    log = given.get("log", False)
    if not isinstance(log, bool):
        raise ConfigError(f"search.{name}.log is {log!r}, but it must be true or false.")
    if not -math.inf < low < high < math.inf or not 0 <= step < math.inf:
        raise ConfigError(f"search.{name} goes from {low} to {high} in steps of {step}, which is no range.")
    if log and (step or low <= 0):
        raise ConfigError(f"search.{name} is logarithmic: its low must be above 0, and it has no step.")
    if step:
        # Optuna takes a range by its decimal digits, and cuts its last level off where they are 0.7999999999999999.
        high = _typed(f"search.{name}.high", kind, float(f"{low + int((high - low) / step + 1e-9) * step:.10g}"))
    return Range(low, high, step, log)
