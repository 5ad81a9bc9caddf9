from __future__ import annotations

import errno
import gzip
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from digitforge import mnist
from digitforge.errors import DataError
from trainer.data import datasets

Serve = Callable[[Path], list[str]]
COUNT = 60


def idx(array: npt.NDArray[np.uint8] | npt.NDArray[np.int32]) -> bytes:
    """Return `array` as an IDX file."""
    kind = {1: 8, 4: 12}[array.dtype.itemsize]
    header = bytes([0, 0, kind, array.ndim]) + np.array(array.shape, ">u4").tobytes()
    return header + array.astype(array.dtype.newbyteorder(">")).tobytes()


def write(name: str, folder: Path) -> npt.NDArray[np.uint8]:
    """Write both splits of a member, COUNT images each; return the images as stored."""
    member = mnist.MEMBERS[name]
    folder.mkdir(parents=True, exist_ok=True)
    images = np.random.default_rng(0).integers(0, 256, (COUNT, 28, 28)).astype(np.uint8)
    classes = np.arange(COUNT) % len(member.classes) + member.first_label
    for images_name, labels_name in member.files.values():
        (folder / images_name).write_bytes(idx(images))
        if name == "qmnist":
            columns = np.arange(8 * COUNT, dtype=np.int32).reshape(COUNT, 8)
            columns[:, 0] = classes
            (folder / labels_name).write_bytes(idx(columns))
        else:
            (folder / labels_name).write_bytes(idx(classes.astype(np.uint8)))
    return images


