from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from digitforge import places
from digitforge.errors import ConfigError
from trainer import inferred
from trainer.config import ImageFormat
from trainer.data import datasets
from trainer.data.datasets import Source


def bars(count: int) -> Source:
    """Noisy bars, upright (class 0) or lying (class 1); the first two alone have a label."""
    images = np.random.default_rng(0).integers(0, 60, (count, 1, 8, 8)).astype(np.uint8)
    true = np.arange(count) % 2
    images[true == 0, :, :, 3:5] = 255
    images[true == 1, :, 3:5, :] = 255
    return Source("bars", images, np.where(np.arange(count) < 2, true, -1), ImageFormat(1, 8, ("up", "down")))


@pytest.fixture
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setattr(places, "cache_folder", lambda: tmp_path / "cache")
    return tmp_path / "cache"


def test_classes_are_named_where_the_classifier_is_sure(cache: Path) -> None:
    few, console = bars(100), Console(record=True, quiet=True, width=200)
    source = inferred.infer(few, console, steps=60)
    named = source.labels >= 0
    assert named.mean() > 0.9
    assert (source.labels[named] == np.flatnonzero(named) % 2).mean() > 0.95
    assert source.labels[:2].tolist() == [0, 1], "known labels stay"
    assert source.sha256 != few.sha256
    (path,) = (cache / "labels").iterdir()
    path.write_bytes(b"damaged")
    again = inferred.infer(few, None, steps=60)
    assert (again.labels == source.labels).all(), "the same labels every time"
    np.save(path, np.zeros(100, np.int64))
    assert not inferred.infer(few, None, steps=60).labels.any(), "read from the cache"


def test_a_requested_stop_ends_it(cache: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        inferred.infer(bars(20), None, lambda: True)
    assert not (cache / "labels").exists()


def test_nothing_to_infer_or_to_learn_from(cache: Path) -> None:
    whole = datasets.load("sklearn-digits", None)
    assert inferred.infer(whole, None) is whole
    with pytest.raises(ConfigError, match="cannot be inferred: some must be known"):
        inferred.infer(replace(whole, labels=np.full_like(whole.labels, -1)), None)
    assert not cache.exists()
