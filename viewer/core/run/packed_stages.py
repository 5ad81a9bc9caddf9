"""The early stages of the bundled generator's own training, packed in one file.

The file is an npz archive of numbers and texts. Tensors with few values are stored as they were. Each large tensor is
stored as a step (float32) and levels (int8) for each stage: its values are those of the stage before plus the levels
times the step, and the first stage starts from zero.

A stage is unpacked into a file of its own, the bundled ONNX file with the stage's weights. It is opened, and checked,
like any other generator.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

from digitforge.bundled import BUNDLED_MODEL, BUNDLED_STAGES
from digitforge.errors import ExportError, explain_read
from digitforge.files import write_bytes, write_text
from digitforge.hashing import sha256
from export.contract import GeneratorInfo, digest_of
from export.runtime.arrays import Float32
from export.safety.checks import check_signature, read_model
from export.safety.digest import file_digest
from viewer.core.files import Report
from viewer.core.run.stages import EXPORTS, UNPACKED, Stage
from viewer.core.scene.directions import from_json, to_json

GENERATOR = "generator"
"""SHA-256 of the generator file, a text."""
IMAGES = "images"
"""Images seen at each stage, int64 [stages], increasing."""
HASHES = "sha256"
"""SHA-256 of each stage's unpacked file, texts [stages]."""
PICTURES = "pictures"
"""Pictures of the exact stages, uint8 [stages, pictures, h, w]: for measuring, the window does not read them."""
EXACT, STEPS, LEVELS = "exact/", "steps/", "levels/"
"""Prefixes of the tensors' names: float32 [stages, ...], float32 [stages] and int8 [stages, ...]."""
OF_THE_FINAL_WEIGHTS = ("scores", "weights_sha256", "parity_largest_error", "parity_pixels_differing")
"""Entries of the generator's provenance that are not true of its early stages."""


