"""Labelled data sets on the disk: `.npz`, MNIST's IDX files, or PNG files in folders of their classes.

Images are first collected in a folder beside the result, which remembers how far they are known to be written. So an
interrupted request goes on where it was, and what has the result's name is always complete.
"""

from __future__ import annotations

import json
import os
import shutil
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
from PIL import Image

from digitforge.errors import CannotWrite, ExportError, UnmetRequest, explain
from digitforge.files import write_bytes
from export.contract import GeneratorInfo
from export.datasets.card import Card, begins, card_path, describe, is_there
from export.datasets.lock import folder_lock
from export.datasets.sampling import SampleRequest, check_classifier, images
from export.runtime.arrays import Int64, UInt8
from export.runtime.generator import Generator
from export.runtime.latents import BLOCK
from export.runtime.predict import Classifier, open_classifier

FORMATS = ("npz", "idx", "png")
STEP = 8 * BLOCK
"""Images between two notes of how far it is: noting takes some 2 % of the time, and a kill costs seconds."""
COPY_BYTES = 2**20
SIXTH = 6
"""MNIST has a test image for every six to learn from, and so has an IDX data set."""

Report = Callable[[int, int], None]
"""Called with how many images are done, and of how many; what it raises stops the work, which can go on later."""


@dataclass(frozen=True)
class Part:
    """A stretch of the numbering that becomes one array, or one pair of files."""

    name: str
    start: int
    stop: int


def write_dataset(
    generator: Generator, request: SampleRequest, out: Path, form: str, report: Report = lambda *_: None
) -> bool:
    """Write the data set to `out`, with a card that says how it was made; False where it was there already.

    form: one of FORMATS. "npz": `images` uint8 [count, H, W(, 3)] and `labels` int64 [count], -1 without classes.
    "idx": a folder that torchvision's MNIST takes as its root; the images after the first `count`, a sixth as many,
    become its test set. "png": a folder with one folder a class. The same request gives the same bytes.
    Raises ExportError where the request does not fit the generator, something else is in the way, or the disk is full;
    what was collected until then stays for the next try.
    """
    info = generator.info
    _check(info, request, out, form)
    classifier = None
    if request.least_confidence:
        classifier = open_classifier()
        check_classifier(info, classifier)
    card = describe(generator, request, out, form, classifier)
    folder = out.with_name(f".{out.name}.partial")
    try:
        new = not is_there(out, form, card)
        if new:
            with folder_lock(folder):
                new = not is_there(out, form, card)  # another command may just have finished it
                if new:
                    _begin(folder, card)
                    counts = _collect(folder, generator, request, form, classifier, report)
                    card["images"] = {"all": sum(counts.values()), "by_class": counts}
                    _finish(folder, out, info, request, form, card, report)
    except OSError as error:
        raise CannotWrite(f"{out} could not be written: {explain(error)}") from error
    except UnmetRequest:
        if not _has_images(folder):
            shutil.rmtree(folder, ignore_errors=True)
        raise
    shutil.rmtree(folder, ignore_errors=True)  # also what a kill left beside a finished result
    return new


