from __future__ import annotations

import errno
import io
import json
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from digitforge import files, locks, places
from digitforge.errors import DataError
from trainer.data import datasets, decode, decoded
from trainer.data.datasets import Source

MakePictures = Callable[..., Path]
pytestmark = pytest.mark.usefixtures("cache")


def load(root: Path) -> tuple[Source, str]:
    """Return the folder's images, and the console's output."""
    said = io.StringIO()
    source = datasets.load(f"folder:{root}", None, image_size=4, console=Console(file=said, width=300))
    return source, said.getvalue()


def stores() -> list[Path]:
    return sorted((places.cache_folder() / "stores").iterdir())


def test_a_store_is_made_once(pictures: MakePictures, monkeypatch: pytest.MonkeyPatch) -> None:
    root = pictures(10)
    first, said = load(root)
    assert said == ""
    monkeypatch.setattr(decode, "read_picture", None)
    again, _ = load(root)
    assert isinstance(again.images, np.memmap)
    assert not again.images.flags.writeable
    np.testing.assert_array_equal(again.images, first.images)
    assert again.labels.tolist() == first.labels.tolist()
    manifest = json.loads((stores()[0] / "manifest.json").read_text())
    assert manifest["shape"] == [10, 1, 4, 4]
    assert manifest["sha256"] == first.sha256


def test_its_hash_is_what_reading_would_find(pictures: MakePictures) -> None:
    source, _ = load(pictures(10))
    unknown = Source(source.dataset, source.images, source.labels, source.format)
    assert unknown.sha256 == source.sha256


def test_progress_is_shown_on_a_terminal(pictures: MakePictures) -> None:
    shown = io.StringIO()
    console = Console(file=shown, width=100, force_terminal=True)
    datasets.load(f"folder:{pictures(100)}", None, image_size=4, console=console)
    assert "Pictures" in shown.getvalue()
    assert "100/100" in shown.getvalue()
    assert "/s" in shown.getvalue()


def test_a_changed_picture_makes_another(pictures: MakePictures) -> None:
    root = pictures(10)
    first, _ = load(root)
    Image.new("L", (4, 4), 99).save(root / "a" / "0000.png")
    os.utime(root / "a" / "0000.png", ns=(1, 1))
    second, _ = load(root)
    assert second.images[0, 0, 0, 0] == 99
    assert second.sha256 != first.sha256
    assert len(stores()) == 2


@pytest.mark.parametrize("damage", ["bit", "short", "labels", "manifest", "missing"])
def test_a_damaged_store_is_made_again(pictures: MakePictures, damage: str) -> None:
    root = pictures(10)
    first, _ = load(root)
    sha256, expected = first.sha256, first.images.copy()
    del first
    folder = stores()[0]
    if damage == "bit":
        content = bytearray((folder / "images").read_bytes())
        content[50] ^= 1
        (folder / "images").write_bytes(content)
    elif damage == "short":
        (folder / "images").write_bytes((folder / "images").read_bytes()[:-1])
    elif damage == "labels":
        (folder / "labels").write_bytes(bytes(80))
    elif damage == "manifest":
        (folder / "manifest.json").write_text('{"shape": [10')
    else:
        (folder / "images").unlink()
    again, said = load(root)
    assert "are damaged and will be decoded again" in said
    assert again.sha256 == sha256
    np.testing.assert_array_equal(again.images, expected)
    assert stores() == [folder]
    assert load(root)[1] == ""


def test_few_unreadable_pictures_are_listed_and_left_out(pictures: MakePictures) -> None:
    root = pictures(200)
    (root / "b" / "0101.png").write_bytes((root / "b" / "0101.png").read_bytes()[:40])
    for _ in ("made", "opened"):
        source, said = load(root)
        assert f"1 of 200 pictures in {root} cannot be read: b/0101.png. They are left out." in said
        assert len(source.images) == len(source.labels) == 199
        assert 101 not in source.images[100:, 0, 0, 0]
        assert source.labels.tolist() == [0] * 100 + [1] * 99


