"""Encoders of animations."""

from __future__ import annotations

import io
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from digitforge.errors import CannotWrite
from viewer.core.files.encoders import LONGEST_ARGUMENT, EncoderOptions, common_palette, palette_of
from viewer.core.files.formats import FORMATS, read_recipe
from viewer.core.files.recipe import MOST_BYTES, Model, Recipe
from viewer.core.picture.look import Rgb32
from viewer.core.state.samples import held_sample
from viewer.core.state.view_state import ViewState


def test_memory_does_not_grow_with_the_number_of_frames() -> None:
    class Sink(io.RawIOBase):
        def write(self, data: Any) -> int:
            return len(data)

    def pictures(count: int) -> Iterator[Rgb32]:
        noise = np.random.default_rng(0)
        return (noise.integers(0xFF000000, 0xFFFFFFFF, (160, 160), np.uint32) for _ in range(count))

    def peak(form: str, count: int) -> int:
        options = EncoderOptions(count, 20, 3, palette=palette_of([0xFF000000, 0xFFFFFFFF]))
        tracemalloc.start()
        FORMATS[form].write(Sink(), pictures(count), options)  # type: ignore[arg-type]
        _, highest = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return highest

    for form in ("apng", "gif"):
        peak(form, 3)
        assert peak(form, 40) < peak(form, 6) + 3 * 160 * 160 * 3, "no more than a few frames"


@pytest.mark.parametrize(("form", "unit"), [("gif", 100), ("webp", 1000)])
def test_rounded_lengths_do_not_add_up(form: str, unit: int) -> None:
    options = EncoderOptions(count=30, frames_per_second=30)
    lengths = [options.length_of(frame, unit) for frame in range(30)]
    assert sum(lengths) == unit
    assert max(lengths) - min(lengths) == 1


def test_frames_that_are_equal_are_written_too() -> None:
    picture = np.full((3, 4), 0xFF204060, np.uint32)
    options = EncoderOptions(3, 10, palette=common_palette([picture]))
    for form in ("gif", "apng"):
        file = io.BytesIO()
        FORMATS[form].write(file, [picture] * 3, options)
        with Image.open(file) as image:
            assert getattr(image, "n_frames", 1) == 3
            image.seek(2)
            assert image.convert("RGB").getpixel((3, 2)) == (0x20, 0x40, 0x60)


@pytest.mark.parametrize("form", ["png", "apng", "gif", "webp", "svg"])
def test_a_recipe_with_hundreds_of_held_latents_fits_every_format(form: str, tmp_path: Path) -> None:
    latents = np.random.default_rng(0).normal(size=(200, 512)).astype(np.float32)
    locks = tuple((cell, held_sample(latent, None, "between seeds 3 and 4")) for cell, latent in enumerate(latents))
    recipe = Recipe(Model("a.onnx", "0" * 64), ViewState(cells=256, locks=locks))
    text = recipe.to_text()
    assert 500_000 < len(text) <= MOST_BYTES
    picture = np.full((3, 4), 0xFF204060, np.uint32)
    options = EncoderOptions(2, 10, palette=common_palette([picture]), recipe=text)
    path = tmp_path / f"long{FORMATS[form].suffix}"
    with path.open("wb") as file:
        FORMATS[form].write(file, [picture] * 2, options)
    assert read_recipe(path) == recipe


def test_a_recipe_that_is_too_long_for_ffmpeg_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda _program: "ffmpeg")
    options = EncoderOptions(recipe="x" * (LONGEST_ARGUMENT + 1))
    with pytest.raises(CannotWrite, match="An MP4 file cannot carry this many samples that no seed makes"):
        FORMATS["mp4"].write(io.BytesIO(), [], options)
