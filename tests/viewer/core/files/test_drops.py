"""Files dropped on the window."""

from __future__ import annotations

from pathlib import Path

import pytest

from viewer.core.files.drops import drop_of
from viewer.core.files.formats import SUFFIXES


@pytest.mark.parametrize("name", ["a.onnx", "A.ONNX"])
def test_generators_are_opened(name: str) -> None:
    drop = drop_of([Path(name)])
    assert (drop.does, drop.path) == ("open", Path(name))


def test_folders_are_opened_whatever_their_name() -> None:
    assert drop_of([Path("run.png")], is_folder=True).does == "open"


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_pictures_are_restored(suffix: str) -> None:
    assert drop_of([Path(f"picture{suffix.upper()}")]).does == "restore"


@pytest.mark.parametrize("paths", [[Path("a.txt")], [Path("a.onnx"), Path("b.onnx")], [], [Path("a")]])
def test_other_files_are_refused_in_one_sentence(paths: list[Path]) -> None:
    drop = drop_of(paths)
    assert drop.does == "refuse"
    assert drop.reason.endswith(".")
