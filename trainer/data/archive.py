"""Unpack pictures once into the cache: those of a zip file, or of other files that hold pictures."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from rich.console import Console

from digitforge import places
from digitforge.errors import DataError, explain_read
from digitforge.progress import bar
from trainer.data import decode


def unpack(path: Path, console: Console | None) -> Path:
    """Return a folder in the cache with the pictures of the zip file; they are unpacked if they are not there yet.

    Other files, hidden ones, and names that lead out of the folder are passed over. Raises DataError if the file is
    damaged, encrypted, or holds no pictures, or if there is no room.
    """
    try:
        folder = place([path], path.stem)
        if folder.is_dir():
            return folder
        with zipfile.ZipFile(path) as archive:
            members = [member for member in archive.infolist() if _is_picture(member)]
            if not members:
                raise DataError(f"{path} holds no pictures: pack class folders of PNG or JPEG files, for example.")
            _extract(archive, members, folder, path, console)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        what = "is encrypted: unpack it yourself" if "password" in str(error) else "is damaged, or not a zip file"
        raise DataError(f"{path} {what}, and pass the folder with --dataset folder:PATH.") from error
    except OSError as error:
        raise DataError(f"{path} cannot be unpacked: {explain_read(error)}") from error
    return folder


def _is_picture(member: zipfile.ZipInfo) -> bool:
    name = PurePosixPath(member.filename)
    hidden = any(part.startswith(".") or part == "__MACOSX" for part in name.parts)
    return not (member.is_dir() or hidden or name.is_absolute()) and name.suffix.lower() in decode.suffixes()


def place(paths: Sequence[Path], name: str) -> Path:
    """Return where the content of these files is kept unpacked: a folder `name` in the cache. It may not exist yet."""
    about = [fact for path in paths for fact in (str(path.resolve()), path.stat().st_size, path.stat().st_mtime_ns)]
    return places.cache_folder() / "unpacked" / hashlib.sha256(json.dumps(about).encode()).hexdigest()[:24] / name


@contextmanager
def filling(folder: Path) -> Iterator[Path]:
    """Yield a temporary folder that becomes `folder` at the end of the block; nothing is left of it after an error."""
    places.require_cache(folder.parent)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".unpacking.") as temporary:
        made = Path(temporary) / "made"
        made.mkdir()
        yield made
        if not folder.exists():  # otherwise another process was faster
            made.rename(folder)


def _extract(
    archive: zipfile.ZipFile, members: list[zipfile.ZipInfo], folder: Path, path: Path, console: Console | None
) -> None:
    with filling(folder) as made, bar(console, f"Unpacking {path.name}", len(members)) as progress:
        needed, free = sum(member.file_size for member in members), shutil.disk_usage(made).free
        if needed > free:
            raise DataError(f"The pictures in {path} need {needed >> 20:,} MiB, but {free >> 20:,} MiB are free.")
        for member in members:
            archive.extract(member, made)
            progress.advance()
