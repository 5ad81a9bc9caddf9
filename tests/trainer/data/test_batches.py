from __future__ import annotations

import gc
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from digitforge.errors import ConfigError
from trainer.config import ImageFormat, StoreName
from trainer.data import batches
from trainer.data.batches import Batches
from trainer.data.datasets import Source
from trainer.seeding import stream

CPU = torch.device("cpu")
BOTH = pytest.mark.parametrize("store", ["device", "disk"])


def numbered(count: int) -> Source:
    """Images filled with their own number, labelled with that number modulo 3."""
    images = np.tile(np.arange(count, dtype=np.uint8)[:, None, None, None], (1, 1, 4, 4))
    return Source("numbered", images, np.arange(count) % 3, ImageFormat(1, 4, ("a", "b", "c")))


def numbers(reals: torch.Tensor) -> list[int]:
    return [round((value.item() + 1) * 127.5) for value in reals[:, 0, 0, 0]]


def parts(batch_size: int, count: int) -> list[slice]:
    """Return the slices of a batch in `count` parts."""
    size = batch_size // count
    return [slice(start, start + size) for start in range(0, batch_size, size)]


@BOTH
@pytest.mark.parametrize("world", [1, 2, 3])
def test_an_epoch_shows_each_image_once_over_all_ranks(world: int, store: StoreName) -> None:
    ranks = [Batches(numbered(20), CPU, 6, seed=0, conditional=True, store=store) for _ in range(world)]
    seen = [
        number
        for images_seen in (0, 6, 12)
        for rank, rows in zip(ranks, parts(6, world), strict=True)
        for number in numbers(rank.batch_at(images_seen, rows)[0])
    ]
    assert len(seen) == len(set(seen)) == 18  # the last partial batch is dropped


@BOTH
def test_parts_together_are_the_batch(store: StoreName) -> None:
    images = Batches(numbered(20), CPU, 6, seed=0, conditional=True, store=store)
    whole = numbers(images.batch_at(6, slice(0, 6))[0])
    assert [number for rows in parts(6, 2) for number in numbers(images.batch_at(6, rows)[0])] == whole


@BOTH
def test_an_image_without_a_label_has_no_class_weights(store: StoreName) -> None:
    source = numbered(6)
    source.labels[4] = -1
    reals, y = Batches(source, CPU, 6, seed=0, conditional=True, store=store).batch_at(0, slice(0, 6))
    assert y is not None
    assert y[numbers(reals).index(4)].tolist() == [0, 0, 0]
    assert y[numbers(reals).index(5)].tolist() == [0, 0, 1]


def test_the_order_of_an_epoch_stays_what_it_was() -> None:
    """A resumed run sees the same batches as one that was not interrupted."""
    store = Batches(numbered(10), CPU, 10, seed=0, conditional=True)
    order = torch.randperm(10, generator=stream(CPU, 0, "epoch", 3)).tolist()
    assert numbers(store.batch_at(30, slice(0, 10))[0]) == order


@BOTH
def test_batches_depend_on_position_alone(store: StoreName) -> None:
    images, fresh = (Batches(numbered(20), CPU, 5, seed=0, conditional=True, store=store) for _ in range(2))
    rows = slice(0, 5)
    forward = [numbers(images.batch_at(position, rows)[0]) for position in range(0, 60, 5)]
    backward = [numbers(fresh.batch_at(position, rows)[0]) for position in range(55, -1, -5)]
    assert forward == backward[::-1]
    assert forward[:4] != forward[4:8], "each epoch has its own order"
    other_seed = Batches(numbered(20), CPU, 5, seed=1, conditional=True, store=store)
    assert numbers(other_seed.batch_at(0, rows)[0]) != forward[0]


def test_disk_gives_what_the_device_gives_over_two_epochs(tmp_path: Path) -> None:
    """Two processes, each with its share in two parts, request each part twice a step."""
    source = numbered(50)
    source.images.tofile(tmp_path / "images")
    mapped = np.memmap(tmp_path / "images", np.uint8, "r", shape=source.images.shape)
    on_disk = Source("mapped", mapped, source.labels, source.format)
    for rank in range(2):
        device = Batches(source, CPU, 12, seed=3, conditional=True, store="device")
        disk = Batches(on_disk, CPU, 12, seed=3, conditional=True, store="disk")
        own = parts(12, 4)[2 * rank : 2 * rank + 2]
        for images_seen in range(0, 2 * 4 * 12, 12):
            for rows in (*own, *own):
                expected, expected_y = device.batch_at(images_seen, rows)
                reals, y = disk.batch_at(images_seen, rows)
                assert reals.equal(expected)
                assert y is not None
                assert expected_y is not None
                assert y.equal(expected_y)
        disk.close()


