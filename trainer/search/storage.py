"""The Optuna study that holds the trials, and which of them this process may train."""

from __future__ import annotations

import json
import random
import re
import socket
import time
from datetime import datetime, timedelta
from pathlib import Path

import optuna
from filelock import FileLock, Timeout
from optuna.storages import BaseStorage, JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import TrialState
from sqlalchemy import URL
from sqlalchemy.exc import SQLAlchemyError

from digitforge.errors import ConfigError
from trainer.search.plan import Plan, pruner
from trainer.search.space import Space, refuse_another

UNPLACED = timedelta(minutes=1)
"""Age at which a trial without a place must belong to a search that was killed."""


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
    patient = {"connect_args": {"timeout": 60}} if address.startswith("sqlite:") else {}
    return RDBStorage(address, engine_kwargs=patient)


class Trials:
    """Takes trials of a study for this process, which trains them in `folder`. No two processes take the same."""

    def __init__(self, study: optuna.Study, space: Space, folder: Path) -> None:
        self.study, self.space = study, space
        self.place = f"{socket.gethostname()}:{folder.resolve()}"
        self.folder = folder
        self._locks: dict[int, FileLock] = {}

    def take(self) -> optuna.Trial | None:
        """Return a trial that was interrupted here, or else the next one; None if there is none left."""
        for left in self.running():
            placed = left.user_attrs.get("place")
            abandoned = placed is None and datetime.now() - (left.datetime_start or datetime.now()) > UNPLACED
            # A process that is still alive holds the lock.
            if (placed == self.place or abandoned) and left.number not in self._locks and self._lock(left.number):
                if any(each.number == left.number for each in self.running()):  # it has not ended meanwhile
                    # Optuna has no public way to continue a trial by its number.
                    return self._begin(optuna.Trial(self.study, left._trial_id))
                self.release(left.number)
        if len(self.study.get_trials(deepcopy=False)) >= self.space.trials:
            return None
        trial = self.study.ask()
        if (
            trial.number >= self.space.trials
        ):  # another machine took the last one: this one is for a later, larger `trials`
            return None
        self._lock(trial.number)
        return self._begin(trial)

    def running(self) -> list[optuna.trial.FrozenTrial]:
        """Return the trials that have begun and not ended, here or elsewhere, without those beyond `Space.trials`."""
        found = self.study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
        return [each for each in found if each.number < self.space.trials]

    def release(self, number: int) -> None:
        """Let other processes take the trial."""
        self._locks.pop(number).release()

    def abandon_others(self) -> None:
        """Record the trials that run elsewhere as failed."""
        for each in self.running():
            if each.user_attrs.get("place") != self.place:
                self.study.tell(each.number, state=TrialState.FAIL, skip_if_finished=True)

    def _begin(self, trial: optuna.Trial) -> optuna.Trial:
        trial.set_user_attr("place", self.place)
        return trial

    def _lock(self, number: int) -> bool:
        lock = lock_of(self.folder, f"trial-{number:03d}")
        try:
            lock.acquire()
        except Timeout:
            return False
        self._locks[number] = lock
        return True


def lock_of(folder: Path, name: str) -> FileLock:
    """Return the lock `name` of a search's folder. It is released when its process ends."""
    return FileLock(folder / f".{name}.lock", timeout=0)
