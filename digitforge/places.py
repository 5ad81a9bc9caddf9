"""Where to look for data sets, and the user's cache folder, where downloads are kept."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryFile

from digitforge.errors import DataError

CACHE_VARIABLE = "DIGITFORGE_CACHE"
SCRATCH_VARIABLE = "DIGITFORGE_SCRATCH"


def cache_folder() -> Path:
    """Return the folder for downloads, stores of pictures and cached features: $DIGITFORGE_CACHE, or the user's.

    Raises DataError if the user has no home folder.
    """
    try:
        return Path(os.environ.get(CACHE_VARIABLE) or _system_cache_folder()).expanduser()
    except RuntimeError as error:  # a user without an entry in the system's list, as in many containers
        raise DataError(
            f"There is no home folder to keep a cache in: set the environment variable {CACHE_VARIABLE} to a folder."
        ) from error


def scratch_folder() -> Path | None:
    """Return the folder of this machine for copies of stores: $DIGITFORGE_SCRATCH; None if there is none."""
    return Path(folder).expanduser() if (folder := os.environ.get(SCRATCH_VARIABLE)) else None


def require_cache(folder: Path) -> None:
    """Create a folder of the cache. Raises DataError, which names the variable that moves it, if that fails."""
    _require(
        folder, f"The cache folder {folder}", f"set the environment variable {CACHE_VARIABLE} to a folder that can"
    )


def require_scratch(folder: Path) -> None:
    """Create a folder of the scratch. Raises DataError if that fails."""
    _require(folder, f"The scratch folder {folder}", "choose another --scratch")


def _require(folder: Path, name: str, remedy: str) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            pass
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise DataError(f"{name} cannot be written ({reason}): {remedy}.") from error


def roots(data_dir: Path | None) -> Iterator[Path]:
    """Yield the folders that may hold data sets, in the order in which they are searched."""
    environment = os.environ.get("DIGITFORGE_DATA")
    for root in (data_dir, Path(environment) if environment else None, cache_folder()):
        if root is not None:
            yield root


def _system_cache_folder() -> Path:
    """Return digitforge's cache folder below the one that each system has for its users."""
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or "~/AppData/Local", "digitforge", "digitforge", "Cache")
    if sys.platform == "darwin":
        return Path("~/Library/Caches/digitforge")
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache", "digitforge")
