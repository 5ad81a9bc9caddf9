"""Training in a run directory whose file system answers late or wrongly: nothing is lost, to the bit."""

from __future__ import annotations

import errno
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from trainer.train import main

EVERY = (
    "--dataset", "sklearn-digits", "--batch-size", "16", "--g-width", "8", "--d-width", "8", "--checkpoint-every", "32",
    "--sample-every", "64", "--log-every", "32", "--keep-checkpoints", "1",
)  # fmt: skip


def train(run_dir: Path, images: int) -> None:
    assert main([*EVERY, "--images", str(images), "--run-dir", str(run_dir)]) == 0


def state(run_dir: Path) -> bytes:
    """Return the state of the only checkpoint."""
    (checkpoint,) = [path for path in (run_dir / "checkpoints").iterdir() if path.name.isdigit()]
    return (checkpoint / "state.safetensors").read_bytes()


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    from accelerate.state import AcceleratorState

    run_dir = tmp_path_factory.mktemp("whole") / "run"
    train(run_dir, 96)
    AcceleratorState._reset_state(reset_partial_state=True)
    return state(run_dir)


def test_renames_that_are_reported_as_failed(
    tmp_path: Path, uninterrupted: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("rename", "replace"):

        def lie(source: str | Path, target: str | Path, real: object = getattr(os, name)) -> None:
            real(source, target)  # type: ignore[operator]
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(source))

        monkeypatch.setattr(os, name, lie)
    train(tmp_path / "run", 64)
    train(tmp_path / "run", 96)
    assert state(tmp_path / "run") == uninterrupted
    assert list((tmp_path / "run").rglob(".*")) == []


def test_listings_that_are_out_of_date(
    tmp_path: Path, uninterrupted: bytes, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run_dir = tmp_path / "run"
    train(run_dir, 32)
    old = {folder: sorted(folder.iterdir()) for folder in (run_dir, run_dir / "checkpoints")}
    train(run_dir, 64)
    real = Path.iterdir
    with monkeypatch.context() as patch:
        patch.setattr(Path, "iterdir", lambda folder: iter(old[folder]) if folder in old else real(folder))
        capsys.readouterr()
        train(run_dir, 96)
        assert "Resuming after 64 images." in capsys.readouterr().out
    for left in (run_dir / "checkpoints").iterdir():
        if left.name != f"{96:012d}":  # what an old listing does not show is not removed
            assert left.name == f"{64:012d}"
            shutil.rmtree(left)
    assert state(run_dir) == uninterrupted


def test_a_clock_that_jumps_by_an_hour(tmp_path: Path, uninterrupted: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    real = time.time

    def jump(hours: int) -> None:
        monkeypatch.setattr(time, "time", lambda: real() + 3600 * hours)

    for images, hours in ((32, 1), (64, -1), (96, 0)):
        jump(hours)
        train(tmp_path / "run", images)
        for path in _files(tmp_path / "run"):
            os.utime(path, (time.time(), time.time()))
    assert state(tmp_path / "run") == uninterrupted


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())
