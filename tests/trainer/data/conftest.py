from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from digitforge import places


@pytest.fixture
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty cache folder, without DIGITFORGE_DATA and without a network."""

    def refuse(*_: object, **__: object) -> None:
        raise OSError("no network")

    monkeypatch.delenv("DIGITFORGE_DATA", raising=False)
    monkeypatch.setattr(places, "cache_folder", lambda: tmp_path / "cache")
    monkeypatch.setattr("torchvision.datasets.utils.download_url", refuse)
    return tmp_path / "cache"


Serve = Callable[[Path], list[str]]


@pytest.fixture
def serve(cache: Path, monkeypatch: pytest.MonkeyPatch) -> Serve:
    """`serve(folder)`: a network that has the files of `folder`; returns the list of requested URLs."""

    def serve(folder: Path) -> list[str]:
        requested: list[str] = []

        def copy(url: str, root: str | Path, filename: str | None = None, md5: str | None = None) -> None:
            requested.append(url)
            name = url.rpartition("/")[2]
            assert md5 is not None
            shutil.copy(folder / name, Path(root) / (filename or name))

        monkeypatch.setattr("torchvision.datasets.utils.download_url", copy)
        return requested

    return serve


MakePictures = Callable[..., Path]


@pytest.fixture
def pictures(tmp_path: Path) -> MakePictures:
    """`pictures(count)`: a folder of grey pictures in the classes a and b, each with a different brightness."""

    def pictures(count: int) -> Path:
        root = tmp_path / "pictures"
        for number in range(count):
            path = root / "ab"[number % 2] / f"{number:04}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(np.full((4, 4), number % 256, np.uint8)).save(path)
        return root

    return pictures
