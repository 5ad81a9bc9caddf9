"""Work that may be interrupted: it is kept in a hidden folder beside the result until that is complete."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

from digitforge.errors import CannotWrite, ExportError, PictureError, UnmetRequest, explain
from digitforge.files import write_bytes
from export.datasets.card import Card, continues, exists
from export.datasets.lock import folder_lock

CARD = "card.json"
"""The request that the work in a folder is for."""


def finish(out: Path, form: str, card: Card, begun: Callable[[Path], bool], make: Callable[[Path], None]) -> bool:
    """Make `out` unless it is there, and return whether it is new. One command at a time does so.

    begun: whether the folder holds work worth keeping. make: makes `out`, with the work in the folder.
    Raises ExportError if `out`, or the work in the folder, is something else, and CannotWrite if the disk is full. The
    work is then kept for the next attempt.
    """
    folder = out.with_name(f".{out.name}.partial")
    try:
        new = not exists(out, form, card)
        if new:
            with folder_lock(folder):
                new = not exists(out, form, card)  # another command may have finished it just now
                if new:
                    _begin(folder, card, begun)
                    make(folder)
    except OSError as error:
        raise CannotWrite(f"{out} could not be written: {explain(error)}") from error
    except (UnmetRequest, PictureError):
        if not begun(folder):
            shutil.rmtree(folder, ignore_errors=True)
        raise
    shutil.rmtree(folder, ignore_errors=True)  # also removes what a kill left beside a finished `out`
    return new


def _begin(folder: Path, card: Card, begun: Callable[[Path], bool]) -> None:
    """Prepare the folder: keep the work of an earlier attempt at the same request, or start anew."""
    if continues(folder / CARD, card):
        return
    if begun(folder):
        raise ExportError(
            f"{folder} holds part of another request, or of this one made by other versions: finish that one, or "
            "delete the folder."
        )
    shutil.rmtree(folder / "pictures", ignore_errors=True)  # of a data set of PNG files that had no note yet
    write_bytes(folder / CARD, json.dumps(card).encode())
