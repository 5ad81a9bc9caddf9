"""A storage that cannot be reached for a while."""

from __future__ import annotations

from pathlib import Path

import optuna
import pytest
from optuna.exceptions import StorageInternalError
from optuna.storages import RDBStorage
from sqlalchemy.exc import OperationalError, PendingRollbackError, ProgrammingError

from trainer.search import patient
from trainer.search.patient import PatientStorage
from trainer.search.storage import sqlite


@pytest.fixture
def haste(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patient, "PAUSE_S", 0.01)


LOST = OperationalError("SELECT 1", {}, Exception("the server closed the connection\nand more"))

LATER = PendingRollbackError("the server closed the connection")


@pytest.mark.usefixtures("haste")
@pytest.mark.parametrize(("lost", "wrapped"), [(LOST, True), (LOST, False), (LATER, True)])
def test_operations_are_tried_again_until_the_server_is_back(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    lost: Exception,
    wrapped: bool,
) -> None:
    real, left = RDBStorage.get_all_studies, [lost] * 3

    def sometimes(storage: RDBStorage) -> object:
        if left:
            error = left.pop()
            if wrapped:
                raise StorageInternalError("an error of the storage") from error
            raise error
        return real(storage)

    monkeypatch.setattr(PatientStorage, "get_all_studies", patient._patient(sometimes))
    storage = PatientStorage(sqlite(tmp_path / "a.db"))
    optuna.create_study(study_name="one", storage=storage)
    assert [study.study_name for study in storage.get_all_studies()] == ["one"]
    said = capsys.readouterr().err
    assert said == "The storage cannot be reached (the server closed the connection): trying again.\n"


@pytest.mark.usefixtures("haste")
def test_patience_ends_and_other_errors_are_no_matter_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    storage = PatientStorage(sqlite(tmp_path / "a.db"))
    tried = []

    def fail(storage: RDBStorage, error: Exception) -> None:
        tried.append(error)
        raise error

    monkeypatch.setattr(PatientStorage, "get_trial", patient._patient(fail))
    with pytest.raises(ProgrammingError):
        storage.get_trial(ProgrammingError("", {}, Exception()))  # type: ignore[arg-type]
    assert len(tried) == 1
    monkeypatch.setattr(patient, "PATIENCE_S", 0.05)
    with pytest.raises(OperationalError):
        storage.get_trial(LOST)  # type: ignore[arg-type]
    assert len(tried) > 2


def test_every_operation_is_patient() -> None:
    operations = {
        name for name in vars(optuna.storages.BaseStorage) if not name.startswith("_") and name in vars(RDBStorage)
    }
    assert operations >= {"create_new_trial", "set_trial_state_values", "get_all_trials"}
    assert all(getattr(vars(PatientStorage)[name], "__wrapped__", None) for name in operations)