def parts_of(request: SampleRequest, form: str) -> tuple[Part, ...]:
    """What a data set of this format consists of."""
    if form != "idx":
        return (Part("images", *request.span(0, request.count)),)
    test = max(1, request.count // SIXTH)
    return (
        Part("train", *request.span(0, request.count)),
        Part("t10k", *request.span(request.count, request.count + test)),
    )


def _check(info: GeneratorInfo, request: SampleRequest, out: Path, form: str) -> None:
    if not out.name:
        raise ExportError(f"{out} is no name for a data set.")
    if not info.conditional and request.classes:
        raise ExportError("This generator is unconditional: it cannot be asked for a digit; leave out --digit.")
    if form == "idx" and (not info.conditional or len(info.classes) > 256 or info.channels != 1):
        raise ExportError(
            "IDX files hold grey images with labels, which this generator does not make: use --format npz or png."
        )
    if any(number >= len(info.classes) for number in request.classes):
        raise ExportError(f"This generator has {len(info.classes)} classes.")


def _begin(folder: Path, card: Card) -> None:
    """Find the beginning of the same request in the folder. What has no images yet is begun anew."""
    note = folder / "card.json"
    if begins(note, card):
        return
    if _has_images(folder):
        raise ExportError(
            f"{folder} holds the beginning of another request, or one made by other versions: finish that one, or "
            "delete the folder."
        )
    shutil.rmtree(folder / "pictures", ignore_errors=True)
    write_bytes(note, json.dumps(card).encode())


def _has_images(folder: Path) -> bool:
    """Whether some are noted there."""
    return any(path.name != "card.json" for path in folder.glob("*.json"))


def _collect(
    folder: Path, generator: Generator, request: SampleRequest, form: str, classifier: Classifier | None, report: Report
) -> dict[str, int]:
    """Write the images of every part into `folder`; returns how many there are of each class."""
    info, parts = generator.info, parts_of(request, form)
    whole, before = sum(part.stop - part.start for part in parts), 0
    counts = dict.fromkeys(info.classes, 0)
    for part in parts:
        with _Collection(folder, part, info, form) as collection:
            while collection.at < part.stop:
                # Steps end where blocks do, so that no block is made twice.
                stop = min((collection.at // STEP + 1) * STEP, part.stop)
                for pixels, labels in images(generator, request, collection.at, stop, classifier):
                    collection.add(pixels, labels)
                    report(before + collection.at - part.start, whole)
                collection.note()
        before += part.stop - part.start
        for number, count in collection.counts().items():
            counts[info.classes[number]] += count
    report(whole, whole)
    return counts if info.conditional else {"unlabelled": whole}


class _Collection:
    """The images of one part that there are so far: raw bytes in two files, or PNG files and their labels."""

    def __init__(self, folder: Path, part: Part, info: GeneratorInfo, form: str) -> None:
        self.part, self._info, self._png = part, info, form == "png"
        self._label_kind = np.dtype("u1" if form == "idx" else "<i8")
        self._files = {"pixels": raw(folder, part, "pixels"), "labels": raw(folder, part, "labels")}
        self._note = folder / f"{part.name}.json"
        self._pictures = folder / "pictures"
        self._open: dict[str, IO[bytes]] = {}
        self.at = part.start
        """Number of the next image."""

    def __enter__(self) -> _Collection:
        sizes = {"pixels": self._pixel_bytes(), "labels": self._label_kind.itemsize}
        with suppress(OSError, ValueError, KeyError, TypeError):
            done = int(json.loads(self._note.read_text(encoding="utf-8"))["at"]) - self.part.start
            there = self._pictures.is_dir() or not self._png  # they are moved away when they become the result
            if there and all(self._files[name].stat().st_size >= done * size for name, size in sizes.items()):
                self.at += done
        for name, size in sizes.items():
            self._files[name].touch()
            file = self._open[name] = self._files[name].open("rb+")
            file.truncate((self.at - self.part.start) * size)  # what was written after the last note is made again
            file.seek(0, os.SEEK_END)
        return self

    def __exit__(self, *_: object) -> None:
        for file in self._open.values():
            file.close()

    def _pixel_bytes(self) -> int:
        info = self._info
        return 0 if self._png else info.height * info.width * info.channels

    def add(self, pixels: UInt8, labels: Int64) -> None:
        """Append images and their labels."""
        if self._png:
            for number, (image, label) in enumerate(zip(pixels, labels, strict=True), self.at):
                # A class may be called anything, a folder may not; and folders are sorted by name.
                width = len(str(len(self._info.classes) - 1))
                folder = self._pictures / (f"{label:0{width}}" if self._info.conditional else "unlabelled")
                folder.mkdir(parents=True, exist_ok=True)
                Image.fromarray(image).save(folder / f"{number:08d}.png")
        else:
            self._open["pixels"].write(np.ascontiguousarray(pixels).data)
        self._open["labels"].write(labels.astype(self._label_kind).tobytes())
        self.at += len(labels)

    def note(self) -> None:
        """Make sure of everything up to here, and note how far it is."""
        if self._png and hasattr(os, "sync"):
            os.sync()  # all pictures at once
        for file in self._open.values():
            file.flush()
            os.fsync(file.fileno())
        write_bytes(self._note, json.dumps({"at": self.at}).encode())

    def counts(self) -> dict[int, int]:
        """Number of images of each label, where there are labels."""
        if not self._info.conditional:
            return {}
        total = np.zeros(len(self._info.classes), np.int64)
        for content in _pieces(self._files["labels"]):
            total += np.bincount(np.frombuffer(content, self._label_kind), minlength=len(total))
        return {number: int(count) for number, count in enumerate(total)}


def raw(folder: Path, part: Part, what: str) -> Path:
    """Where the pixels or labels of a part are collected."""
    return folder / f"{part.name}.{what}"


def _finish(
    folder: Path, out: Path, info: GeneratorInfo, request: SampleRequest, form: str, card: Card, report: Report
) -> None:
    """Turn what was collected into the result and put it in its place, the card first: a result has a card."""
    parts = parts_of(request, form)
    whole = sum(part.stop - part.start for part in parts)

    def read(part: Part, what: str) -> Iterator[bytes]:
        for content in _pieces(raw(folder, part, what)):
            report(whole, whole)  # so that this too can be stopped
            yield content

    text = (json.dumps(card, indent=2) + "\n").encode()
    shape = tuple(int(side) for side in info.outputs()["pixels"][1:])
    ready = folder / ("pictures" if form == "png" else "ready")
    if form == "npz":
        (part,) = parts
        count = part.stop - part.start
        with ready.open("wb") as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            _member(archive, "images", "|u1", (count, *shape), read(part, "pixels"))
            _member(archive, "labels", "<i8", (count,), read(part, "labels"))
        write_bytes(card_path(out, form), text)
    else:
        ready.mkdir(exist_ok=True)  # of PNG files it is there, unless the shard is empty
        if form == "idx":
            inside = ready / "MNIST" / "raw"
            inside.mkdir(parents=True, exist_ok=True)
            for part in parts:
                count = part.stop - part.start
                _idx(inside / f"{part.name}-images-idx3-ubyte", (count, *shape), read(part, "pixels"))
                _idx(inside / f"{part.name}-labels-idx1-ubyte", (count,), read(part, "labels"))
        write_bytes(ready / "card.json", text)
    for path in (ready, *ready.rglob("*")):
        if path.is_file() and form != "png":
            with path.open("rb+") as written:
                os.fsync(written.fileno())
    ready.replace(out)


def _member(archive: zipfile.ZipFile, name: str, kind: str, shape: tuple[int, ...], contents: Iterable[bytes]) -> None:
    """An array of an .npz, copied from raw bytes; the same bytes give the same archive."""
    entry = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
    entry.compress_type = zipfile.ZIP_DEFLATED
    with archive.open(entry, "w", force_zip64=True) as file:
        np.lib.format.write_array_header_1_0(file, {"descr": kind, "fortran_order": False, "shape": shape})
        for content in contents:
            file.write(content)


def _idx(path: Path, shape: tuple[int, ...], contents: Iterable[bytes]) -> None:
    """An IDX file: two zeros, the type (8 is uint8), the number of axes, their lengths of four bytes, the values."""
    with path.open("wb") as file:
        file.write(bytes([0, 0, 8, len(shape)]) + np.array(shape, ">u4").tobytes())
        for content in contents:
            file.write(content)


def _pieces(source: Path) -> Iterator[bytes]:
    with source.open("rb") as file:
        while content := file.read(COPY_BYTES):
            yield content
