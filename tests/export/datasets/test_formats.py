from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from export.contract import GeneratorInfo
from export.datasets.formats import FORMATS, format_of

GREY = GeneratorInfo(6, "normal", ("0", "1"), 1, 12, 12)


@pytest.mark.parametrize(("name", "expected"), [("a.npz", "npz"), ("a", "png"), ("a.b", "png")])
def test_the_name_of_a_data_set_suggests_its_format(name: str, expected: str) -> None:
    assert format_of(Path(name)) == expected


def test_idx_files_hold_grey_images_with_labels() -> None:
    many = tuple(map(str, range(257)))
    for info in (replace(GREY, channels=3), replace(GREY, classes=()), replace(GREY, classes=many)):
        assert "--format npz or png" in FORMATS["idx"].obstacle(info)
        assert not FORMATS["npz"].obstacle(info)
        assert not FORMATS["png"].obstacle(info)
    assert not FORMATS["idx"].obstacle(GREY)
