"""Decoded pictures in a memory-mapped file, written once to the user's cache folder and checked at every opening.

A store, see `digitforge.stores`, is named by a hash of its inputs. It may be deleted when no run uses it. Of all
processes that share the cache folder, the first one makes a store and the others wait. With `--scratch`, each machine
reads its own copy.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
import warnings
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image
from rich.console import Console

from digitforge import files, places, stores
from digitforge.errors import DataError
from digitforge.locks import wait_for_lock
from digitforge.progress import bar
from trainer.data import decode
from trainer.data.survey import survey

FORMAT = 2
"""Part of each store's name, so that stores of an older version are not used. Version 1 sorted classes 1, 10, 2."""
CHUNK = 64
"""Number of pictures decoded, and held in memory, at a time."""
DARK = 2
"""Pictures of which no pixel is this bright are black to the eye: masks of zeros and ones."""
NAMED = 5
"""Number of unreadable pictures that a message lists."""


@dataclass(frozen=True)
class Store:
    """An opened store."""

    images: npt.NDArray[np.uint8]
    """Read-only memory map [count, channels, size, size]; one channel if all pictures are grey."""
    labels: npt.NDArray[np.int64]
    """[count]."""
    classes: tuple[str, ...]
    sha256: str
    """Hash of the bytes of images and labels."""


def open_store(
    root: Path,
    names: Sequence[str],
    labels: npt.NDArray[np.int64],
    classes: tuple[str, ...],
    wanted: decode.Conversion,
    console: Console | None,
    surveyed: Sequence[str] = (),
    channels: int | None = None,
) -> Store:
    """Open the store of the pictures `names` below `root`, converted as `wanted`; write it first if necessary.

    labels: [len(names)]. surveyed: the pictures that decide how all are converted; by default `names` themselves.
    channels: 1 or 3; by default 1 if all pictures are grey.
    Up to 1 % of the pictures, and always one, may be unreadable: they are left out, and named on the console. Raises
    DataError if there are more, or if the store cannot be created; OSError if the disk is full. Nothing is left behind.
    """
    surveyed = surveyed or names
    folder = stores.folder() / _key(root, names, classes, wanted, surveyed, channels)
    manifest = stores.read_whole(folder)
    if manifest is None:
        places.require_cache(folder.parent)
        with wait_for_lock(folder.with_name(f".{folder.name}.lock"), f"decodes the pictures of {root}"):
            manifest = stores.read_whole(folder)  # another process may have made it meanwhile
            if manifest is None:
                if folder.exists():
                    say(console, f"The stored pictures of {root} are damaged and will be decoded again.")
                manifest = _make(folder, root, names, labels, wanted, console, surveyed, channels)
    if (scratch := places.scratch_folder()) is not None:
        folder = _copy(folder, scratch / stores.FOLDER / folder.name)
    for sentence in manifest["said"]:
        say(console, sentence)
    if manifest["skipped"]:
        say(console, _unreadable(root, manifest["skipped"], len(names)) + " They are left out.")
    return Store(*stores.read(folder, manifest), classes, manifest["sha256"])


def _key(
    root: Path,
    names: Sequence[str],
    classes: tuple[str, ...],
    wanted: decode.Conversion,
    surveyed: Sequence[str],
    channels: int | None,
) -> str:
    """Return a name that changes when any picture changes."""
    what = [FORMAT, str(root.resolve()), wanted.size, classes, channels]
    if wanted != decode.Conversion(wanted.size):
        what += [wanted.crop, wanted.invert]
    digest = hashlib.sha256(json.dumps(what).encode())
    digest.update(json.dumps(names).encode())
    for name in dict.fromkeys([*names, *surveyed]):
        try:
            about = (root / name).stat()
            digest.update(json.dumps([name, about.st_size, about.st_mtime_ns]).encode())
        except OSError:  # such as a broken link, which will be unreadable
            digest.update(json.dumps([name]).encode())
    return digest.hexdigest()[:24]


def _make(
    folder: Path,
    root: Path,
    names: Sequence[str],
    labels: npt.NDArray[np.int64],
    wanted: decode.Conversion,
    console: Console | None,
    surveyed: Sequence[str],
    channels: int | None,
) -> dict[str, Any]:
    """Write the store to a temporary folder, rename it, and return its manifest."""
    look, said = survey(root, surveyed, wanted)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as temporary:
        made = Path(temporary) / "made"
        made.mkdir()
        channels, skipped, brightest = _write_images(made / "images", root, names, wanted.size, console, look, channels)
        if brightest < DARK:
            said.append(f"The pictures in {root} are nearly black: their brightest pixel is {brightest} of 255.")
        kept = np.isin(np.arange(len(names)), skipped, invert=True)
        (made / "labels").write_bytes(labels[kept].astype("<i8").tobytes())
        manifest = {
            "format": FORMAT,
            "pictures": str(root.resolve()),
            "shape": [int(kept.sum()), channels, wanted.size, wanted.size],
            "said": said,
            "skipped": [names[index] for index in skipped],
            "sha256": stores.hash_of(made),
        }
        for name in ("images", "labels"):
            files.flush(made / name)
        files.write_json(made / "manifest.json", manifest)
        if stores.read_whole(folder) is None:  # otherwise another process was faster
            if folder.exists():
                files.rename(folder, Path(temporary) / "damaged")
            files.rename(made, folder)
    return manifest


