"""Data sets in every format: readable by others, resumable after a kill, sharded, never overwritten."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from torchvision.datasets import MNIST, ImageFolder

from digitforge.bundled import BUNDLED_MODEL
from digitforge.errors import CannotWrite, ExportError
from export.datasets import dataset, sampling, writers
from export.datasets.card import card_path
from export.datasets.dataset import STEP, write_dataset
from export.datasets.formats import FORMATS
from export.datasets.sampling import SampleRequest
from export.runtime.generator import open_generator
from export.sample import main as sample


def content(out: Path) -> dict[str, bytes]:
    """Return the contents of every file of a data set, by name."""
    files = [out] if out.is_file() else sorted(path for path in out.rglob("*") if path.is_file())
    return {str(path.relative_to(out)): path.read_bytes() for path in files}


def arrays(path: Path) -> tuple[np.ndarray, np.ndarray]:
    with np.load(path) as data:
        return data["images"], data["labels"]


def test_npz_repeats_to_the_byte_and_has_a_card(models: dict[str, Path], tmp_path: Path) -> None:
    generator = open_generator(models["digits"])
    for name in ("a.npz", "b.npz"):
        assert write_dataset(generator, SampleRequest(515, seed=3), tmp_path / name, "npz")
    assert content(tmp_path / "a.npz") == content(tmp_path / "b.npz")
    images, labels = arrays(tmp_path / "a.npz")
    assert images.shape == (515, 12, 12)
    assert images.dtype == np.uint8
    assert labels.dtype == np.int64
    assert np.bincount(labels).tolist() == [52] * 5 + [51] * 5
    card = json.loads(card_path(tmp_path / "a.npz", "npz").read_text())
    assert card["request"]["seed"] == 3
    assert card["model"]["provenance"] == {"preset": "tiny"}
    assert card["images"] == {"all": 515, "by_class": {str(d): 52 if d < 5 else 51 for d in range(10)}}
    assert {path.name for path in tmp_path.iterdir()} == {"a.npz", "b.npz", "a.card.json", "b.card.json"}


def test_idx_is_read_by_torchvisions_mnist(models: dict[str, Path], tmp_path: Path) -> None:
    generator = open_generator(models["digits"])
    write_dataset(generator, SampleRequest(600), tmp_path / "idx", "idx")
    write_dataset(generator, SampleRequest(700), tmp_path / "a.npz", "npz")
    images, labels = arrays(tmp_path / "a.npz")
    for train, part in ((True, slice(0, 600)), (False, slice(600, 700))):
        data = MNIST(str(tmp_path / "idx"), train=train)
        np.testing.assert_array_equal(data.data.numpy(), images[part])
        np.testing.assert_array_equal(data.targets.numpy(), labels[part])


def test_png_folders_are_read_by_torchvisions_image_folder(models: dict[str, Path], tmp_path: Path) -> None:
    generator = open_generator(models["colour"])
    write_dataset(generator, SampleRequest(25), tmp_path / "png", "png")
    write_dataset(generator, SampleRequest(25), tmp_path / "a.npz", "npz")
    images, labels = arrays(tmp_path / "a.npz")
    for number, (image, label) in enumerate(zip(images, labels, strict=True)):
        path = tmp_path / "png" / str(label) / f"{number:08d}.png"
        np.testing.assert_array_equal(np.asarray(Image.open(path)), image)
    assert len(ImageFolder(str(tmp_path / "png"))) == 25


def test_unconditional_images_have_no_labels(models: dict[str, Path], tmp_path: Path) -> None:
    generator = open_generator(models["free"])
    write_dataset(generator, SampleRequest(4), tmp_path / "a.npz", "npz")
    assert arrays(tmp_path / "a.npz")[1].tolist() == [-1] * 4
    write_dataset(generator, SampleRequest(4), tmp_path / "png", "png")
    assert len(list((tmp_path / "png" / "unlabelled").iterdir())) == 4
    with pytest.raises(ExportError, match="IDX files hold grey images with labels"):
        write_dataset(generator, SampleRequest(4), tmp_path / "idx", "idx")


def test_shards_joined_are_the_whole(models: dict[str, Path], tmp_path: Path) -> None:
    generator = open_generator(models["digits"])
    write_dataset(generator, SampleRequest(700, classes=(2, 5)), tmp_path / "whole.npz", "npz")
    for part in range(1, 4):
        request = SampleRequest(700, classes=(2, 5), shard=(part, 3))
        write_dataset(generator, request, tmp_path / f"{part}.npz", "npz")
    parts = [arrays(tmp_path / f"{part}.npz") for part in range(1, 4)]
    for joined, whole in zip(zip(*parts, strict=True), arrays(tmp_path / "whole.npz"), strict=True):
        np.testing.assert_array_equal(np.concatenate(joined), whole)
    write_dataset(generator, SampleRequest(1, shard=(1, 2)), tmp_path / "none.npz", "npz")
    assert arrays(tmp_path / "none.npz")[0].shape == (0, 12, 12)


class Stopped(Exception):
    """An interruption."""


@pytest.mark.parametrize("form", FORMATS)
def test_an_interrupted_request_continues_and_ends_with_the_same_bytes(
    models: dict[str, Path], tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dataset, "STEP", 512)
    generator, request = open_generator(models["digits"]), SampleRequest(1500)
    name = "a.npz" if form == "npz" else "a"
    write_dataset(generator, request, tmp_path / "whole" / name, form)
    seen: list[int] = []
    for stop in (300, 1100):

        def report(done: int, of: int, stop: int = stop) -> None:
            seen.append(done)
            if stop <= done:
                raise Stopped

        with pytest.raises(Stopped):
            write_dataset(generator, request, tmp_path / "parts" / name, form, report)
        assert not (tmp_path / "parts" / name).exists(), "a file with the final name is complete"
    last_run: list[int] = []
    write_dataset(generator, request, tmp_path / "parts" / name, form, lambda done, _: last_run.append(done))
    assert last_run[0] == 1024 + 256, "it continues after the last note"
    assert content(tmp_path / "parts") == content(tmp_path / "whole")


def test_two_commands_do_not_work_on_one_result(models: dict[str, Path], tmp_path: Path) -> None:
    generator, out = open_generator(models["digits"]), tmp_path / "a.npz"

    def report(done: int, of: int) -> None:
        with pytest.raises(ExportError, match="Another command is working"):
            write_dataset(generator, SampleRequest(600), out, "npz")

    assert write_dataset(generator, SampleRequest(600), out, "npz", report)
    assert len(arrays(out)[0]) == 600


def test_a_renamed_model_continues_the_same_request(
    models: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dataset, "STEP", 256)
    renamed = tmp_path / "renamed.onnx"
    shutil.copy(models["digits"], renamed)

    def stop(done: int, of: int) -> None:
        if done > 512:
            raise Stopped

    with pytest.raises(Stopped):
        write_dataset(open_generator(models["digits"]), SampleRequest(800), tmp_path / "a.npz", "npz", stop)
    seen: list[int] = []
    generator = open_generator(renamed)
    write_dataset(generator, SampleRequest(800), tmp_path / "a.npz", "npz", lambda done, _: seen.append(done))
    assert seen[0] == 768


def test_a_killed_command_continues(models: dict[str, Path], tmp_path: Path) -> None:
    command = [sys.executable, "-m", "export.sample", str(models["digits"]), "--count", str(100 * STEP)]
    partial = tmp_path / ".a.npz.partial"
    running = subprocess.Popen([*command, "--out", str(tmp_path / "a.npz")], stderr=subprocess.DEVNULL)
    while not (partial / "images.json").exists():
        assert running.poll() is None, "the command was faster than the test"
        time.sleep(0.005)
    os.kill(running.pid, signal.SIGKILL)
    running.wait()
    assert not (tmp_path / "a.npz").exists()
    noted = json.loads((partial / "images.json").read_text())["at"]
    assert 0 < noted < 100 * STEP
    for name in ("a.npz", "b.npz"):
        assert sample([*command[3:], "--out", str(tmp_path / name)]) == 0
    assert content(tmp_path / "a.npz") == content(tmp_path / "b.npz")
    assert not partial.exists()


def test_nothing_is_overwritten(models: dict[str, Path], tmp_path: Path) -> None:
    generator = open_generator(models["digits"])
    out = tmp_path / "a.npz"
    assert write_dataset(generator, SampleRequest(5), out, "npz")
    before = content(tmp_path)
    assert not write_dataset(generator, SampleRequest(5), out, "npz"), "the same request is complete already"
    for other in (SampleRequest(6), SampleRequest(5, seed=1)):
        with pytest.raises(ExportError, match="not what this request would make"):
            write_dataset(generator, other, out, "npz")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("mine")
    with pytest.raises(ExportError, match="not what this request would make"):
        write_dataset(generator, SampleRequest(5), tmp_path / "mine", "png")
    assert {name: value for name, value in content(tmp_path).items() if "mine" not in name} == before


def test_a_file_with_the_name_of_the_card_is_not_overwritten(models: dict[str, Path], tmp_path: Path) -> None:
    card_path(tmp_path / "a.npz", "npz").write_text("mine")
    with pytest.raises(ExportError, match=r"a\.card\.json exists and is not what"):
        write_dataset(open_generator(models["digits"]), SampleRequest(5), tmp_path / "a.npz", "npz")
    assert content(tmp_path) == {"a.card.json": b"mine"}


@pytest.mark.parametrize("form", FORMATS)
def test_a_kill_after_the_last_step_does_no_harm(
    models: dict[str, Path], tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    generator, request = open_generator(models["digits"]), SampleRequest(20)
    out = tmp_path / ("a.npz" if form == "npz" else "a")
    partial = tmp_path / f".{out.name}.partial"

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", lambda *_, **__: None)  # as if it had been killed before that
        assert write_dataset(generator, request, out, form)
    whole = content(out)
    assert partial.is_dir()
    out.rename(tmp_path / "elsewhere")
    assert write_dataset(generator, request, out, form)
    assert content(out) == whole
    assert not partial.exists()


def test_images_of_another_request_are_kept(
    models: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dataset, "STEP", 256)
    generator = open_generator(models["digits"])

    def stop(done: int, of: int) -> None:
        if done > 256:
            raise Stopped

    with pytest.raises(Stopped):
        write_dataset(generator, SampleRequest(600), tmp_path / "a.npz", "npz", stop)
    with pytest.raises(ExportError, match="part of another request"):
        write_dataset(generator, SampleRequest(601), tmp_path / "a.npz", "npz")
    assert write_dataset(generator, SampleRequest(600), tmp_path / "a.npz", "npz")


def test_an_attempt_without_images_is_started_anew(models: dict[str, Path], tmp_path: Path) -> None:
    generator = open_generator(models["digits"])

    def stop(done: int, of: int) -> None:
        raise Stopped

    with pytest.raises(Stopped):
        write_dataset(generator, SampleRequest(600), tmp_path / "a.npz", "npz", stop)
    assert write_dataset(generator, SampleRequest(7), tmp_path / "a.npz", "npz")
    assert len(arrays(tmp_path / "a.npz")[0]) == 7


def test_a_full_disk_is_explained_and_the_next_attempt_continues(
    models: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    generator = open_generator(models["digits"])

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(writers, "_write_array", full)
    with pytest.raises(CannotWrite, match="no space left on device; free some space"):
        write_dataset(generator, SampleRequest(600), tmp_path / "a.npz", "npz")
    assert not (tmp_path / "a.npz").exists()
    monkeypatch.undo()
    assert write_dataset(generator, SampleRequest(600), tmp_path / "a.npz", "npz")
    assert len(arrays(tmp_path / "a.npz")[0]) == 600


def test_a_request_that_cannot_be_met_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "MOST_ATTEMPTS", 2)
    generator = open_generator(BUNDLED_MODEL)
    with pytest.raises(ExportError, match="lower --min-confidence"):
        write_dataset(generator, SampleRequest(9, least_confidence=0.9999), tmp_path / "a.npz", "npz")
    assert not list(tmp_path.iterdir())


def test_folders_sort_like_their_labels(models: dict[str, Path], tmp_path: Path) -> None:
    write_dataset(open_generator(models["many"]), SampleRequest(30), tmp_path / "png", "png")
    data = ImageFolder(str(tmp_path / "png"))
    assert [label for _, label in data.samples] == list(range(30))
    assert [int(Path(path).stem) for path, _ in data.samples] == list(range(30))
