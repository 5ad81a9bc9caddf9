"""The Optuna study that holds the trials, and which of them this process may train."""

from __future__ import annotations

import json
import math
import random
import re
import time
import uuid
import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna
from filelock import FileLock, Timeout
from optuna.storages import BaseStorage, JournalStorage, RetryHeartbeatStaleTrialCallback
from optuna.storages.journal import JournalFileBackend
from optuna.trial import TrialState
from sqlalchemy import URL
from sqlalchemy.exc import SQLAlchemyError

from digitforge.errors import ConfigError
from trainer.search.patient import PatientStorage
from trainer.search.plan import Plan, position_of, positions, pruner
from trainer.search.space import Space, refuse_another

UNPLACED_S = 60.0
"""Seconds after which a trial without a place must belong to a search that was killed."""
HEARTBEAT_S, GRACE_S = 30, 180
"""Seconds between two signs of life of a process in the storage, and until a silent one counts as gone."""
MOST_REPEATS = 3
"""How often a trial is repeated whose process has vanished: it may itself be the reason."""
POLL_S = 1.0
"""Seconds between two looks at the trials of others."""
PLACE_FILE = ".place"
"""Holds a name for the search's folder, which is the same on every machine that shares it."""


def sqlite(path: Path) -> str:
    """Return the address of a SQLite file, in whose path characters such as ? and % are escaped."""
    return URL.create("sqlite", database=str(path.resolve())).render_as_string(hide_password=False)


def open_study(space: Space, name: str, address: str) -> optuna.Study:
    """Create or open the study `name`. Raises ConfigError if it cannot be opened, or belongs to another space."""
    try:
        study = _create(space, name, address)
        if "space" not in study.user_attrs:
            study.set_user_attr("space", json.dumps(space.fixed_part()))
        before = json.loads(study.user_attrs["space"])
    except (SQLAlchemyError, ImportError, ValueError, OSError, optuna.exceptions.OptunaError) as error:
        shown = re.sub(r"//.*@", "//...@", address)  # without the password
        reason = str(error).partition("\n")[0]
        raise ConfigError(f"The storage {shown} cannot be opened ({reason}): see --storage.") from None
    refuse_another(before, space.fixed_part(), name)
    return study


def _create(space: Space, name: str, address: str) -> optuna.Study:
    for left in range(3, -1, -1):
        try:
            return optuna.create_study(
                storage=_storage(address), sampler=Plan(space), pruner=pruner(space), study_name=name,
                direction="minimize" if space.lower else "maximize", load_if_exists=True,
            )  # fmt: skip
        except SQLAlchemyError:
            # If two processes create a storage at once, one of them finds tables that did not exist when it looked.
            if not left:
                raise
            time.sleep(random.uniform(0.2, 0.8))
    raise AssertionError


def _storage(address: str) -> BaseStorage:
    if address.startswith("journal:///"):
        return JournalStorage(JournalFileBackend(address.removeprefix("journal:///")))
    sqlite_only: dict[str, Any] = {"connect_args": {"timeout": 60}}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        return PatientStorage(
            address,
            engine_kwargs=sqlite_only if address.startswith("sqlite:") else {"pool_pre_ping": True},
            heartbeat_interval=HEARTBEAT_S,
            grace_period=GRACE_S,
            heartbeat_stale_trial_callback=RetryHeartbeatStaleTrialCallback(MOST_REPEATS),
        )


@dataclass(frozen=True)
class Taken:
    """A trial that this process trains."""

    trial: optuna.Trial
    position: int
    """Its number in the search; that of `trial` is higher if it repeats one whose process has vanished."""
    run_dir: Path

    @property
    def number(self) -> int:
        """The position."""
        return self.position