def _copy(folder: Path, local: Path) -> Path:
    """Return the copy `local` of a store, which one process of this machine makes if there is none."""
    if stores.read_whole(local) is None:
        places.require_scratch(local.parent)
        with wait_for_lock(local.with_name(f".{local.name}.lock"), f"copies the pictures to {local.parent}"):
            if stores.read_whole(local) is None:
                with tempfile.TemporaryDirectory(dir=local.parent, prefix=f".{local.name}.") as temporary:
                    copied = Path(shutil.copytree(folder, Path(temporary) / "copied"))
                    if local.exists():
                        files.rename(local, Path(temporary) / "damaged")
                    files.rename(copied, local)
                if stores.read_whole(local) is None:
                    raise DataError(f"The copy of {folder} in {local.parent} is damaged: choose another --scratch.")
    return local


def _write_images(
    path: Path,
    root: Path,
    names: Sequence[str],
    size: int,
    console: Console | None,
    look: decode.Look,
    wanted: int | None,
) -> tuple[int, list[int], int]:
    """Decode all pictures into `path`.

    wanted: the number of channels; None: 1 if all pictures are grey, else 3.
    Returns the number of channels, the indices of unreadable pictures and the highest value of all pixels.
    """
    allowed = max(1, len(names) // 100)
    channels, skipped, brightest = wanted or 1, list[int](), 0

    def read(index: int) -> npt.NDArray[np.uint8] | None:
        try:
            return decode.read_picture(root / names[index], size, look)
        except Exception:  # Pillow's readers raise anything for a damaged file
            return None

    path.touch()
    with warnings.catch_warnings(), ThreadPoolExecutor() as pool, bar(console, "Pictures", len(names)) as progress:
        warnings.simplefilter("ignore")  # oddities of files that Pillow can read
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        for start in range(0, len(names), CHUNK):
            indices = range(start, min(start + CHUNK, len(names)))
            decoded = list(pool.map(read, indices))
            skipped += [index for index, pixels in zip(indices, decoded, strict=True) if pixels is None]
            if len(skipped) > allowed or len(skipped) == len(names):
                message = _unreadable(root, [names[index] for index in skipped], start + len(indices))
                raise DataError(f"{message} Repair or remove them: at most 1 % may be unreadable.")
            pictures = [pixels for pixels in decoded if pixels is not None]
            if wanted == 1:
                pictures = [decode.grey(pixels) for pixels in pictures]
            elif channels == 1 and any(len(pixels) == 3 for pixels in pictures):
                channels = 3
                _make_colour(path, size)
            with path.open("ab") as file:  # not through a memory map, where a full disk is no exception but a signal
                for pixels in pictures:
                    file.write(np.broadcast_to(pixels, (channels, size, size)).tobytes())
                    brightest = max(brightest, int(pixels.max()))
            progress.advance(len(indices))
    return channels, skipped, brightest


def _make_colour(path: Path, size: int) -> None:
    """Rewrite grey images as RGB, because a later picture has colour."""
    colour = path.with_name("colour")
    with path.open("rb") as source, colour.open("wb") as target:
        while plane := source.read(size * size):
            target.write(3 * plane)
    colour.replace(path)


def _unreadable(root: Path, skipped: Sequence[str], count: int) -> str:
    more = f" and {len(skipped) - NAMED:,} more" if len(skipped) > NAMED else ""
    named = ", ".join(name.encode("utf-8", "backslashreplace").decode() for name in skipped[:NAMED])
    listed = f"{named}{more}{_reason(root / skipped[0])}"
    return f"{len(skipped):,} of {count:,} pictures in {root} cannot be read: {listed}."


def _reason(path: Path) -> str:
    """Return why a picture cannot be read, in brackets, where that is not damage."""
    if files.is_lfs_pointer(path):
        return " (a pointer of Git LFS: run git lfs pull)"
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            Image.open(path).close()
        except (Image.DecompressionBombWarning, Image.DecompressionBombError):
            return f" (larger than {Image.MAX_IMAGE_PIXELS or 0:,} pixels: make it smaller)"
        except Exception:  # damaged
            return ""
    return ""


def say(console: Console | None, message: str) -> None:
    """Print a sentence that the user should notice, if there is a console."""
    if console is not None:
        console.print(message, style="yellow", markup=False, highlight=False)
