"""The table of formats."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import IO, BinaryIO

import pytest

from digitforge.hashing import sha256
from export.runtime.generator import open_generator
from viewer.core.files.encoders import EncoderOptions
from viewer.core.files.formats import FORMATS, Format, read_recipe
from viewer.core.files.saving import ExportSpec, Subject, save
from viewer.core.picture.look import Rgb32
from viewer.core.scene.messages import Opened
from viewer.core.state.view_state import ViewState


def write_raw(file: IO[bytes], pictures: Iterable[Rgb32], options: EncoderOptions) -> None:
    file.write(b"RAW" + options.recipe.encode() + b"\0" + b"".join(picture.tobytes() for picture in pictures))


def find_in_raw(file: BinaryIO) -> bytes | None:
    return file.read()[3:].split(b"\0")[0]


def test_a_row_is_all_that_a_new_format_needs(
    models: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = Format("Raw", "Numbers", (".raw",), False, write_raw, rb"RAW", find_in_raw)
    monkeypatch.setitem(FORMATS, "raw", row)
    generator = open_generator(models["digits"], "cpu")
    opened = Opened(1, generator.path, generator.info, generator.provider, "", sha256(generator.path))
    state = ViewState(seed=3, cells=1)
    path = save(Subject(opened, state), ExportSpec("raw"), tmp_path / "a.raw", lambda *_: None)
    assert read_recipe(path).state == state
    assert path.read_bytes().endswith(b"\xff")


def test_the_limits_of_every_format_allow_the_picture_as_it_is() -> None:
    for each in FORMATS.values():
        assert each.largest_width((20_000, 20_000)) == 20_000
        assert each.largest_scale((20_000, 20_000)) == 1
        assert each.largest_width((280, 28)) <= each.longest_side
