from __future__ import annotations

import pytest

from digitforge.datasets import LICENCES, public_name
from trainer.data.datasets import DATASETS


@pytest.mark.parametrize(
    ("dataset", "name"),
    [
        ("mnist", "mnist"),
        ("folder:/home/alice/pictures", "folder:pictures"),
        ("folder:~/pictures/", "folder:pictures"),
        ("folder:C:\\Users\\alice\\pictures", "folder:pictures"),
        ("folder:..", "folder:folder"),
        ("folder:/", "folder:folder"),
    ],
)
def test_a_folder_is_named_without_its_path(dataset: str, name: str) -> None:
    assert public_name(dataset) == name


def test_every_data_set_has_a_licence() -> None:
    assert {name: row.licence for name, row in DATASETS.items()} == LICENCES