def test_the_disk_is_read_one_batch_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    store = Batches(numbered(20), CPU, 4, seed=0, conditional=True, store="disk")
    gathered: list[tuple[int, int]] = []
    gather = store._gather

    def note(images_seen: int, start: int, stop: int) -> tuple[torch.Tensor, torch.Tensor]:
        assert threading.current_thread() is not threading.main_thread()
        gathered.append((images_seen, start))
        return gather(images_seen, start, stop)

    monkeypatch.setattr(store, "_gather", note)
    for images_seen in (0, 4, 8):
        for rows in (slice(0, 2), slice(2, 4)):
            store.batch_at(images_seen, rows)
    store.close()
    wanted = [(images_seen, start) for images_seen in (0, 4, 8) for start in (0, 2)]
    assert sorted(gathered)[:6] == wanted, "each part is gathered once"
    assert set(gathered[6:]) <= {(12, 0), (12, 2)}


def test_an_error_of_the_thread_reaches_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    store = Batches(numbered(20), CPU, 5, seed=0, conditional=True, store="disk")
    store.batch_at(0, slice(0, 5))
    store.batch_at(5, slice(0, 5))  # the one after is under way or done

    def fail(*_: object, **__: object) -> None:
        raise OSError("the disk is gone")

    monkeypatch.setattr(np, "take", fail)
    with pytest.raises(OSError, match="the disk is gone"):  # noqa: PT012
        store.batch_at(10, slice(0, 5))
        store.batch_at(15, slice(0, 5))
    store.close()


def readers() -> int:
    return sum(thread.name.startswith("read-ahead") for thread in threading.enumerate())


@pytest.mark.parametrize("closed", [True, False])
def test_the_thread_ends_with_the_store(closed: bool) -> None:
    gc.collect()
    before = readers()
    store = Batches(numbered(20), CPU, 5, seed=0, conditional=True, store="disk")
    store.batch_at(0, slice(0, 5))
    assert readers() == before + 1
    if closed:
        store.close()
    del store
    gc.collect()
    deadline = time.monotonic() + 10
    while readers() > before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert readers() == before


@pytest.mark.parametrize(("free", "ahead"), [(4 * 320 + 4, False), (4 * 320, True)])
def test_auto_is_the_device_where_it_has_four_times_the_room(
    monkeypatch: pytest.MonkeyPatch, free: int, ahead: bool
) -> None:
    monkeypatch.setattr(batches, "_free_memory", lambda device: free)
    store = Batches(numbered(20), CPU, 5, seed=0, conditional=True)
    assert (store._reader is not None) == ahead
    store.close()


@BOTH
def test_labels_belong_to_their_images(store: StoreName) -> None:
    images = Batches(numbered(20), CPU, 5, seed=0, conditional=True, store=store)
    reals, y = images.batch_at(5, slice(1, 4))
    assert y is not None
    assert y.argmax(dim=1).tolist() == [number % 3 for number in numbers(reals)]
    assert (y.sum(dim=1) == 1).all()


@BOTH
def test_images_span_minus_one_to_one(store: StoreName) -> None:
    source = numbered(3)
    source.images[:] = np.array([0, 128, 255], np.uint8)[:, None, None, None]
    reals, y = Batches(source, CPU, 3, seed=0, conditional=False, store=store).batch_at(0, slice(0, 3))
    assert y is None
    assert reals.dtype == torch.float32
    assert sorted(reals[:, 0, 0, 0].tolist()) == pytest.approx([-1, 128 / 127.5 - 1, 1], abs=1e-6)


def test_a_batch_larger_than_the_data_is_refused() -> None:
    with pytest.raises(ConfigError, match="has 3 images"):
        Batches(numbered(3), CPU, 4, seed=0, conditional=True)
