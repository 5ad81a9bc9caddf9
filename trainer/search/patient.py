"""A storage that waits for its server: a restart of the database must not end a search that runs for days."""

from __future__ import annotations

import functools
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from optuna.exceptions import StorageInternalError
from optuna.storages import RDBStorage
from sqlalchemy.exc import InterfaceError, OperationalError, PendingRollbackError, SQLAlchemyError

PATIENCE_S = 600.0
"""Seconds for which an operation is tried again."""
PAUSE_S = 1.0
UNREACHABLE = (OperationalError, InterfaceError, PendingRollbackError)
"""SQLAlchemy's errors for a server that does not answer; the last one follows where Optuna has caught the first."""


class PatientStorage(RDBStorage):
    """Optuna's storage in a database, whose operations are tried again while the server cannot be reached.

    Each operation is one transaction, so nothing of one that failed is kept.
    """


def _unreachable(error: BaseException) -> SQLAlchemyError | None:
    """Return the reason if `error` means that the server cannot be reached, or has ended a connection."""
    cause = error.__cause__ if isinstance(error, StorageInternalError) else error
    return cause if isinstance(cause, UNREACHABLE) else None


def _patient(operation: Callable[..., Any]) -> Callable[..., Any]:
    """Return the operation with patience. One that is called within another leaves trying again to that one."""

    @functools.wraps(operation)
    def tried(*arguments: Any, **named: Any) -> Any:
        if getattr(_inside, "operation", False):
            return operation(*arguments, **named)
        until, said = time.monotonic() + PATIENCE_S, False
        while True:
            _inside.operation = True
            try:
                return operation(*arguments, **named)
            except (SQLAlchemyError, StorageInternalError) as error:
                reason = _unreachable(error)
                if reason is None or time.monotonic() > until:
                    raise
                if not said:
                    sentence = str(getattr(reason, "orig", reason)).partition("\n")[0]
                    print(f"The storage cannot be reached ({sentence}): trying again.", file=sys.stderr)
                    said = True
            finally:
                _inside.operation = False
            time.sleep(PAUSE_S)

    return tried


_inside = threading.local()

for _name, _operation in vars(RDBStorage).items():
    if callable(_operation) and not _name.startswith("__") and not isinstance(_operation, (staticmethod, classmethod)):
        setattr(PatientStorage, _name, _patient(_operation))