def test_many_unreadable_pictures_are_refused(pictures: MakePictures) -> None:
    root = pictures(200)
    for number in range(0, 20, 2):
        (root / "a" / f"{number:04}.png").write_bytes(b"not a picture")
    with pytest.raises(DataError, match=r"10 of 64.*a/0000\.png.*a/0008\.png and 5 more.*at most 1 %"):
        load(root)
    assert stores() == []


def test_no_readable_picture_at_all_is_refused(tmp_path: Path) -> None:
    (tmp_path / "flat").mkdir()
    (tmp_path / "flat" / "only.jpg").write_bytes(b"")
    with pytest.raises(DataError, match=r"1 of 1 pictures.*only\.jpg"):
        load(tmp_path / "flat")


@pytest.mark.parametrize("limit", [15, 7], ids=["warning", "error"])
def test_decompression_bombs_are_unreadable(
    pictures: MakePictures, monkeypatch: pytest.MonkeyPatch, limit: int
) -> None:
    root = pictures(3)
    Image.new("L", (2, 2)).save(root / "a" / "0000.png")
    Image.new("L", (2, 2), 9).save(root / "a" / "0002.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
    source, said = load(root)
    assert f"(larger than {limit} pixels: make it smaller). They are left out." in said
    assert "b/0001.png" in said
    assert len(source.images) == 2


def test_a_full_disk_leaves_nothing_behind(pictures: MakePictures, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    root = pictures(10)
    with monkeypatch.context() as patched:
        patched.setattr(files, "flush", full)
        with pytest.raises(OSError, match="No space left"):
            load(root)
    assert stores() == []
    assert len(load(root)[0].images) == 10


def without_locks(*_: object) -> None:
    raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))


@pytest.mark.skipif(sys.platform == "win32", reason="needs flock")
def test_two_builders_do_not_harm_each_other(pictures: MakePictures, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fcntl.flock", without_locks)  # where there are locks, the second one waits
    root = pictures(10)
    write = decoded._write_images
    faster: list[Source] = []

    def write_slowly(*arguments: object) -> object:
        monkeypatch.setattr(decoded, "_write_images", write)
        faster.append(load(root)[0])
        return write(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(decoded, "_write_images", write_slowly)
    slower, _ = load(root)
    assert slower.sha256 == faster[0].sha256
    np.testing.assert_array_equal(slower.images, faster[0].images)
    assert len(stores()) == 1


def test_the_second_process_waits_for_the_first_and_decodes_nothing(
    pictures: MakePictures, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    root, write = pictures(10), decoded._write_images
    begun, go_on, written, found = threading.Event(), threading.Event(), list[object](), list[Source]()

    def write_slowly(*arguments: object) -> object:
        begun.set()
        assert go_on.wait(10)
        written.append(arguments)
        return write(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(decoded, "_write_images", write_slowly)
    monkeypatch.setattr(locks, "POLL_S", 0.01)
    processes = [threading.Thread(target=lambda: found.append(load(root)[0])) for _ in range(2)]
    processes[0].start()
    assert begun.wait(10)
    processes[1].start()
    while "which decodes the pictures of" not in capfd.readouterr().err:
        assert processes[1].is_alive()
    go_on.set()
    for process in processes:
        process.join(10)
    assert len(written) == 1
    assert found[0].sha256 == found[1].sha256
    assert len(stores()) == 1


def test_a_machine_reads_its_own_copy_of_a_store(
    pictures: MakePictures, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = pictures(10)
    shared, _ = load(root)
    monkeypatch.setenv(places.SCRATCH_VARIABLE, str(tmp_path / "scratch"))
    for damage in (False, True, False):
        local, _ = load(root)
        assert isinstance(local.images, np.memmap)
        assert Path(str(local.images.filename)).is_relative_to(tmp_path / "scratch")
        assert local.sha256 == shared.sha256
        np.testing.assert_array_equal(local.images, shared.images)
        (copy,) = (tmp_path / "scratch" / "stores").iterdir()
        if damage:
            (copy / "images").write_bytes(b"damaged")
    (tmp_path / "file").touch()
    monkeypatch.setenv(places.SCRATCH_VARIABLE, str(tmp_path / "file"))
    with pytest.raises(DataError, match=r"scratch folder .* cannot be written .*: choose another --scratch"):
        load(root)
