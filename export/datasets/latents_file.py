"""Files with latents and class weights: what an inversion found, for sampling and for the window.

A file is a NumPy archive with `latents` float32 [n, latent] and, for a generator with classes, `weights` float32
[n, classes]. Further arrays are ignored; `python -m export.invert` adds `rms` and `labels`, and the classes that it
tried (`tried`) with their errors (`tried_rms`).
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from digitforge.arrays import NotArrays, read_arrays
from digitforge.errors import ExportError
from digitforge.files import write_bytes
from digitforge.hashing import sha256
from export.contract import GeneratorInfo
from export.datasets.sampling import GivenLatents
from export.inversion.batch import Found
from export.runtime.arrays import Float32


def read_latents(path: Path, info: GeneratorInfo) -> GivenLatents:
    """Read a file of latents for a generator. Raises ExportError if it is none, or for another kind of generator."""
    arrays = arrays_of(path)
    latents, weights = arrays.get("latents"), arrays.get("weights")
    if latents is None or not _numbers(latents, info.latent_size):
        raise ExportError(
            f"{path} holds no latents of this generator: it needs an array `latents` [n, {info.latent_size}] of finite "
            "numbers."
        )
    if not info.conditional:
        weights = None
    elif weights is None or not _numbers(weights, len(info.classes)) or len(weights) != len(latents):
        raise ExportError(
            f"{path} holds no class weights of this generator: it needs an array `weights` "
            f"[{len(latents)}, {len(info.classes)}] of finite numbers."
        )
    return GivenLatents(
        path.name, sha256(path), latents.astype(np.float32), None if weights is None else weights.astype(np.float32)
    )


def write_latents(path: Path, found: Found) -> None:
    """Write what an inversion found; the same values give the same bytes. Raises CannotWrite."""
    write_bytes(path, packed(found))


def packed(found: Found) -> bytes:
    """Return the content of a file of latents."""
    return archive(
        found.latents, found.weights, rms=found.rms.astype(np.float32), labels=found.labels, tried=found.tried,
        tried_rms=found.tried_rms.astype(np.float32),
    )  # fmt: skip


def archive(latents: Float32, weights: Float32 | None, **further: npt.NDArray[Any]) -> bytes:
    """Return the content of a file of latents, with further arrays. weights: None without classes."""
    arrays: dict[str, Any] = {"latents": latents, **further}
    if weights is not None:
        arrays["weights"] = weights
    content = io.BytesIO()
    np.savez(content, **arrays)
    return content.getvalue()


def unpacked(path: Path) -> Found:
    """Read a file that `write_latents` wrote. Raises ExportError, or KeyError if an array is missing."""
    arrays = arrays_of(path)
    rms, tried_rms = arrays["rms"].astype(np.float64), arrays["tried_rms"].astype(np.float64)
    return Found(arrays["latents"], arrays.get("weights"), rms, arrays["tried"], tried_rms)


def arrays_of(path: Path) -> dict[str, npt.NDArray[Any]]:
    """Return the arrays of a NumPy file by name. Raises ExportError if it cannot be read."""
    try:
        return read_arrays(path)
    except NotArrays as error:
        raise ExportError(f"{path} {error}.") from error


def _numbers(array: Any, columns: int) -> bool:
    """Return whether an array holds at least one row of finite numbers."""
    if array.dtype.kind not in "fiu" or array.ndim != 2 or array.shape[1] != columns or not len(array):
        return False
    with np.errstate(over="ignore"):  # becomes infinite, which is refused
        return bool(np.isfinite(array.astype(np.float32)).all())
