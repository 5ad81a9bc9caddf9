"""Open an ONNX generator safely and run it. No torch, no Qt.

A file is parsed and checked before onnxruntime sees it: building a session on a hostile file can fold constants
into hundreds of megabytes or read files beside it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from digitforge.errors import ExportError, ModelRefused
from export.contract import CLASS_WEIGHTS, IMAGE, LATENTS, PIXELS, ContractError, GeneratorInfo
from export.runtime import foreign
from export.runtime.arrays import Float32, UInt8
from export.runtime.batches import BUCKETS, cut
from export.runtime.providers import CPU, CUDA, explain, look
from export.runtime.session import make_session
from export.safety.checks import check_signature, read_model

GENERATOR_FILE = "generator.onnx"
"""Where a run directory keeps its exported generator."""


@dataclass(frozen=True)
class Generator:
    """An open generator; `generate` and `generate_pixels` may be called from any one thread at a time."""

    path: Path
    info: GeneratorInfo
    provider: str
    """The provider that really runs it, as onnxruntime names it."""
    notice: str
    """What had to be assumed of the file, and why another provider than was wanted runs it; else empty."""
    session: onnxruntime.InferenceSession
    bucketed: bool = False
    """Calls come in few batch sizes, which pays where each new one has to be planned: on a GPU."""

    def generate(self, z: Float32, y: Float32 | None = None) -> Float32:
        """Images in [-1, 1], float32 [batch, channels, height, width]; see `generate_pixels` for the arguments."""
        images: Float32 = self._run(IMAGE, z, y)
        return images

    def generate_pixels(self, z: Float32, y: Float32 | None = None) -> UInt8:
        """Images for display, uint8 [batch, height, width] (grey) or [batch, height, width, 3].

        z: float32 [batch, latent]; y: class weights, float32 [batch, classes], where conditional.
        Raises ValueError where an argument has another shape or type or is not finite, ExportError where the run fails.
        """
        pixels: UInt8 = self._run(PIXELS, z, y)
        return pixels

    def _run(self, output: str, z: Float32, y: Float32 | None) -> Any:
        feeds = {LATENTS: z}
        if y is not None:
            feeds[CLASS_WEIGHTS] = y
        expected = self.info.inputs()
        if feeds.keys() != expected.keys():
            raise ValueError(f"the generator takes {', '.join(expected)}, not {', '.join(feeds)}")
        for name, value in feeds.items():
            want = (*z.shape[:1], *expected[name][1:])
            if value.dtype != np.float32 or value.shape != want:
                raise ValueError(f"{name} must be float32 {list(want)}, not {value.dtype} {list(value.shape)}")
            if not np.isfinite(value).all():
                raise ValueError(f"{name} holds values that are not finite")
        result: Any = np.empty((len(z), *self._shape(output)), np.uint8 if output == PIXELS else np.float32)
        for start, stop, size in cut(len(z), self.bucketed):
            part = {name: _padded(value[start:stop], size) for name, value in feeds.items()}
            result[start:stop] = self._call(output, part, size)[: stop - start]
        return result

    def _call(self, output: str, feeds: dict[str, Float32], size: int) -> Any:
        try:
            result = self.session.run([output], feeds)[0]
            if result.shape != (size, *self._shape(output)):
                raise ValueError(f"{output} came out as {result.shape}")
        except Exception as error:  # onnxruntime's exceptions share no base class
            if "alloc" in str(error).lower() or "out of memory" in str(error).lower():
                raise ExportError(
                    f"There is not enough memory to run {self.path} on {self.provider}: close other programs, ask for "
                    "fewer images, or use the CPU."
                ) from error
            if self.provider == CUDA and not isinstance(error, ValueError):
                raise ExportError(
                    f"CUDA failed while it ran {self.path}: open it again, or use the CPU; `python -m export.doctor` "
                    "says more."
                ) from error
            raise ExportError(
                f"{self.path} failed to run: its graph does not do what its metadata promises."
            ) from error
        return result

    def _shape(self, output: str) -> tuple[int, ...]:
        """Of one image."""
        return tuple(int(dim) for dim in self.info.outputs()[output][1:])

    def warm(self) -> None:
        """Meet every batch size that a bucketed generator is called with, so that no frame has to wait for it."""
        for size in BUCKETS if self.bucketed else ():
            feeds = {name: np.zeros((size, int(dims[1])), np.float32) for name, dims in self.info.inputs().items()}
            self._call(PIXELS, feeds, size)


def _padded(rows: Float32, size: int) -> Float32:
    missing = size - len(rows)
    return np.concatenate([rows, np.zeros((missing, rows.shape[1]), np.float32)]) if missing else rows


def find_model(path: Path) -> Path:
    """The ONNX file that `path` means: itself, or the exported generator of a run directory.

    Raises ExportError where there is none.
    """
    if path.is_dir():
        model = path / GENERATOR_FILE
        if not model.is_file():
            raise ExportError(
                f"{path} has no {GENERATOR_FILE} yet: make it with `python -m export.onnx {path}`."
                if (path / "config.json").is_file()
                else f"{path} is a folder but not a run directory: name an .onnx file or a folder that training wrote."
            )
        return model
    if not path.is_file():
        raise ExportError(f"There is no file {path}.")
    return path


def open_generator(path: Path, provider: str = "auto", threads: int = 0) -> Generator:
    """Check the file at `path` and open it; one from elsewhere too, with what had to be assumed in its notice.

    provider: "cpu", "cuda" (an error where CUDA does not come), or "auto" (CUDA where it really runs, else the CPU).
    threads: of one call on the CPU; 0 takes as many as this process may use, and there are never more.
    Raises ModelRefused or ExportError, each with one sentence.
    """
    model = read_model(path)
    try:
        if foreign.is_foreign(model):
            model = foreign.adapt(model, path)
        info = check_signature(model)
    except ContractError as error:
        raise ModelRefused(str(error)) from error
    finding = None if provider == "cpu" else explain(look())
    wanted = CUDA if finding is not None and finding.runs else CPU
    session = make_session(model, path, wanted, threads)
    running = session.get_providers()[0]
    generator = Generator(path, info, running, "", session, bucketed=running == CUDA)
    why = finding.sentence if finding is not None and (finding.broken or provider == "cuda") else ""
    if running != wanted:
        why = "onnxruntime could not start CUDA, though all is installed; `nvidia-smi` says what else uses the GPU."
    try:
        generator.warm()
    except ExportError as error:
        why = str(error)
        generator = replace(generator, provider=CPU, session=make_session(model, path, CPU, threads), bucketed=False)
    if why and provider == "cuda":
        raise ExportError(f"CUDA was asked for, but it cannot run. {why}")
    notice = f"{info.provenance.get(foreign.ASSUMED, '')} {f'{why} The CPU runs.' if why else ''}".strip()
    return replace(generator, notice=notice)
