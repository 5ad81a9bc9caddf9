"""Finding a recipe in files of all kinds, including hostile ones."""

from __future__ import annotations

import io
import os
import struct
import tracemalloc
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from digitforge.errors import RecipeError
from viewer.core.files.encoders import EncoderOptions, common_palette
from viewer.core.files.formats import FORMATS, read_recipe
from viewer.core.files.metadata import PNG_SIGNATURE
from viewer.core.files.recipe import MOST_BYTES, Model, Recipe
from viewer.core.state.view_state import ViewState

RECIPE = Recipe(Model("a <b> & 'c'.onnx", "0" * 64), ViewState(seed=77))
TEXT = RECIPE.to_text()


def written(form: str, recipe: str = TEXT) -> bytes:
    """A small picture or animation in a format that needs no program."""
    pictures = [np.full((4, 6), 0xFF000000 | shade << 16, np.uint32) for shade in (0, 90, 200)]
    options = EncoderOptions(3 if FORMATS[form].animated else 1, 10, 2, palette=common_palette(pictures), recipe=recipe)
    stream = io.BytesIO()
    FORMATS[form].write(stream, pictures, options)
    return stream.getvalue()


PICTURES = {name: written(name) for name, each in FORMATS.items() if not each.program}


def box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I", len(body) + 8) + kind + body


def mp4(comment: bytes) -> bytes:
    data = box(b"\xa9cmt", box(b"data", struct.pack(">II", 1, 0), comment))
    meta = box(b"meta", bytes(4), box(b"hdlr", bytes(25)), box(b"ilst", data))
    return box(b"ftyp", b"isom") + box(b"moov", box(b"mvhd", bytes(100)), box(b"udta", meta)) + box(b"mdat", b"x")


PICTURES["mp4"] = mp4(TEXT.encode())


@pytest.mark.parametrize("form", PICTURES)
def test_each_format_carries_the_recipe(form: str, tmp_path: Path) -> None:
    path = tmp_path / f"picture.{form}"
    path.write_bytes(PICTURES[form])
    assert read_recipe(path) == RECIPE


@pytest.mark.parametrize("form", PICTURES)
def test_cut_and_damaged_files_are_refused_or_read(form: str, tmp_path: Path) -> None:
    content = PICTURES[form]
    path = tmp_path / "picture"
    steps = range(0, len(content), max(1, len(content) // 200))
    for place in steps:
        for damaged in (content[:place], content[:place] + bytes([content[place] ^ 0xFF]) + content[place + 1 :]):
            path.write_bytes(damaged)
            with suppress(RecipeError):
                assert isinstance(read_recipe(path), Recipe)


@pytest.mark.parametrize("form", ["png", "gif", "webp", "mp4", "svg"])
def test_a_hundred_megabytes_of_text_are_not_read(form: str, tmp_path: Path) -> None:
    path, size = tmp_path / f"huge.{form}", 100 * 2**20
    head = {
        "png": PNG_SIGNATURE + struct.pack(">I", size) + b"tEXtdigitforge\0{",
        "gif": b"GIF89a" + bytes(7) + b"!\xfe" + (b"\xff" + b"{" * 255) * (2**20 // 200),
        "webp": b"RIFF" + struct.pack("<I", size) + b"WEBPXMP " + struct.pack("<I", size),
        "mp4": mp4(b"{" * (2 * MOST_BYTES)),
        "svg": b"<svg>",
    }[form]
    with path.open("wb") as file:
        file.write(head)
        file.truncate(size)
    tracemalloc.start()
    try:
        with pytest.raises(RecipeError, match=r"too long|carries no recipe"):
            read_recipe(path)
        assert tracemalloc.get_traced_memory()[1] < 16 * MOST_BYTES
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x89PNG\r\n\x1a\n" + b"\xff" * 4000,
        b"GIF89a" + b"\xff" * 4000,
        b"RIFF\xff\xff\xff\xffWEBP" + b"\0" * 100_000,
        struct.pack(">I4sQ", 1, b"ftyp", 2**64 - 1),
        box(b"ftyp") * 5000,
        b"<!DOCTYPE x [<!ENTITY a 'aaaa'>]><svg>&a;</svg>",
        written("png", recipe=""),
    ],
)
def test_a_file_without_a_recipe_is_a_sentence(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    path.write_bytes(content)
    with pytest.raises(RecipeError, match="carries no recipe"):
        read_recipe(path)


def test_only_ordinary_files_are_read(tmp_path: Path) -> None:
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.png")
    for name in ("pipe.png", "nothing.png", ""):
        with pytest.raises(RecipeError, match="There is no file"):
            read_recipe(tmp_path / name)
