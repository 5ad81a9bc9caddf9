"""Write a labelled data set so that it can be interrupted.

Images are collected in a hidden folder beside the result, with a note of how many are safely on the disk. An
interrupted request continues from there, and a data set that has its final name is always complete.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
from PIL import Image

from digitforge.errors import ExportError
from digitforge.files import rename, write_bytes, write_text
from export.contract import PIXELS, GeneratorInfo
from export.datasets.card import Card, card_path, describe
from export.datasets.formats import FORMATS, DatasetFormat
from export.datasets.readme import dataset_readme
from export.datasets.sampling import SampleRequest, check_classifier, sample_images
from export.datasets.unfinished import CARD, finish
from export.datasets.writers import RawPart
from export.runtime.arrays import Int64, UInt8
from export.runtime.discriminator import Discriminator, check_discriminator
from export.runtime.generator import Generator
from export.runtime.latents import BLOCK
from export.runtime.predict import Classifier, open_classifier

STEP = 8 * BLOCK
"""Images between two notes. Noting takes about 2 % of the time, and a kill loses a few seconds of work."""
COPY_BYTES = 2**20
TEST_SHARE = 6
"""A test set has one image for every six training images, as in MNIST."""

Report = Callable[[int, int], None]
"""Called with the numbers of images done and in all. It may raise to stop the work, which can continue later."""


@dataclass(frozen=True)
class Part:
    """A range of the numbering that becomes one array, or one pair of files."""

    name: str
    start: int
    stop: int

    @property
    def count(self) -> int:
        """Number of images."""
        return self.stop - self.start


def write_dataset(
    generator: Generator,
    request: SampleRequest,
    out: Path,
    form: str,
    report: Report = lambda *_: None,
    discriminator: Discriminator | None = None,
) -> bool:
    """Write a data set and its card to `out`, and return whether it is new: False if it was complete already.

    The same request gives the same bytes. form: a name in FORMATS.
    Raises ExportError if the request does not fit the generator or `out` is something else, and CannotWrite if the disk
    is full. The images collected so far are then used by the next attempt.
    """
    info, row = generator.info, FORMATS[form]
    _check(info, request, out, row)
    classifier = None
    if request.least_confidence:
        classifier = open_classifier()
        check_classifier(info, classifier)
    if discriminator is not None:
        check_discriminator(info, discriminator)
    card = describe(generator, request, out, form, classifier, discriminator)

    def make(folder: Path) -> None:
        counts = _collect(folder, generator, request, row, (classifier, discriminator), report)
        card["images"] = {"all": sum(counts.values()), "by_class": counts}
        _finish(folder, out, info, request, form, card, report)

    return finish(out, form, card, _has_images, make)


def parts_of(request: SampleRequest, row: DatasetFormat) -> tuple[Part, ...]:
    """Return the parts of a data set in this format."""
    if not row.test_set:
        return (Part("images", *request.span(0, request.count)),)
    test = max(1, request.count // TEST_SHARE)
    return (
        Part("train", *request.span(0, request.count)),
        Part("t10k", *request.span(request.count, request.count + test)),
    )


def _check(info: GeneratorInfo, request: SampleRequest, out: Path, row: DatasetFormat) -> None:
    if not out.name:
        raise ExportError(f"{out} is not a name for a data set.")
    if not info.conditional and request.classes:
        raise ExportError("This generator is unconditional: it has no classes to choose from.")
    if obstacle := row.obstacle(info):
        raise ExportError(obstacle)
    if request.given is not None and row.test_set:
        raise ExportError(
            "IDX files need images for a test set, which a file of latents does not have: choose npz or png."
        )
    if any(number >= len(info.classes) for number in request.classes):
        raise ExportError(f"This generator has {len(info.classes)} classes.")


def _has_images(folder: Path) -> bool:
    """Return whether the folder has a note of collected images."""
    return any(path.name != CARD for path in folder.glob("*.json"))


def _collect(
    folder: Path,
    generator: Generator,
    request: SampleRequest,
    row: DatasetFormat,
    judges: tuple[Classifier | None, Discriminator | None],
    report: Report,
) -> dict[str, int]:
    """Collect the images of every part in `folder` and return the number of images of each class."""
    info, parts = generator.info, parts_of(request, row)
    total, before = sum(part.count for part in parts), 0
    counts = dict.fromkeys(info.classes, 0)
    for part in parts:
        with _Collection(folder, part, info, row) as collection:
            while collection.at < part.stop:
                # Steps end where blocks end, so that no block is generated twice.
                stop = min((collection.at // STEP + 1) * STEP, part.stop)
                for pixels, labels in sample_images(generator, request, collection.at, stop, *judges):
                    collection.add(pixels, labels)
                    report(before + collection.at - part.start, total)
                collection.note()
        before += part.count
        for number, count in collection.counts().items():
            counts[info.classes[number]] += count
    report(total, total)
    return counts if info.conditional else {"unlabelled": total}


class _Collection:
    """The images of one part that have been generated: raw bytes in two files, or PNG files and their labels."""

    def __init__(self, folder: Path, part: Part, info: GeneratorInfo, row: DatasetFormat) -> None:
        self.part, self._info, self._png = part, info, row.write is None
        self._label_type = np.dtype(row.label_type)
        self._files = {"pixels": _raw(folder, part, "pixels"), "labels": _raw(folder, part, "labels")}
        self._note = folder / f"{part.name}.json"
        self._pictures = folder / "pictures"
        self._open: dict[str, IO[bytes]] = {}
        self.at = part.start
        """Number of the next image."""

    def __enter__(self) -> _Collection:
        sizes = {"pixels": self._pixel_bytes(), "labels": self._label_type.itemsize}
        with suppress(OSError, ValueError, KeyError, TypeError):
            done = int(json.loads(self._note.read_text(encoding="utf-8"))["at"]) - self.part.start
            present = self._pictures.is_dir() or not self._png  # the pictures are moved when they become the result
            if present and all(self._files[name].stat().st_size >= done * size for name, size in sizes.items()):
                self.at += done
        for name, size in sizes.items():
            self._files[name].touch()
            file = self._open[name] = self._files[name].open("rb+")
            file.truncate((self.at - self.part.start) * size)  # whatever was written after the last note is redone
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
                # Folders have the label's number: a class name may not be a valid one, and folders sort by name.
                width = len(str(len(self._info.classes) - 1))
                folder = self._pictures / (f"{label:0{width}}" if self._info.conditional else "unlabelled")
                folder.mkdir(parents=True, exist_ok=True)
                Image.fromarray(image).save(folder / f"{number:08d}.png")
        else:
            self._open["pixels"].write(np.ascontiguousarray(pixels).data)
        self._open["labels"].write(labels.astype(self._label_type).tobytes())
        self.at += len(labels)

    def note(self) -> None:
        """Flush all images to the disk and note how many there are."""
        if self._png and hasattr(os, "sync"):
            os.sync()  # all pictures at once
        for file in self._open.values():
            file.flush()
            os.fsync(file.fileno())
        write_bytes(self._note, json.dumps({"at": self.at}).encode())

    def counts(self) -> dict[int, int]:
        """Return the number of images of each label; empty if there are no labels."""
        if not self._info.conditional:
            return {}
        total = np.zeros(len(self._info.classes), np.int64)
        for content in _pieces(self._files["labels"]):
            total += np.bincount(np.frombuffer(content, self._label_type), minlength=len(total))
        return {number: int(count) for number, count in enumerate(total)}


def _raw(folder: Path, part: Part, kind: str) -> Path:
    """Return the file that collects the "pixels" or "labels" of a part."""
    return folder / f"{part.name}.{kind}"


def _finish(
    folder: Path, out: Path, info: GeneratorInfo, request: SampleRequest, form: str, card: Card, report: Report
) -> None:
    """Write the result from the collected images, then the card, then give the result its name."""
    row = FORMATS[form]
    parts = parts_of(request, row)
    total = sum(part.count for part in parts)
    shape = tuple(int(side) for side in info.outputs()[PIXELS][1:])

    def read(part: Part, kind: str) -> Iterator[bytes]:
        for content in _pieces(_raw(folder, part, kind)):
            report(total, total)  # so that this phase can be stopped too
            yield content

    ready = folder / ("ready" if row.write else "pictures")
    if not row.suffix:
        ready.mkdir(exist_ok=True)  # the folder of pictures exists already, unless the shard is empty
    if row.write:
        card |= row.write(
            ready,
            [
                RawPart(part.name, part.count, shape, lambda part=part: read(part, "pixels"),  # type: ignore[misc]
                        lambda part=part: read(part, "labels"), part.start)  # type: ignore[misc]
                for part in parts
            ],
        )  # fmt: skip
    text = (json.dumps(card, indent=2) + "\n").encode()
    write_bytes(card_path(out, form) if row.suffix else card_path(ready, form), text)
    if not row.suffix:
        write_text(ready / "README.md", dataset_readme(card))
    if row.write:  # PNG files were flushed with every note
        for path in (ready, *ready.rglob("*")):
            if path.is_file():
                with path.open("rb+") as written:
                    os.fsync(written.fileno())
    rename(ready, out)


def _pieces(source: Path) -> Iterator[bytes]:
    with source.open("rb") as file:
        while content := file.read(COPY_BYTES):
            yield content
