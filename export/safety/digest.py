"""Check that a file still has the graph and the weights that it was exported with."""

from __future__ import annotations

from pathlib import Path

from digitforge.errors import ModelRefused
from export.contract import ContractError, GeneratorInfo, digest_of


def file_digest(path: Path) -> str:
    """Return the digest of a file, as `export.contract.digest_of` defines it.

    Raises ModelRefused if it is not an ONNX file, and OSError if it cannot be read.
    """
    with path.open("rb") as file:
        try:
            return digest_of(file)
        except ContractError as error:
            raise ModelRefused(f"{path} is not an ONNX file, or it is damaged.") from error


def checked_digest(path: Path, info: GeneratorInfo) -> str:
    """Return the digest of the file at `path`, whose metadata are `info`.

    Raises ModelRefused if the metadata state another one, and OSError if the file cannot be read.
    """
    found = file_digest(path)
    if info.digest not in ("", found):
        raise ModelRefused(
            f"{path} was changed after its export, as its graph and weights do not have the digest in its metadata: "
            "use the unchanged file, or export it again."
        )
    return found