@pytest.fixture(autouse=True)
def _small(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give members other than MNIST COUNT images."""
    for name, member in mnist.MEMBERS.items():
        if name != "mnist":
            small = replace(member, counts={"train": (COUNT,), "test": (COUNT,)})
            monkeypatch.setitem(mnist.MEMBERS, name, small)


@pytest.mark.usefixtures("cache")
@pytest.mark.parametrize(
    ("name", "classes"),
    [
        ("fashion-mnist", ("T-shirt/top", "Ankle boot")),
        ("kmnist", ("o", "wo")),
        ("emnist-digits", ("0", "9")),
        ("emnist-letters", ("a", "z")),
        ("qmnist", ("0", "9")),
    ],
)
@pytest.mark.parametrize("split", ["train", "test"])
def test_each_set_is_read(name: str, classes: tuple[str, str], split: str, tmp_path: Path) -> None:
    written = write(name, tmp_path / mnist.MEMBERS[name].folder / "raw")
    source = datasets.load(name, tmp_path, split)
    assert source.dataset == name
    assert source.images.shape == (COUNT, 1, 28, 28)
    assert source.images.flags.c_contiguous
    assert (source.format.classes[0], source.format.classes[-1]) == classes
    assert source.labels.tolist() == [index % len(source.format.classes) for index in range(COUNT)]
    upright = written.transpose(0, 2, 1) if name.startswith("emnist") else written
    np.testing.assert_array_equal(source.images[:, 0], upright)


@pytest.mark.usefixtures("cache")
def test_packed_files_are_read(tmp_path: Path) -> None:
    folder = tmp_path / "KMNIST" / "raw"
    written = write("kmnist", folder)
    for path in list(folder.iterdir()):
        path.with_name(path.name + ".gz").write_bytes(gzip.compress(path.read_bytes(), 1))
        path.unlink()
    np.testing.assert_array_equal(datasets.load("kmnist", tmp_path).images[:, 0], written)
    packed = folder / "train-images-idx3-ubyte.gz"
    packed.write_bytes(packed.read_bytes()[:1000])
    with pytest.raises(DataError, match="is truncated or damaged"):
        datasets.load("kmnist", tmp_path)


@pytest.mark.usefixtures("cache")
@pytest.mark.parametrize("damage", ["truncated", "lengthened", "header", "shape", "count", "label", "missing"])
def test_damaged_files_are_named(tmp_path: Path, damage: str) -> None:
    write("kmnist", tmp_path / "KMNIST" / "raw")
    images, labels = (tmp_path / "KMNIST" / "raw" / name for name in mnist.MEMBERS["kmnist"].files["train"])
    content, sentence = images.read_bytes(), ""
    if damage == "truncated":
        images.write_bytes(content[:-1])
        sentence = "47,055 bytes, not 47,056"
    elif damage == "lengthened":
        images.write_bytes(content + b"\0")
        sentence = "47,057 bytes, not 47,056"
    elif damage == "header":
        images.write_bytes(content[:7])
        sentence = "is not a file of KMNIST"
    elif damage == "shape":
        images.write_bytes(idx(np.zeros((COUNT, 27, 27), np.uint8)))
        sentence = "is not a file of KMNIST"
    elif damage == "count":
        images.write_bytes(idx(np.zeros((COUNT - 1, 28, 28), np.uint8)))
        sentence = "59 images and 60 labels"
    elif damage == "label":
        labels.write_bytes(idx(np.full(COUNT, 10, np.uint8)))
        sentence = "labels that do not exist in KMNIST"
    else:
        images.unlink()
        sentence = "train-images-idx3-ubyte is missing"
    with pytest.raises(DataError, match=sentence):
        datasets.load("kmnist", tmp_path)


@pytest.mark.usefixtures("cache")
def test_files_named_like_mnist_are_told_apart_by_their_folder(tmp_path: Path) -> None:
    write("kmnist", tmp_path)
    with pytest.raises(DataError, match="KMNIST/raw"):
        datasets.load("kmnist", tmp_path)


@pytest.mark.usefixtures("cache")
@pytest.mark.parametrize("damage", ["truncate", "alter", "remove"])
def test_damaged_mnist_is_named_even_by_auto(mnist_dir: Path, tmp_path: Path, damage: str) -> None:
    folder = tmp_path / "MNIST" / "raw"
    shutil.copytree(mnist_dir, folder)
    victim = folder / "train-labels-idx1-ubyte"
    victim.chmod(0o644)
    content = victim.read_bytes()
    if damage == "truncate":
        victim.write_bytes(content[:1000])
    elif damage == "alter":
        victim.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    else:
        folder.chmod(0o755)
        victim.unlink()
    with pytest.raises(DataError, match="train-labels-idx1-ubyte"):
        datasets.load("auto", tmp_path)


def test_mnist_is_found_in_order(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second, third = tmp_path / "first", tmp_path / "second" / "MNIST" / "raw", cache / "MNIST" / "raw"
    for folder in (first, second, third):
        folder.mkdir(parents=True)
        (folder / "train-images-idx3-ubyte").touch()
    assert mnist.find("mnist", tmp_path / "nothing") == third
    monkeypatch.setenv("DIGITFORGE_DATA", str(tmp_path / "second"))
    assert mnist.find("mnist", first) == first
    assert mnist.find("mnist", tmp_path / "nothing") == second


def pack(folder: Path) -> None:
    for path in list(folder.iterdir()):
        path.with_name(path.name + ".gz").write_bytes(gzip.compress(path.read_bytes(), 1))


@pytest.mark.parametrize(("name", "asked"), [("fashion-mnist", 4), ("qmnist", 4)])
def test_a_set_is_downloaded_once(name: str, asked: int, serve: Serve, cache: Path, tmp_path: Path) -> None:
    written = write(name, tmp_path / "served")
    pack(tmp_path / "served")
    urls = serve(tmp_path / "served")
    for _ in range(2):
        np.testing.assert_array_equal(datasets.load(name, None).images[:, 0], written)
    assert len(urls) == asked
    (cache / mnist.MEMBERS[name].folder / "raw" / urls[0].rpartition("/")[2]).unlink()
    datasets.load(name, None)  # what is missing is fetched again
    assert len(urls) > asked


def test_emnist_is_unpacked_from_its_archive(serve: Serve, cache: Path, tmp_path: Path) -> None:
    write("emnist-digits", tmp_path / "served")
    write("emnist-letters", tmp_path / "served")
    pack(tmp_path / "served")
    with zipfile.ZipFile(tmp_path / "served" / "gzip.zip", "w") as archive:
        for path in (tmp_path / "served").glob("*.gz"):
            archive.write(path, f"gzip/{path.name}")
    urls = serve(tmp_path / "served")
    assert len(datasets.load("emnist-letters", None).images) == COUNT
    assert len(datasets.load("emnist-digits", None, "test").images) == COUNT
    assert len(urls) == 1
    assert not (cache / "EMNIST" / "raw" / "gzip.zip").exists()


def test_a_full_disk_is_not_taken_for_a_missing_network(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("torchvision.datasets.utils.download_url", fail)
    with pytest.raises(OSError, match="No space left"):
        datasets.load("kmnist", None)


@pytest.mark.usefixtures("cache")
@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("layout", ["dots", "folders"])
def test_files_under_kaggles_names_are_read(tmp_path: Path, layout: str, packed: bool) -> None:
    written = write("emnist-digits", tmp_path)
    for path in [each for each in tmp_path.iterdir() if each.is_file()]:
        content = gzip.compress(path.read_bytes(), 1) if packed else path.read_bytes()
        path.unlink()
        if layout == "folders":
            path.mkdir()
            (path / path.name).write_bytes(content)
        else:
            name = path.name.replace("-idx", ".idx") + (".gz" if packed else "")
            path.with_name(name).write_bytes(content)
    loaded = datasets.load("emnist-digits", tmp_path)
    np.testing.assert_array_equal(loaded.images[:, 0], written.transpose(0, 2, 1))


@pytest.mark.usefixtures("cache")
def test_a_file_named_gz_may_be_unpacked_already(tmp_path: Path) -> None:
    folder = tmp_path / "KMNIST" / "raw"
    written = write("kmnist", folder)
    for path in list(folder.iterdir()):
        path.rename(path.with_name(path.name + ".gz"))
    np.testing.assert_array_equal(datasets.load("kmnist", tmp_path).images[:, 0], written)


@pytest.mark.usefixtures("cache")
@pytest.mark.parametrize("place", ["KMNIST/raw", "KMNIST"])
@pytest.mark.parametrize("given", [".", "KMNIST"])
def test_the_folder_may_be_named_from_above_or_itself(tmp_path: Path, place: str, given: str) -> None:
    written = write("kmnist", tmp_path / place)
    np.testing.assert_array_equal(datasets.load("kmnist", tmp_path / given).images[:, 0], written)


def test_what_was_looked_for_is_named(cache: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=f"not found in {tmp_path}, {cache} .train-images-idx3-ubyte, packed or not"):
        datasets.load("kmnist", tmp_path)
    for name in ("auto", "mnist"):
        with pytest.raises(DataError, match="There is no folder"):
            datasets.load(name, tmp_path / "mistyped")


def test_a_cache_that_cannot_be_written_names_the_variable_that_moves_it(cache: Path, tmp_path: Path) -> None:
    cache.write_text("in the way")
    with pytest.raises(DataError, match=f"{cache} cannot be written .*DIGITFORGE_CACHE"):
        datasets.load("kmnist", tmp_path)
    assert datasets.load("auto", tmp_path).fell_back
    for number in range(2):
        Image.new("L", (4, 4), number).save(tmp_path / f"{number}.png")
    with pytest.raises(DataError, match="DIGITFORGE_CACHE"):
        datasets.load(f"folder:{tmp_path}", None)
