"""Open an ONNX discriminator safely and ask it how real images look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime

from digitforge.errors import ExportError, ModelRefused, explain_read
from export.contract import CLASS_WEIGHTS, IMAGE, SCORE, ContractError, DiscriminatorInfo, GeneratorInfo
from export.runtime.arrays import Float32, Int64, UInt8
from export.runtime.batches import cut
from export.runtime.latents import one_hot
from export.runtime.pixels import from_pixels
from export.runtime.providers import CPU
from export.runtime.session import make_session
from export.safety.checks import check_discriminator_signature, read_model

DISCRIMINATOR_FILE = "discriminator.onnx"
"""Name of the exported discriminator in a run directory."""


@dataclass(frozen=True)
class Discriminator:
    """An open discriminator. Only one thread at a time may call it."""

    path: Path
    info: DiscriminatorInfo
    session: onnxruntime.InferenceSession

    def score(self, pixels: UInt8, y: Float32 | None = None) -> Float32:
        """Return a score for each image, float32 [n]: higher for images that look real.

        pixels: uint8 [n, height, width] (grey) or [n, height, width, 3] (RGB). y: class weights, float32 [n, classes],
        for a conditional discriminator; see `class_weights`.
        Raises ValueError if an argument has a wrong shape or type, and ExportError if the run fails.
        """
        info = self.info
        shape = (len(pixels), info.height, info.width, *((3,) if info.channels == 3 else ()))
        if pixels.dtype != np.uint8 or pixels.shape != shape:
            raise ValueError(f"pixels must be uint8 {list(shape)}, not {pixels.dtype} {list(pixels.shape)}")
        if (y is not None) != info.conditional or (y is not None and y.shape != (len(pixels), len(info.classes))):
            raise ValueError(f"the discriminator takes class weights for {len(info.classes)} classes")
        images = from_pixels(pixels[:, None] if info.channels == 1 else pixels.transpose(0, 3, 1, 2))
        scores = np.empty(len(pixels), np.float32)
        for start, stop, _ in cut(len(pixels), ()):
            feeds = {IMAGE: np.ascontiguousarray(images[start:stop])}
            if y is not None:
                feeds[CLASS_WEIGHTS] = y[start:stop]
            try:
                scores[start:stop] = self.session.run([SCORE], feeds)[0]
            except Exception as error:  # onnxruntime's exceptions share no base class
                raise ExportError(
                    f"{self.path} failed to run: its graph does not do what its metadata promises."
                ) from error
        return scores

    def realism(self, pixels: UInt8, y: Float32 | None = None) -> Float32:
        """Return the probability that each image is real, float32 [n]; arguments as in `score`.

        It is calibrated for as many real images as generated ones.
        """
        return calibrated(self.score(pixels, y), self.info.slope, self.info.intercept)

    def class_weights(self, names: Sequence[str], labels: Int64) -> Float32 | None:
        """Return class weights for labels of a generator with these class names; None if no class is taken."""
        if not self.info.conditional:
            return None
        numbers = np.array([self.info.classes.index(name) for name in names], np.int64)
        return one_hot(numbers[labels], len(self.info.classes))


def calibrated(scores: Float32, slope: float, intercept: float) -> Float32:
    """Return the probability of "real" for scores of any shape."""
    logits = np.clip(slope * scores.astype(np.float64) + intercept, -60, 60)
    probabilities: Float32 = (1 / (1 + np.exp(-logits))).astype(np.float32)
    return probabilities


def check_discriminator(info: GeneratorInfo, discriminator: Discriminator) -> None:
    """Raise ExportError if the discriminator cannot judge this generator's images."""
    judged = discriminator.info
    own, other = ((each.channels, each.height, each.width) for each in (info, judged))
    if own != other:
        raise ExportError(
            f"{discriminator.path} takes images of {judged.width}x{judged.height} pixels in {judged.channels} "
            f"channels, and this generator makes {info.width}x{info.height} in {info.channels}: use the discriminator "
            "of the same run."
        )
    if judged.conditional and (not info.conditional or not set(info.classes) <= set(judged.classes)):
        raise ExportError(
            f"{discriminator.path} judges the classes {', '.join(judged.classes[:12])}, and this generator has "
            f"{', '.join(info.classes[:12]) or 'none'}: use the discriminator of the same run."
        )


def open_discriminator(path: Path, threads: int = 0) -> Discriminator:
    """Check the file at `path`, or the one in the run directory `path`, and open it on the CPU.

    threads: CPU threads per call; 0 for as many as this process may use.
    Raises ModelRefused if the file is unsafe or not a discriminator, and ExportError if it cannot be read.
    """
    file = path / DISCRIMINATOR_FILE if path.is_dir() else path
    if not file.is_file():
        raise ExportError(
            f"There is no discriminator {file}: export one with `python -m export.onnx RUN_DIR --discriminator`."
        )
    try:
        model = read_model(file)
        info = check_discriminator_signature(model)
    except OSError as error:
        raise ExportError(f"{file} cannot be read: {explain_read(error)}") from error
    except ContractError as error:
        raise ModelRefused(f"{file} cannot judge images: {error}") from error
    return Discriminator(file, info, make_session(model, file, CPU, threads))
