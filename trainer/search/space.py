"""SPACE.toml: the searched settings, the budget and the objective. All of it is checked before anything starts."""

from __future__ import annotations

import dataclasses
import itertools
import json
import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from digitforge.datasets import public_name
from digitforge.errors import ConfigError, nearest
from trainer import schedules
from trainer.config import TrainConfig
from trainer.presets import configure
from trainer.scoring.metrics import METRICS, cheap_metrics

Sampler = Literal["grid", "random", "tpe"]
Pruner = Literal["none", "median", "halving", "hyperband"]
OWN = ("preset", "seed", "images", "seconds", "score_every", "score_count", "tracker")
"""Settings that the search sets for its trials."""
STEPS = 10
"""Equal parts of a budget of seconds, at whose ends the pruner compares trials."""
DEFAULT_TRIALS = 20
FIELDS = {each.name: each for each in dataclasses.fields(TrainConfig)}


@dataclass(frozen=True)
class Range:
    """Numbers from low to high, inclusive. step: the distance between them; 0: any number."""

    low: float
    high: float
    step: float = 0
    log: bool = False

    def levels(self) -> list[float]:
        """Return the numbers of a range with a step, both ends among them."""
        return [self.low + i * self.step for i in range(round((self.high - self.low) / self.step) + 1)]


