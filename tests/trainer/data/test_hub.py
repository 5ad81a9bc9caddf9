from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from digitforge.errors import DataError
from trainer.data import hub

hub_errors = pytest.importorskip("huggingface_hub.errors")


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[tuple[Any, ...]]:
    """A Hub that has a converted data set `me/set`; the downloads that were requested."""
    requested: list[tuple[Any, ...]] = []

    def download(name: str, repo_type: str, revision: str | None, allow_patterns: list[str]) -> str:
        requested.append((name, repo_type, revision, allow_patterns))
        if name == "me/gone":
            raise hub_errors.LocalEntryNotFoundError("no network\nhint")
        folder = tmp_path / str(revision).replace("/", "-")
        if revision and name == "me/set":
            (folder / "small").mkdir(parents=True)
            (folder / "small" / "train.parquet").touch()
        return str(folder)

    monkeypatch.setattr("huggingface_hub.snapshot_download", download)
    return requested


def test_converted_files_are_used_where_there_are_no_others(served: list[tuple[Any, ...]], tmp_path: Path) -> None:
    folder = hub.fetch(Path("me/set/small"))
    assert (folder / "train.parquet").is_file()
    assert served == [
        ("me/set", "dataset", None, ["small/**.parquet"]),
        ("me/set", "dataset", "refs/convert/parquet", ["small/**.parquet"]),
    ]
    assert hub.fetch(tmp_path) == tmp_path, "a folder needs no download"


@pytest.mark.usefixtures("served")
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("set", "set is neither a folder nor the name of a data set, as in hf:ylecun/mnist"),
        ("me/gone", r"me/gone could not be downloaded from the Hugging Face Hub \(no network\)\."),
        ("me/other", "me/other has no Parquet files"),
    ],
)
def test_names_that_cannot_be_fetched(name: str, said: str) -> None:
    with pytest.raises(DataError, match=said):
        hub.fetch(Path(name))