@contextmanager
def open_packed(path: Path) -> Iterator[np.lib.npyio.NpzFile]:
    """Yield the archive at `path`. Raises ExportError if it cannot be read, is damaged or lacks something."""
    try:
        # np.load would leave a damaged file open.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            yield archive
    except FileNotFoundError as error:
        raise ExportError(f"There is no file {path}: install digitforge again.") from error
    except (ValueError, LookupError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise ExportError(f"{path} is damaged: install digitforge again.") from error
    except OSError as error:
        raise ExportError(f"{path} cannot be read: {explain_read(error)}") from error


def weights_of(archive: np.lib.npyio.NpzFile) -> Iterator[dict[str, Float32]]:
    """Yield the tensors of each stage by name, the earliest stage first."""
    exact = {name.removeprefix(EXACT): archive[name] for name in archive.files if name.startswith(EXACT)}
    packed = [name.removeprefix(LEVELS) for name in archive.files if name.startswith(LEVELS)]
    levels = {name: (archive[STEPS + name], archive[LEVELS + name]) for name in packed}
    values = {name: np.zeros(all_stages.shape[1:], np.float32) for name, (_, all_stages) in levels.items()}
    for stage in range(len(archive[IMAGES])):
        for name, (steps, all_stages) in levels.items():
            values[name] = values[name] + steps[stage] * all_stages[stage].astype(np.float32)
        yield {name: tensor[stage] for name, tensor in exact.items()} | values


def stage_file(model: onnx.ModelProto, weights: dict[str, Float32], images: int, of: str) -> bytes:
    """Return the ONNX file of a stage: `model` with other weights, and with the facts of the stage as its metadata.

    of: the name of the generator file. Raises ValueError unless `weights` has every tensor of the generator.
    """
    stage = onnx.ModelProto()
    stage.CopyFrom(model)
    replaced = 0
    for tensor in stage.graph.initializer:
        if (values := weights.get(tensor.name)) is not None:
            if values.shape != tuple(tensor.dims) or values.dtype != np.float32:
                raise ValueError(f"{tensor.name} has shape {values.shape} and not {tuple(tensor.dims)}")
            tensor.CopyFrom(numpy_helper.from_array(np.ascontiguousarray(values), tensor.name))
            replaced += 1
    if replaced != len(weights) or not replaced:
        raise ValueError("the stages are of another network")
    info = check_signature(model)
    kept = {key: value for key, value in info.provenance.items() if key not in OF_THE_FINAL_WEIGHTS}
    facts = kept | {"images_seen": str(images), "stage_of": of, "weights": "quantised, as packed for the viewer"}
    del stage.metadata_props[:]
    for key, value in replace(info, provenance=facts, digest="").to_metadata().items():
        stage.metadata_props.add(key=key, value=value)
    return bytes(stage.SerializeToString(deterministic=True))


@dataclass(frozen=True)
class PackedStages:
    """A generator, its packed early stages, and where they are unpacked."""

    folder: Path
    """Holds the run directory for the stages."""
    generator: Path = BUNDLED_MODEL
    packed: Path = BUNDLED_STAGES

    def path(self, images: int) -> Path:
        """Return the path of a stage's unpacked file."""
        return self.folder / UNPACKED / EXPORTS / f"{images:012d}.onnx"

    def unpack(self, report: Report) -> tuple[Stage, ...]:
        """Write the files of all early stages, unless they are there, and return them with the generator as the last.

        report: called before each stage; may raise to stop.
        Raises ExportError if the packed file is damaged or belongs to another generator, and CannotWrite.
        """
        digest = sha256(self.generator)
        with open_packed(self.packed) as archive:
            if digest != str(archive[GENERATOR]):
                raise ExportError(
                    f"{self.packed.name} has the early stages of another generator than this {self.generator.name}: "
                    "install digitforge again, or pack the stages of this one with `python -m tools.stages`."
                )
            model = read_model(self.generator)
            info = check_signature(model)
            images = [int(count) for count in archive[IMAGES]]
            hashes = [str(one) for one in archive[HASHES]]
            for number, weights in enumerate(weights_of(archive)):
                report(number, len(images))
                path = self.path(images[number])
                if not path.is_file() or sha256(path) != hashes[number]:
                    write_bytes(path, stage_file(model, weights, images[number], self.generator.name))
                    self._write_directions(info, digest, path)
        stages = [Stage(self.path(count), count) for count in images]
        return (*stages, Stage(self.generator, int(info.provenance["images_seen"])))

    def find(self, wanted: str, report: Report) -> Path | None:
        """Return the unpacked file with the digest or the SHA-256 `wanted`, or None if there is no such stage.

        Raises as `unpack` does, but not if the packed file cannot be read.
        """
        stage = None
        with suppress(ExportError), open_packed(self.packed) as archive:
            stage = self._number_of(wanted, archive, report)
        return None if stage is None else self.unpack(report)[stage].path

    def _number_of(self, wanted: str, archive: np.lib.npyio.NpzFile, report: Report) -> int | None:
        hashes = [str(one) for one in archive[HASHES]]
        if wanted in hashes:
            return hashes.index(wanted)
        model = read_model(self.generator)
        for number, weights in enumerate(weights_of(archive)):
            report(number, len(hashes))
            if digest_of(io.BytesIO(stage_file(model, weights, 0, self.generator.name))) == wanted:
                return number
        return None

    def _write_directions(self, info: GeneratorInfo, digest: str, stage: Path) -> None:
        """Give a stage the directions of the generator: the same amounts then make the same latents."""
        beside = self.generator.with_suffix(".directions.json")
        if beside.is_file():
            text = beside.read_text("utf-8")
            names = (file_digest(self.generator), digest)  # older files have the hash of the generator's file
            found = next(filter(None, (from_json(text, name, info.latent_size) for name in names)), None)
            if found is not None:
                write_text(stage.with_suffix(".directions.json"), to_json(found, file_digest(stage)))
