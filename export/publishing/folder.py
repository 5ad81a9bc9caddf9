"""The folder of a published generator, as the Hugging Face Hub reads it."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from digitforge.errors import CannotWrite, ExportError, explain
from digitforge.files import rename, write_text
from digitforge.hashing import sha256
from export.contract import GeneratorInfo
from export.convert.half import to_half
from export.convert.writing import write_generator
from export.publishing.card import check_card, model_card, scores_of
from export.publishing.examples import javascript_example, python_example
from export.publishing.licences import licence_of
from export.runtime.foreign import ASSUMED
from export.runtime.generator import Generator, open_generator
from export.runtime.vectors import make_vectors, write_vectors
from export.safety.checks import read_model

HALF_TOLERANCE = 1e-2
"""Largest allowed difference of a value in [-1, 1] between the fp16 file and the fp32 one, as for an export."""
CHECKSUMS = "SHA256SUMS"


@dataclass(frozen=True)
class Published:
    """What the folder holds."""

    half_error: float | None
    """Largest difference of the fp16 file's images; None if it was left out because it differs too much."""
    scored: bool
    """Whether the file carries scores."""


@dataclass(frozen=True)
class Publication:
    """What will be published, and where."""

    generator: Generator
    out: Path
    licence: str
    """The licence of the weights, as the Hub names it."""


def prepare(model: Path, out: Path, licence: str | None) -> Publication:
    """Check whether the exported file `model` can be published in the folder `out`. licence: see `licence_of`.

    Raises ExportError if it cannot, or `out` holds something.
    """
    out = out.resolve()
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ExportError(f"{out} exists and is not an empty folder: choose another --out.")
    generator = open_generator(model, "cpu")
    if generator.info.provenance.get(ASSUMED):
        raise ExportError(f"{model} was not exported by digitforge: only its own files can be published.")
    if generator.info.provenance.get("precision") == "fp16":
        raise ExportError(f"{model} is in fp16: name the fp32 file, from which the one in fp16 is made.")
    return Publication(generator, out, licence_of(generator.info, licence))


def publish(publication: Publication, pictures: Path, on_phase: Callable[[str], None] = lambda _: None) -> Published:
    """Write the folder.

    pictures: the folder that holds contact_sheet.png and loop.gif. on_phase: called with a description of each phase.
    Raises ExportError if the card is refused, and CannotWrite; nothing is left at `out` then.
    """
    generator, out = publication.generator, publication.out
    info = generator.info
    folder = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        (folder / "onnx").mkdir(parents=True)
        copied = Path(shutil.copyfile(generator.path, folder / "onnx" / "model.onnx"))
        on_phase("writing test vectors")
        write_vectors(generator, copied)
        on_phase("converting to fp16")
        half_error = _write_half(generator, folder / "onnx" / "model_fp16.onnx")
        for name in ("contact_sheet.png", "loop.gif"):
            shutil.copyfile(pictures / name, folder / name)
        examples = python_example(info, generator.batch), javascript_example(info, generator.batch)
        for name, text in zip(("example.py", "example.mjs"), examples, strict=True):
            write_text(folder / name, text)
        scores = scores_of(info)
        write_text(folder / "scores.json", json.dumps(scores, indent=2, sort_keys=True) + "\n")
        on_phase("checking the card")
        write_text(folder / "README.md", model_card(info, out.name, publication.licence, *examples, half_error))
        check_card(folder / "README.md")
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        sums = [f"{sha256(path)}  {path.relative_to(folder).as_posix()}\n" for path in files]
        write_text(folder / CHECKSUMS, "".join(sums))
        if out.is_dir():
            out.rmdir()
        rename(folder, out)
    except OSError as error:
        raise CannotWrite(f"{out} could not be written: {explain(error)}") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return Published(half_error, bool(scores))


def _write_half(generator: Generator, path: Path) -> float | None:
    """Write the generator in fp16, and return how far its images are from those in fp32.

    Returns None, and writes no file, if that is more than an export allows.
    """
    vectors = make_vectors(generator)
    model = to_half(read_model(generator.path))
    del model.graph.value_info[:]
    facts = {key: value for key, value in generator.info.provenance.items() if not key.startswith("parity_")}
    half: GeneratorInfo = replace(generator.info, provenance={**facts, "precision": "fp16"})
    write_generator(model, half, path)
    opened = open_generator(path, "cpu")
    errors = np.abs(opened.generate(vectors.z, vectors.y) - vectors.image)
    if not errors.max() <= HALF_TOLERANCE:  # true for NaN too
        path.unlink()
        return None
    return float(errors.max())
