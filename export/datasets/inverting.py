"""Invert a data set so that it can be interrupted: blocks of latents are collected, then joined in one file."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime

from digitforge.errors import ExportError
from digitforge.files import write_bytes, write_json
from digitforge.hashing import sha256
from export.datasets.card import Card, card_path
from export.datasets.latents_file import packed, unpacked, write_latents
from export.datasets.targets import Targets
from export.datasets.unfinished import finish
from export.inversion.batch import BLOCK, Found, invert, joined
from export.inversion.checks import check_searchable
from export.inversion.live import usable_classifier
from export.inversion.starts import Pool
from export.runtime.arrays import Int64
from export.runtime.generator import Generator

FORM = "npz"
Report = Callable[[int, int], None]
"""Called with the numbers of pictures done and in all. It may raise to stop the work, which can continue later."""


@dataclass(frozen=True)
class InvertRequest:
    """What to invert. Pictures are searched for in blocks at fixed positions, so shards have whole blocks."""

    targets: Targets
    label: int = -1
    """The class of all pictures; -1: the archive's labels."""
    find_classes: bool = False
    """Whether to ignore the archive's labels."""
    shard: tuple[int, int] = (1, 1)
    """(i, n): the i-th of n parts, counted from 1. All parts in order are the whole."""

    def blocks(self) -> range:
        """Return the numbers of this shard's blocks."""
        part, parts = self.shard
        count = -(-self.targets.count // BLOCK)
        return range(count * (part - 1) // parts, count * part // parts)

    def labels(self, start: int, stop: int) -> Int64 | None:
        """Return the classes of the pictures `start` to `stop - 1`, int64; None if they have to be found out."""
        if self.label >= 0:
            return np.full(stop - start, self.label, np.int64)
        return None if self.find_classes or self.targets.labels is None else self.targets.labels[start:stop]


def write_inversion(
    generator: Generator, request: InvertRequest, out: Path, report: Report = lambda *_: None
) -> tuple[Found, bool]:
    """Write the latents of the pictures and a card to `out`; return them, and whether they are new.

    The same request gives the same bytes. Raises ExportError if the latents are too long or `out` is something else,
    PictureError if a picture does not fit, and CannotWrite if the disk is full.
    """
    check_searchable(generator.info)
    if out.suffix != ".npz":
        raise ExportError(f"--out is {out}, but latents are written to a .npz file.")
    if not request.blocks():
        raise ExportError(f"This shard is empty: {request.targets.count} pictures make too few blocks of {BLOCK}.")
    card = _card(generator, request)

    def make(folder: Path) -> None:
        found = _collect(folder, generator, request, report)
        card["pictures"] = len(found.latents)
        write_json(card_path(out, FORM), card)
        write_latents(out, found)

    new = finish(out, FORM, card, lambda folder: any(folder.glob("*.npz")), make)
    return unpacked(out), new


def _card(generator: Generator, request: InvertRequest) -> Card:
    part, parts = request.shard
    card = {
        "about": "Latents of given pictures. The shards of a request, joined in order, are the whole request.",
        "format": "latents",
        "request": {
            "pictures_sha256": request.targets.sha256,
            "count": request.targets.count,
            "class": generator.info.classes[request.label] if request.label >= 0 else None,
            "find_classes": request.find_classes,
            "shard": [part, parts],
        },
        "model": {"file": generator.path.name, "sha256": sha256(generator.path)},
        "classifier_weights_sha256": None,
        "provider": generator.provider,
        "versions": {"onnxruntime": onnxruntime.__version__, "numpy": np.__version__},
    }
    as_read: Card = json.loads(json.dumps(card))
    return as_read


def _collect(folder: Path, generator: Generator, request: InvertRequest, report: Report) -> Found:
    """Search for every block that is not in the folder yet, and return all of them."""
    blocks, count = request.blocks(), request.targets.count
    first, total = blocks.start * BLOCK, min(blocks.stop * BLOCK, count) - blocks.start * BLOCK
    parts: list[Found] = []
    pool = classifier = None
    for block in blocks:
        start, stop = block * BLOCK, min((block + 1) * BLOCK, count)
        path = folder / f"{block:08d}.npz"
        done: Found | None = None
        with suppress(ExportError, KeyError):
            done = unpacked(path)
        if done is None or len(done.latents) != stop - start:
            if pool is None:
                pool = Pool.draw(generator.info, generator.generate)
                classifier = usable_classifier(pool)
            done = invert(
                pool, generator.generate, request.targets.read(start, stop), None, request.labels(start, stop),
                classifier, report=lambda now, start=start: report(start - first + now, total),  # type: ignore[misc]
            )  # fmt: skip
            write_bytes(path, packed(done))
        report(stop - first, total)
        parts.append(done)
    return joined(parts)
