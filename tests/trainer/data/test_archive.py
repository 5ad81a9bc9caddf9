from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from digitforge.errors import DataError
from trainer.data import datasets

MakePictures = Callable[..., Path]
pytestmark = pytest.mark.usefixtures("cache")


def packed(root: Path, path: Path, inside: str = "") -> str:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for picture in sorted(root.rglob("*.png")):
            file.write(picture, f"{inside}{picture.relative_to(root)}")
        file.writestr("__MACOSX/a/._0000.png", b"Mac OS X")
        file.writestr("../outside.png", b"")
        file.writestr("notes.txt", b"")
    return f"zip:{path}"


@pytest.mark.parametrize("inside", ["", "data/letters/"])
def test_a_zip_file_of_a_folder(pictures: MakePictures, tmp_path: Path, cache: Path, inside: str) -> None:
    root = pictures(10)
    dataset = packed(root, tmp_path / "letters.zip", inside)
    source = datasets.load(dataset, None)
    assert np.array_equal(source.images, datasets.load(f"folder:{root}", None).images)
    assert source.format.classes == ("a", "b")
    assert datasets.short_name(dataset) == "letters"
    assert not list(tmp_path.rglob("outside.png"))
    assert datasets.load(dataset, None).sha256 == source.sha256, "unpacked once"
    assert len(list((cache / "unpacked").iterdir())) == 1


def test_files_that_cannot_be_unpacked(pictures: MakePictures, tmp_path: Path, cache: Path) -> None:
    whole = Path(packed(pictures(10), tmp_path / "a.zip").removeprefix("zip:"))
    (tmp_path / "half.zip").write_bytes(whole.read_bytes()[:500])
    with zipfile.ZipFile(tmp_path / "empty.zip", "w") as file:
        file.writestr("notes.txt", b"")
    content = bytearray(whole.read_bytes())
    content[60:80] = b"\xff" * 20
    (tmp_path / "damaged.zip").write_bytes(content)
    for name, said in {
        "half.zip": "is damaged, or not a zip file",
        "damaged.zip": "is damaged, or not a zip file",
        "empty.zip": "holds no pictures",
        "none.zip": "cannot be unpacked: no such file or directory",
    }.items():
        with pytest.raises(DataError, match=said):
            datasets.load(f"zip:{tmp_path / name}", None)
    assert not list(cache.rglob("*.png")), "nothing half-unpacked stays"


def test_a_disk_without_room_is_named(pictures: MakePictures, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = packed(pictures(10), tmp_path / "a.zip")
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 10}))
    with pytest.raises(DataError, match="need 0 MiB, but 0 MiB are free"):
        datasets.load(dataset, None)
