from __future__ import annotations

import os
from pathlib import Path

import pytest

from digitforge.errors import RunError
from trainer import runs
from trainer.config import ImageFormat
from trainer.presets import configure
from trainer.runs import RunRecord


def record(dataset: str, sha256: str = "a", classes: tuple[str, ...] = ("1", "2", "10")) -> RunRecord:
    return RunRecord(configure("mlp", {"dataset": dataset}), ImageFormat(1, 28, classes), sha256, False)


def test_a_run_directory_whose_name_is_not_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"not valid UTF-8: choose another --run-dir"):
        runs.require_fit(tmp_path / os.fsdecode(b"run-\xe9"), record("mnist"), "auto")


@pytest.mark.parametrize("again", ["folder:/a/b/", "folder:b", "folder:/elsewhere/c"])
def test_a_folder_of_the_same_pictures_may_be_moved(tmp_path: Path, again: str) -> None:
    runs.create(tmp_path, record("folder:/a/b"))
    runs.require_fit(tmp_path, record(again), "auto")


@pytest.mark.parametrize(
    ("again", "said"),
    [
        (record("folder:/a", "b"), "other training images"),
        (record("mnist"), "dataset: mnist, not folder:/a"),
        (record("folder:/a", "b", ("1", "10", "2")), "the classes in another order: 1, 10, 2, not 1, 2, 10"),
    ],
)
def test_other_images_are_refused(tmp_path: Path, again: RunRecord, said: str) -> None:
    runs.create(tmp_path, record("folder:/a"))
    with pytest.raises(RunError, match=said):
        runs.require_fit(tmp_path, again, "auto")
