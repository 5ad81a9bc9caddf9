"""Data sets of the Hugging Face Hub: `--dataset hf:OWNER/NAME`, or a folder that `datasets` saved."""

from __future__ import annotations

from pathlib import Path

from digitforge.errors import DataError

CONVERTED = "refs/convert/parquet"
"""The branch on which the Hub keeps data sets that are not Parquet files, converted to them."""


def fetch(path: Path) -> Path:
    """Return the folder with the Parquet files of a data set, which are downloaded unless they are in the Hub's cache.

    path: OWNER/NAME, or OWNER/NAME/CONFIGURATION where there are several; a folder that exists is returned as it is.
    Raises DataError if they cannot be downloaded.
    """
    if path.exists():
        return path
    name = path.as_posix()
    owner, _, rest = name.partition("/")
    repository, _, configuration = rest.partition("/")
    if not repository:
        raise DataError(f"{name} is neither a folder nor the name of a data set, as in hf:ylecun/mnist.")
    pattern = f"{configuration}/**.parquet" if configuration else "**.parquet"
    try:
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError, RepositoryNotFoundError
    except ImportError as error:
        raise DataError('hf: needs huggingface_hub: pip install "digitforge[data]".') from error
    try:
        for revision in (None, CONVERTED):
            folder = Path(
                snapshot_download(
                    f"{owner}/{repository}", repo_type="dataset", revision=revision, allow_patterns=[pattern]
                )
            )
            if any(folder.rglob("*.parquet")):
                return folder / configuration
    except RepositoryNotFoundError as error:
        raise DataError(f"The Hugging Face Hub has no data set {name}, or it needs a login.") from error
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError, ValueError) as error:
        reason = str(error).strip().partition("\n")[0].rstrip(".")
        raise DataError(f"{name} could not be downloaded from the Hugging Face Hub ({reason}).") from error
    raise DataError(f"The data set {name} has no Parquet files on the Hugging Face Hub.")
