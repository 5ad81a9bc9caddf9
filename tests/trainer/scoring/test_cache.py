"""What the key of a cached entry depends on."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from digitforge import locks
from trainer.scoring import cache
from trainer.scoring.cache import COMPUTING, READING, cached_json, cached_tensors, code_hash
from trainer.scoring.metrics import METRICS

ROOM = Path(cache.__file__).parent
NOT_COMPUTING = {"__init__", "cache", "classifier", "unlabelled", "own", "during", "metrics", "scores"}


def test_every_module_that_computes_is_in_the_key() -> None:
    here = {path.stem for path in ROOM.glob("*.py")}
    assert {Path(module).stem for module in COMPUTING if module.startswith("scoring/")} == here - NOT_COMPUTING
    assert {"seeding.py", "networks/judge.py"} < set(COMPUTING)
    assert "networks/judge.py" in READING


def test_the_key_follows_what_a_metric_computes_and_not_what_it_is_called() -> None:
    precision = METRICS["precision"]
    before = code_hash(metrics=[precision])
    assert code_hash(metrics=[replace(precision, name="Precise", help="Other words.")]) == before
    assert code_hash(metrics=[replace(precision, compute=METRICS["recall"].compute)]) != before
    assert code_hash(metrics=[]) != before
    assert code_hash(READING) != code_hash()


def test_what_was_made_once_is_not_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "cache_folder", lambda: tmp_path)
    made: list[str] = []

    def numbers() -> dict[str, int]:
        made.append("json")
        return {"a": 1}

    def tensors() -> dict[str, torch.Tensor]:
        made.append("tensors")
        return {"a": torch.ones(2)}

    for _ in range(2):
        assert cached_json("key", numbers) == {"a": 1}
        assert cached_tensors("key", tensors)["a"].tolist() == [1, 1]
    assert made == ["json", "tensors"]
    cached_json("other key", numbers)
    assert len(made) == 3


def test_a_damaged_entry_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "cache_folder", lambda: tmp_path)
    made: list[int] = []

    def tensors() -> dict[str, torch.Tensor]:
        made.append(1)
        return {"a": torch.arange(100.0)}

    cached_tensors("key", tensors)
    (path,) = (tmp_path / "scores").iterdir()
    content = path.read_bytes()
    for damaged in (b"", content[:-4], content[:-1] + bytes([content[-1] ^ 1]), b"x" + content):
        path.write_bytes(damaged)
        assert cached_tensors("key", tensors)["a"].tolist() == list(range(100))
    assert len(made) == 5
    assert path.read_bytes() == content


def test_the_second_process_waits_and_computes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "cache_folder", lambda: tmp_path)
    monkeypatch.setattr(locks, "POLL_S", 0.01)
    begun, made, found = threading.Event(), list[int](), list[dict[str, int]]()

    def numbers() -> dict[str, int]:
        begun.set()
        time.sleep(0.2)
        made.append(1)
        return {"a": 1}

    processes = [threading.Thread(target=lambda: found.append(cached_json("key", numbers))) for _ in range(3)]
    for process in processes:
        process.start()
        assert begun.wait(10)
    for process in processes:
        process.join(10)
    assert (made, found) == ([1], [{"a": 1}] * 3)


def test_a_score_does_without_a_cache_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr(cache, "cache_folder", lambda: tmp_path / "file" / "cache")
    assert cached_json("key", lambda: {"a": 1}) == {"a": 1}
    assert cached_tensors("key", lambda: {"a": torch.ones(2)})["a"].tolist() == [1, 1]
