"""Reading generated images by a classifier in ONNX, without torch."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from digitforge.errors import ModelRefused
from export.runtime.providers import CPU
from export.runtime.session import make_session
from export.safety.checks import read_model

BUNDLED_CLASSIFIER = Path(__file__).with_name("classifier.onnx")
"""Reads digits of 28x28 pixels; a card lies beside it."""
KIND = "classifier"
INPUT, PROBABILITIES, FEATURES = "pixels", "probabilities", "features"
BATCH = 500


@dataclass(frozen=True)
class Reader:
    """An opened classifier."""

    classes: tuple[str, ...]
    pixels_shape: tuple[int, ...]
    """Of one image: (H, W) or (H, W, 3)."""
    weights_sha256: str
    """Of the weights that it was exported from: the name of its features."""
    session: Any

    def read(self, pixels: npt.NDArray[np.uint8]) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """pixels: uint8 [n, H, W] or [n, H, W, 3] -> probabilities [n, classes], features [n, features].

        Raises ModelRefused for images of another shape.
        """
        if pixels.shape[1:] != self.pixels_shape:
            raise ModelRefused(f"The classifier reads images of {self.pixels_shape}, not of {pixels.shape[1:]}.")
        starts = range(0, max(len(pixels), 1), BATCH)
        parts = [self.session.run(None, {INPUT: pixels[start : start + BATCH]}) for start in starts]
        probabilities, features = (np.concatenate(outputs) for outputs in zip(*parts, strict=True))
        return probabilities, features


def open_classifier(path: Path = BUNDLED_CLASSIFIER, threads: int = 0) -> Reader:
    """Check the file at `path` and open it on the CPU. Raises ModelRefused where it is no classifier."""
    if not path.is_file():
        raise ModelRefused(f"There is no classifier {path}: make one with `python -m export.classifier`.")
    model = read_model(path)
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    names = [value.name for value in (*model.graph.input, *model.graph.output)]
    if metadata.get("digitforge_kind") != KIND or names != [INPUT, PROBABILITIES, FEATURES]:
        raise ModelRefused(f"{path} is not a classifier of digitforge.")
    shape = tuple(dim.dim_value for dim in model.graph.input[0].type.tensor_type.shape.dim[1:])
    try:
        classes = tuple(json.loads(metadata["classes"]))
        weights = metadata["weights_sha256"]
    except (KeyError, TypeError, ValueError) as error:
        raise ModelRefused(f"{path} does not say which classes it reads.") from error
    return Reader(classes, shape, weights, make_session(model, path, CPU, threads))
