from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from digitforge.errors import ExportError
from export.runtime.batches import BUCKETS, LARGEST, cut
from export.runtime.generator import open_generator


@pytest.mark.parametrize("count", [0, 1, 3, 64, 65, 256, 257, 1000])
@pytest.mark.parametrize("sizes", [(), (1,), (16,), BUCKETS])
def test_batches_cover_a_request_exactly_once(count: int, sizes: tuple[int, ...]) -> None:
    calls = list(cut(count, sizes))
    assert [number for start, stop, _ in calls for number in range(start, stop)] == list(range(count))
    for start, stop, size in calls:
        assert size in sizes if sizes else size == stop - start <= LARGEST
        assert stop - start <= size
        assert size < 2 * (stop - start) or sizes != BUCKETS


@pytest.mark.parametrize("name", ["digits", "free", "colour"])
def test_padding_changes_no_image(models: dict[str, Path], name: str) -> None:
    plain = open_generator(models[name])
    bucketed = replace(plain, sizes=BUCKETS)
    bucketed.warm()
    info = plain.info
    for count in (0, 1, 3, 70, 300):
        z = np.random.default_rng(count).standard_normal((count, info.latent_size), np.float32)
        y = np.eye(len(info.classes), dtype=np.float32)[np.arange(count) % len(info.classes)] if info.classes else None
        assert plain.generate(z, y).shape == (count, info.channels, info.height, info.width)
        np.testing.assert_allclose(bucketed.generate(z, y), plain.generate(z, y), atol=1e-6)
        np.testing.assert_array_equal(bucketed.generate_pixels(z, y), plain.generate_pixels(z, y))


def test_every_batch_size_is_warmed_up(models: dict[str, Path]) -> None:
    sizes: list[int] = []
    plain = open_generator(models["free"])

    class Noted:
        @staticmethod
        def run(names: list[str], feeds: dict[str, Any]) -> Any:
            sizes.append(len(feeds["z"]))
            return plain.session.run(names, feeds)

    generator = replace(plain, session=Noted(), sizes=BUCKETS)
    generator.warm()
    warmed = set(sizes)
    for count in range(1, 300, 7):
        generator.generate_pixels(np.zeros((count, plain.info.latent_size), np.float32))
    assert set(sizes) == warmed


def test_running_out_of_memory_is_explained(models: dict[str, Path]) -> None:
    class Full:
        @staticmethod
        def run(names: list[str], feeds: dict[str, Any]) -> Any:
            raise RuntimeError("Failed to allocate memory for requested buffer of size 999")

    generator = replace(open_generator(models["free"]), session=Full())
    with pytest.raises(ExportError, match="not enough memory to run"):
        generator.generate_pixels(np.zeros((1, generator.info.latent_size), np.float32))
