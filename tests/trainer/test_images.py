from __future__ import annotations

import numpy as np
import pytest
import torch

from trainer.config import ImageFormat
from trainer.errors import ConfigError
from trainer.images import ImageStore
from trainer.sources import Source

CPU = torch.device("cpu")


def numbered(count: int) -> Source:
    """Images whose pixels all hold their own number, labelled by it modulo 3."""
    images = np.tile(np.arange(count, dtype=np.uint8)[:, None, None, None], (1, 1, 4, 4))
    return Source("numbered", images, np.arange(count) % 3, ImageFormat(1, 4, ("a", "b", "c")))


def numbers(reals: torch.Tensor) -> list[int]:
    return [round((value.item() + 1) * 127.5) for value in reals[:, 0, 0, 0]]


@pytest.mark.parametrize("world", [1, 2, 3])
def test_an_epoch_shows_each_image_once_over_all_ranks(world: int) -> None:
    store = ImageStore(numbered(20), CPU, batch_size=6, seed=0, conditional=True)
    seen = [
        number
        for images_seen in (0, 6, 12)
        for rank in range(world)
        for number in numbers(store.batch_at(images_seen, rank, world)[0])
    ]
    assert len(seen) == len(set(seen)) == 18  # the last partial batch is dropped


def test_ranks_together_see_the_batch_of_one_process() -> None:
    store = ImageStore(numbered(20), CPU, batch_size=6, seed=0, conditional=True)
    whole = numbers(store.batch_at(6)[0])
    assert [number for rank in (0, 1) for number in numbers(store.batch_at(6, rank, 2)[0])] == whole


def test_batches_depend_on_position_alone() -> None:
    store = ImageStore(numbered(20), CPU, batch_size=5, seed=0, conditional=True)
    fresh = ImageStore(numbered(20), CPU, batch_size=5, seed=0, conditional=True)
    forward = [numbers(store.batch_at(position)[0]) for position in range(0, 60, 5)]
    backward = [numbers(fresh.batch_at(position)[0]) for position in range(55, -1, -5)]
    assert forward == backward[::-1]
    assert forward[:4] != forward[4:8], "each epoch has its own order"
    other_seed = ImageStore(numbered(20), CPU, batch_size=5, seed=1, conditional=True)
    assert numbers(other_seed.batch_at(0)[0]) != forward[0]


def test_labels_belong_to_their_images() -> None:
    store = ImageStore(numbered(20), CPU, batch_size=5, seed=0, conditional=True)
    reals, y = store.batch_at(5)
    assert y is not None
    assert y.argmax(dim=1).tolist() == [number % 3 for number in numbers(reals)]
    assert (y.sum(dim=1) == 1).all()


def test_images_span_minus_one_to_one() -> None:
    source = numbered(3)
    source.images[:] = np.array([0, 128, 255], np.uint8)[:, None, None, None]
    reals, y = ImageStore(source, CPU, batch_size=3, seed=0, conditional=False).batch_at(0)
    assert y is None
    assert reals.dtype == torch.float32
    assert sorted(reals[:, 0, 0, 0].tolist()) == pytest.approx([-1, 128 / 127.5 - 1, 1], abs=1e-6)


def test_a_batch_larger_than_the_data_is_refused() -> None:
    with pytest.raises(ConfigError, match="has 3 images"):
        ImageStore(numbered(3), CPU, batch_size=4, seed=0, conditional=True)