@dataclass(frozen=True)
class Space:
    """A SPACE.toml that `build_space` has checked."""

    preset: str = "quickstart"
    images: int = 0
    """Budget of a trial in images; 0: `seconds` is the budget."""
    seconds: float = 0
    """Budget of a trial in seconds; 0: `images` is the budget."""
    trials: int = 0
    """Number of trials, including the preset's own; 0: the whole grid, or DEFAULT_TRIALS without a grid."""
    sampler: Sampler = "tpe"
    pruner: Pruner = "median"
    prune_after: int = 2
    """Number of scores, or of steps of a budget of seconds, before the pruner may stop a trial."""
    objective: str = "frechet_distance"
    """The metric by which trials are compared."""
    score_every: int = 10_000
    """Images between scores."""
    score_count: int = 2_000
    """Generated images of a score."""
    repeats: int = 2
    """How many more times the winner and the preset are trained, with other seeds."""
    processes: int = 1
    """Number of processes of each trial's launch."""
    seed: int = 0
    """Seed of the sampler and of every trial's training. The repeats use the seeds after it."""
    fixed: dict[str, Any] = field(default_factory=dict)
    """Settings that differ from the preset in all trials."""
    search: dict[str, tuple[Any, ...] | Range] = field(default_factory=dict)
    """Choices or a range for each searched setting."""

    @property
    def lower(self) -> bool:
        """Whether low values of the objective are better."""
        return METRICS[self.objective].better == "lower"

    @property
    def steps(self) -> int:
        """How many times a whole trial can be compared with others by the pruner."""
        return STEPS if self.seconds else max(1, self.images // self.score_every)

    def preset_values(self) -> dict[str, Any]:
        """Return the preset's values of the searched settings, spelled as the search spells them."""
        base = configure(self.preset, self.fixed)
        return {name: _setting(name, getattr(base, name)) for name in self.search}

    def grid(self) -> list[dict[str, Any]]:
        """Return all combinations except the preset's own."""
        levels = [
            [self.decode(name, level) for level in (each.levels() if isinstance(each, Range) else each)]
            for name, each in self.search.items()
        ]
        points = [dict(zip(self.search, values, strict=True)) for values in itertools.product(*levels)]
        return [point for point in points if point != self.preset_values()]

    def decode(self, name: str, value: Any) -> Any:
        """Return the value of a setting from Optuna's parameter.

        Numbers from a range without steps have four digits, and schedules are text.
        """
        spec = self.search[name]
        if not isinstance(spec, Range) or FIELDS[name].type is int:
            return value
        return _setting(name, float(f"{value:.10g}" if spec.step else f"{value:.4g}"))

    def encode(self, name: str, value: Any) -> Any:
        """Return Optuna's parameter for the value of a setting, or None if the space does not contain the value."""
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

    def public(self) -> dict[str, Any]:
        """Return `to_json` for a file that may leave this machine: a folder of pictures is named without its path."""
        values = self.to_json()
        if "dataset" in self.fixed:
            values["fixed"]["dataset"] = public_name(self.fixed["dataset"])
        return values

    def fixed_part(self) -> dict[str, Any]:
        """Return what must not change while a search is continued, as flat JSON values."""
        values: dict[str, Any] = json.loads(json.dumps(self.to_json()))
        for name in ("trials", "repeats", "processes"):
            del values[name]
        search = {f"search.{name}": each for name, each in values.pop("search").items()}
        return values | {f"fixed.{name}": each for name, each in values.pop("fixed").items()} | search


def refuse_another(before: Mapping[str, Any], now: Mapping[str, Any], name: str) -> None:
    """Raise ConfigError if the `fixed_part` of a search was `before`, and is `now` another one."""
    changed = [
        f"{key}: {now.get(key)}, not {before.get(key)}" for key in {**before, **now} if now.get(key) != before.get(key)
    ]
    if changed:
        raise ConfigError(
            f"{name} is the search of another space ({'; '.join(changed)}): choose another --dir, and with a shared "
            "--storage another name for SPACE.toml."
        )


def read_space(path: Path) -> Space:
    """Read and check SPACE.toml. Raises ConfigError, or OSError if the file cannot be read."""
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not a TOML file ({error}).") from None
    return build_space(given)


def build_space(given: Mapping[str, Any]) -> Space:
    """Return the space of a TOML table. Raises ConfigError."""
    fields = {each.name: each for each in dataclasses.fields(Space)}
    for name in given:
        if name not in fields:
            raise ConfigError(f"A search has no key {name!r}: {nearest(name, fields)}")
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
            dataclasses.replace(base, **{name: space.decode(name, value)})
    return _consistent(space, base)


def _consistent(space: Space, base: TrainConfig) -> Space:
    """Return the space with its number of trials. Raises ConfigError if its keys contradict each other."""
    dataclasses.replace(base, seed=space.seed, score_count=space.score_count, score_every=space.score_every)
    objectives = [metric.key for metric in cheap_metrics() if metric.better != "near"]
    for name, known in (("sampler", get_args(Sampler)), ("pruner", get_args(Pruner)), ("objective", objectives)):
        if getattr(space, name) not in known:
            raise ConfigError(f"{name} is {getattr(space, name)!r}: {nearest(getattr(space, name), known)}")
    for name, low in (("score_every", 1), ("prune_after", 1), ("processes", 1), ("repeats", 0), ("trials", 0)):
        if getattr(space, name) < low:
            raise ConfigError(f"{name} is {getattr(space, name)}, but it must be at least {low}.")
    budgets = (space.images, space.seconds)
    if (space.images > 0) == (space.seconds > 0) or min(budgets) < 0 or max(budgets) == math.inf:
        raise ConfigError("The budget of a trial is either images or seconds: set one of the two keys above 0.")
    if not space.search:
        raise ConfigError("Nothing is searched: add settings to [search], as in g_width = [32, 64].")
    conditional = base.conditional or "conditional" in space.search
    if space.objective == "conditional_accuracy" and not conditional:
        raise ConfigError(
            "The objective conditional_accuracy needs a conditional generator: fix conditional = true, or use another."
        )
    if space.sampler != "grid":
        return dataclasses.replace(space, trials=space.trials or DEFAULT_TRIALS)
    for name, spec in space.search.items():
        if isinstance(spec, Range) and not spec.step:
            raise ConfigError(
                f"{name} has infinitely many values, too many for a grid: give its range a step, or list choices."
            )
    whole = len(space.grid()) + 1
    return dataclasses.replace(space, trials=min(space.trials or whole, whole))


def _typed(name: str, kind: str, value: Any) -> Any:
    if kind == "int" and isinstance(value, float) and value.is_integer():
        return int(value)  # TOML's 6e4 is a float
    kind = "str" if kind in ("Sampler", "Pruner") else kind
    kinds = {"str": (str,), "int": (int,), "float": (int, float)}.get(kind, (dict,))
    if not isinstance(value, kinds) or isinstance(value, bool):
        wanted = {"str": "a text", "int": "a whole number", "float": "a number"}.get(kind, "a table")
        raise ConfigError(f"{name} is {value!r}, but it must be {wanted}.")
    return dict(value) if isinstance(value, dict) else value


def _known(name: str) -> None:
    if name in OWN:
        where = ", at the top of the file" if name in {each.name for each in dataclasses.fields(Space)} else ""
        raise ConfigError(f"{name} can be neither fixed nor searched: the search sets it{where}.")
    if name not in FIELDS:
        raise ConfigError(
            f"There is no setting {name!r}: {nearest(name, [each for each in FIELDS if each not in OWN])}"
        )


def _setting(name: str, value: Any) -> Any:
    """Return a value in the type of its setting, and a schedule of one number in one spelling.

    A value that does not fit is returned as it is, for TrainConfig to refuse.
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
        raise ConfigError(f"search.{name} must be a list of choices, or a range such as {{ low = 1, high = 2 }}.")
    choices = [_setting(name, value) for value in given]
    twice = [value for i, value in enumerate(choices) if value in choices[:i]]
    if twice:
        raise ConfigError(f"search.{name} lists {twice[0]!r} twice.")
    return tuple(choices)


def _range(name: str, given: Mapping[str, Any]) -> Range:
    keys = [each.name for each in dataclasses.fields(Range)]
    for key in given:
        if key not in keys:
            raise ConfigError(f"A range has no {key!r} (search.{name}): {nearest(key, keys)}")
    if FIELDS[name].type not in (int, float) and not FIELDS[name].metadata["schedule"]:
        raise ConfigError(f"search.{name} must be a list of choices, as it is not a number.")
    if not {"low", "high"} <= given.keys():
        raise ConfigError(f"search.{name} needs both low and high.")
    kind = "int" if FIELDS[name].type is int else "float"
    low, high, step = (_typed(f"search.{name}.{key}", kind, given.get(key, 0)) for key in ("low", "high", "step"))
    log = given.get("log", False)
    if not isinstance(log, bool):
        raise ConfigError(f"search.{name}.log is {log!r}, but it must be true or false.")
    if not -math.inf < low < high < math.inf or not 0 <= step < math.inf:
        raise ConfigError(f"search.{name} is not a range: it goes from {low} to {high} in steps of {step}.")
    if log and (step or low <= 0):
        raise ConfigError(f"search.{name} is logarithmic: its low must be above 0, and it has no step.")
    if step:
        # Optuna computes with decimal digits: it would drop the last level if it were written 0.7999999999999999.
        high = _typed(f"search.{name}.high", kind, float(f"{low + int((high - low) / step + 1e-9) * step:.10g}"))
    return Range(low, high, step, log)
