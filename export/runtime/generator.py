"""Open an ONNX generator safely and run it.

A file is checked before onnxruntime sees it, because a session on a hostile file can fold constants into hundreds of
megabytes or read other files.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from digitforge.errors import ExportError, ModelRefused, explain_read
from export.contract import CLASS_WEIGHTS, IMAGE, LATENTS, PIXELS, ContractError, GeneratorInfo
from export.runtime import foreign
from export.runtime.arrays import Float32, UInt8
from export.runtime.batches import BUCKETS, cut, padded
from export.runtime.providers import CPU, CUDA, explain, look
from export.runtime.session import make_session
from export.runtime.sidecar import Statements, parse_statements, read_statements, write_statements
from export.safety.budget import only_batch
from export.safety.checks import check_signature, is_foreign, read_model
from export.safety.digest import checked_digest

GENERATOR_FILE = "generator.onnx"
"""Name of the exported generator in a run directory."""


@dataclass(frozen=True)
class Generator:
    """An open generator. Only one thread at a time may call it."""

    path: Path
    info: GeneratorInfo
    provider: str
    """The provider that actually runs it, by onnxruntime's name."""
    notice: str
    """What had to be assumed about the file, and why CUDA does not run it; empty if there is nothing to say."""
    session: onnxruntime.InferenceSession
    sizes: tuple[int, ...] = ()
    """The batch sizes that it runs, in ascending order; other batches are padded. Empty if it runs any size.

    A GPU makes a plan for every new size, and some graphs from elsewhere run only one.
    """

    @property
    def batch(self) -> int:
        """The only number of images that the graph makes at once; 0 for any."""
        first = self.session.get_inputs()[0].shape[0]
        return first if isinstance(first, int) else 0

    def generate(self, z: Float32, y: Float32 | None = None) -> Float32:
        """Return images in [-1, 1], float32 [batch, channels, height, width]; arguments as in `generate_pixels`."""
        images: Float32 = self._run(IMAGE, z, y)
        return images

    def generate_pixels(self, z: Float32, y: Float32 | None = None) -> UInt8:
        """Return images for display, uint8 [batch, height, width] (grey) or [batch, height, width, 3] (RGB).

        z: latents, float32 [batch, latent]. y: class weights, float32 [batch, classes], for a conditional generator.
        Raises ValueError if an argument has a wrong shape or type or is not finite, and ExportError if the run fails.
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
                raise ValueError(f"{name} has values that are not finite")
        result: Any = np.empty((len(z), *self._shape(output)), np.uint8 if output == PIXELS else np.float32)
        for start, stop, size in cut(len(z), self.sizes):
            part = {name: padded(value[start:stop], size) for name, value in feeds.items()}
            result[start:stop] = self._call(output, part, size)[: stop - start]
        return result

    def _call(self, output: str, feeds: dict[str, Float32], size: int) -> Any:
        try:
            result = self.session.run([output], feeds)[0]
            if result.shape != (size, *self._shape(output)):
                raise ValueError(f"{output} has shape {result.shape}")
        except Exception as error:  # onnxruntime's exceptions share no base class
            if "alloc" in str(error).lower() or "out of memory" in str(error).lower():
                raise ExportError(
                    f"There is not enough memory to run {self.path} on {self.provider}: close other programs, request "
                    "fewer images, or use the CPU."
                ) from error
            if self.provider == CUDA and not isinstance(error, ValueError):
                raise ExportError(
                    f"CUDA failed while it ran {self.path}: open it again, or use the CPU; `python -m export.doctor` "
                    "reports more."
                ) from error
            raise ExportError(
                f"{self.path} failed to run: its graph does not do what its metadata promises."
            ) from error
        return result

    def _shape(self, output: str) -> tuple[int, ...]:
        """Return the shape of one image."""
        return tuple(int(dim) for dim in self.info.outputs()[output][1:])

    def warm(self) -> None:
        """Run each of `sizes` once, so that no later call has to wait for a plan."""
        for size in self.sizes:
            feeds = {name: np.zeros((size, int(dims[1])), np.float32) for name, dims in self.info.inputs().items()}
            self._call(PIXELS, feeds, size)


def find_model(path: Path) -> Path:
    """Return the ONNX file at `path`, which is that file or a run directory with an exported generator.

    Raises ExportError if there is none.
    """
    if path.is_dir():
        model = path / GENERATOR_FILE
        if not model.is_file():
            raise ExportError(
                f"{path} has no {GENERATOR_FILE} yet: export it with `python -m export.onnx {path}`."
                if (path / "config.json").is_file()
                else f"{path} is a folder but not a run directory: name an .onnx file or a folder that training wrote."
            )
        return model
    if not path.is_file():
        raise ExportError(f"There is no file {path}.")
    return path


def state(path: Path, words: Sequence[str]) -> None:
    """Keep what the user says about the generator from elsewhere at `path`, in MODEL.json beside it.

    words: values of the option --assume. Raises ExportError if they are not understood, do not fit the generator, or
    cannot be kept.
    """
    stated = parse_statements(words, read_statements(path))
    if open_generator(path, "cpu", stated=stated).info.provenance.get(foreign.ASSUMED):
        write_statements(path, stated)
    else:
        raise ExportError(f"{path} was exported by digitforge and says how to use it: leave out --assume.")


def open_generator(path: Path, provider: str = "auto", threads: int = 0, stated: Statements | None = None) -> Generator:
    """Check the file at `path` and open it. The file need not come from digitforge; see `Generator.notice`.

    provider: "cpu", "cuda" (an error if CUDA cannot run), or "auto" for CUDA if it runs and the CPU if not.
    threads: CPU threads per call; 0 for as many as this process may use, which is also the limit.
    stated: what the user says about a file from elsewhere; None for what MODEL.json beside it says.
    Raises ModelRefused if the file is damaged, unsafe, changed after its export or not a generator, and ExportError for
    any other failure.
    """
    try:
        model = read_model(path)
    except OSError as error:
        raise ExportError(f"{path} cannot be read: {explain_read(error)}") from error
    try:
        batch = only_batch(model)
        if is_foreign(model):
            model = foreign.adapt(model, path, read_statements(path) if stated is None else stated)
        info = check_signature(model)
        info = replace(info, digest=checked_digest(path, info))
    except ContractError as error:
        raise ModelRefused(str(error)) from error
    except OSError as error:
        raise ExportError(f"{path} cannot be read: {explain_read(error)}") from error
    finding = None if provider == "cpu" else explain(look())
    chosen = CUDA if finding is not None and finding.runs else CPU
    session = make_session(model, path, chosen, threads)
    running = session.get_providers()[0]
    generator = Generator(path, info, running, "", session, _sizes(batch, running))
    why = finding.sentence if finding is not None and (finding.broken or provider == "cuda") else ""
    if running != chosen:
        why = (
            "onnxruntime could not start CUDA, although everything is installed; `nvidia-smi` shows what uses the GPU."
        )
    try:
        generator.warm()
    except ExportError as error:
        why = str(error)
        generator = replace(generator, provider=CPU, session=make_session(model, path, CPU, threads))
        generator = replace(generator, sizes=_sizes(batch, CPU))
    if why and provider == "cuda":
        raise ExportError(f"CUDA was requested, but it cannot run. {why}")
    notice = f"{info.provenance.get(foreign.ASSUMED, '')} {f'{why} The CPU is used instead.' if why else ''}".strip()
    return replace(generator, notice=notice)


def _sizes(batch: int, provider: str) -> tuple[int, ...]:
    """Return `Generator.sizes`. batch: the only one that the graph runs, or 0."""
    return (batch,) if batch else BUCKETS if provider == CUDA else ()