class Trials:
    """Takes trials of a study for this process, which trains them in `folder`. No two processes take the same."""

    def __init__(self, study: optuna.Study, space: Space, folder: Path) -> None:
        self.study, self.space = study, space
        self.folder = folder
        self.place = _place(folder)
        self.waited = False
        """Whether `take_later` has waited for others since `take`."""
        self._locks: dict[int, FileLock] = {}
        self._taken: dict[int, optuna.Trial] = {}
        self._beat_at = -math.inf
        self._unplaced_since: dict[int, float] = {}

    def take(self) -> Taken | None:
        """Return a trial that was interrupted in this folder, or one to repeat, or the next; None if none is left."""
        self.waited = False
        return self._interrupted() or self._next()

    def take_later(self, say: Callable[[str], None]) -> Taken | None:
        """Wait until no other process trains, or all that do have given a sign of life meanwhile.

        Returns a trial if one has to be repeated, else None. say: is given a sentence if this waits.
        """
        self.waited = False
        until = time.monotonic() + GRACE_S + HEARTBEAT_S
        while self._has_heartbeats and len(self.running()) > len(self._locks) and time.monotonic() < until:
            if not self.waited:
                seconds = GRACE_S + HEARTBEAT_S
                say(f"Others are still training: waiting up to {seconds} s, in case one of them has vanished.")
                self.waited = True
            self.beat()
            time.sleep(POLL_S)
            if taken := self._interrupted() or self._next():
                return taken
        return None

    def newest(self) -> list[optuna.trial.FrozenTrial]:
        """Return the trial at each position of the search so far: the last one if it was repeated."""
        trials = self.study.get_trials(deepcopy=False)
        found: dict[int, optuna.trial.FrozenTrial] = {}
        for number, position in positions(trials).items():
            found[position] = trials[number]
        return [found[position] for position in sorted(found) if position < self.space.trials]

    def running(self) -> list[optuna.trial.FrozenTrial]:
        """Return the trials that have begun and not ended, here or elsewhere."""
        return [each for each in self.newest() if each.state in (TrialState.RUNNING, TrialState.WAITING)]

    def beat(self) -> None:
        """Give a sign of life for the trials of this process, unless the last one was just now."""
        if self._has_heartbeats and time.monotonic() - self._beat_at >= HEARTBEAT_S:
            self._beat_at = time.monotonic()
            for trial in self._taken.values():
                # Optuna gives it by itself only inside `optimize`.
                self.study._storage.record_heartbeat(trial._trial_id)  # type: ignore[attr-defined]

    def release(self, position: int) -> None:
        """Let other processes take the trial."""
        self._taken.pop(position)
        self._locks.pop(position).release()

    def abandon_others(self) -> None:
        """Record the trials that run elsewhere as failed."""
        for each in self.newest():
            if each.state == TrialState.RUNNING and each.user_attrs.get("place") != self.place:
                self.study.tell(each.number, state=TrialState.FAIL, skip_if_finished=True)

    @property
    def _has_heartbeats(self) -> bool:
        return hasattr(self.study._storage, "record_heartbeat")

    def _interrupted(self) -> Taken | None:
        """Return a trial that was interrupted in this folder; its process is gone, and so is its lock."""
        for position, left in enumerate(self.newest()):
            if left.state != TrialState.RUNNING or position in self._locks:
                continue
            placed = left.user_attrs.get("place")
            if placed is None:
                # Machines' clocks may differ, so its age is what this process has seen of it.
                since = self._unplaced_since.setdefault(left.number, time.monotonic())
                if time.monotonic() - since < UNPLACED_S:
                    continue
            elif placed != self.place:
                continue
            if self._lock(position, self._name(position)):
                if self.newest()[position].state == TrialState.RUNNING:  # it has not ended meanwhile
                    # Optuna has no public way to continue a trial by its number.
                    return self._begin(optuna.Trial(self.study, left._trial_id), position, self._name(position))
                self._locks.pop(position).release()
        return None

    def _next(self) -> Taken | None:
        """Return a trial to repeat, or the next one; None if there is none."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            optuna.storages.fail_stale_trials(self.study)  # it lets the callback of the storage repeat them
        newest = self.newest()
        if len(newest) >= self.space.trials and all(each.state != TrialState.WAITING for each in newest):
            return None
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Heartbeat of storage")  # `beat` does what `optimize` would
            trial = self.study.ask()
        position = position_of(self.study, trial.number)
        if position >= self.space.trials:  # another process took the last one: this is for a later, larger `trials`
            return None
        name = self._name(position)
        if not self._lock(position, name):  # its process is alive, though silent
            name = f"{name}-again-{trial.number}"
            self._lock(position, name)
        return self._begin(trial, position, name)

    def _begin(self, trial: optuna.Trial, position: int, name: str) -> Taken:
        self._taken[position] = trial
        self._beat_at = -math.inf
        self.beat()
        trial.set_user_attr("place", self.place)
        return Taken(trial, position, self.folder / name)

    @staticmethod
    def _name(position: int) -> str:
        return f"trial-{position:03d}"

    def _lock(self, position: int, name: str) -> bool:
        lock = lock_of(self.folder, name)
        try:
            lock.acquire()
        except Timeout:
            return False
        self._locks[position] = lock
        return True


def _place(folder: Path) -> str:
    """Return the name of a search's folder, which the first process gives it."""
    path = folder / PLACE_FILE
    folder.mkdir(parents=True, exist_ok=True)
    for _ in range(2):
        with suppress(FileExistsError), path.open("x") as file:
            file.write(uuid.uuid4().hex)
        if place := path.read_text():
            return place
        time.sleep(POLL_S)  # another process is writing it
    return str(folder.resolve())


def lock_of(folder: Path, name: str) -> FileLock:
    """Return the lock `name` of a search's folder. It is released when its process ends."""
    return FileLock(folder / f".{name}.lock", timeout=0)
