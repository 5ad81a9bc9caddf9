from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from trainer.scoring.real import ImageSet
from trainer.scoring.reconstruction import LEAST, MOST, nearest_of, reconstruction_error


def images(count: int, seed: int = 0) -> ImageSet:
    pixels = torch.randint(0, 256, (count, 1, 6, 6), generator=torch.Generator().manual_seed(seed), dtype=torch.uint8)
    return ImageSet(pixels, torch.arange(count) % 10, torch.empty(count, 0), torch.empty(count, 0))


def test_the_nearest_image_is_taken() -> None:
    held_out, others = images(20), images(50, seed=1)
    errors = nearest_of(others)(held_out.pixels, held_out.labels)
    real, made = (each.pixels.numpy().reshape(len(each), -1) / 127.5 - 1 for each in (held_out, others))
    expected = np.sqrt(((real[:, None] - made) ** 2).mean(axis=2)).min(axis=1)
    np.testing.assert_allclose(errors, expected, rtol=1e-5)


def test_an_image_of_the_set_is_no_distance_away() -> None:
    assert reconstruction_error(images(40), 1000, nearest_of(images(40))) == 0


@pytest.mark.parametrize(("count", "expected"), [(100, LEAST), (5_000, 50), (50_000, MOST)])
def test_the_number_of_images_is_limited_and_spread_over_the_set(count: int, expected: int) -> None:
    seen: list[Tensor] = []

    def reconstruct(real: Tensor, labels: Tensor) -> Tensor:
        seen.append(real)
        return torch.full((len(real),), 0.25)

    held_out = images(1000)
    assert reconstruction_error(held_out, count, reconstruct) == 0.25
    assert len(seen[0]) == expected
    assert torch.equal(seen[0][1], held_out.pixels[1000 // expected])


def test_a_small_set_is_used_as_a_whole() -> None:
    assert reconstruction_error(images(4), 100, nearest_of(images(4))) == 0
