"""Decoded pictures in the user's cache folder, as a training wrote them.

A store is a folder with `images` (uint8 [count, channels, height, width]), `labels` (little-endian int64 [count]) and
`manifest.json`, which has their shape and hash.
"""

from __future__ import annotations

import hashlib
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from digitforge import places

FOLDER = "stores"


def folder() -> Path:
    """Return the folder that holds all stores. Raises DataError if the user has no home folder."""
    return places.cache_folder() / FOLDER


def read_whole(store: Path) -> dict[str, Any] | None:
    """Return the manifest of a store; None if the store is damaged or absent."""
    try:
        manifest = _manifest(store)
        whole = (
            (store / "images").stat().st_size == math.prod(manifest["shape"])
            and (store / "labels").stat().st_size == 8 * manifest["shape"][0]
            and hash_of(store) == manifest["sha256"]
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return manifest if whole else None


def hash_of(store: Path) -> str:
    """Return the hash of the bytes of images and labels."""
    digest = hashlib.sha256()
    for name in ("images", "labels"):
        with (store / name).open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


def read(store: Path, manifest: dict[str, Any]) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """Return images, a read-only memory map [count, channels, height, width], and labels [count]; -1: no label."""
    images = np.memmap(store / "images", np.uint8, "r", shape=tuple(manifest["shape"]))
    return images, np.frombuffer((store / "labels").read_bytes(), "<i8").astype(np.int64)


def find(sha256: str) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]] | None:
    """Return images and labels of the store with this hash, as `read` does; None if there is none that is whole."""
    for path in sorted(folder().glob("*/manifest.json")):
        try:
            if _manifest(path.parent)["sha256"] != sha256:
                continue
        except (OSError, ValueError, KeyError, TypeError):
            continue
        if (manifest := read_whole(path.parent)) is not None:
            return read(path.parent, manifest)
    return None


def _manifest(store: Path) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads((store / "manifest.json").read_text(encoding="utf-8"))
    return manifest
