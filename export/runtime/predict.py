"""Predict the classes of generated images with an ONNX classifier, without torch."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime

from digitforge.errors import ModelRefused
from export.runtime.arrays import Float32, UInt8
from export.runtime.providers import CPU
from export.runtime.session import make_session
from export.safety.checks import read_model

BUNDLED_CLASSIFIER = Path(__file__).with_name("classifier.onnx")
"""A classifier for digits of 28x28 pixels; `classifier.md` beside it says where it comes from."""
KIND = "classifier"
INPUT, PROBABILITIES, FEATURES = "pixels", "probabilities", "features"
BATCH = 500


@dataclass(frozen=True)
class Classifier:
    """An open classifier."""

    classes: tuple[str, ...]
    pixels_shape: tuple[int, ...]
    """Shape of one image: (H, W) or (H, W, 3)."""
    weights_sha256: str
    """Hash of the weights that it was exported from; it identifies the features."""
    session: onnxruntime.InferenceSession

    def predict(self, pixels: UInt8) -> tuple[Float32, Float32]:
        """Return probabilities [n, classes] and features [n, features] of uint8 images [n, H, W] or [n, H, W, 3].

        Raises ModelRefused if the images have another shape.
        """
        if pixels.shape[1:] != self.pixels_shape:
            raise ModelRefused(f"The classifier takes images of {self.pixels_shape}, not of {pixels.shape[1:]}.")
        starts = range(0, max(len(pixels), 1), BATCH)
        parts = [self.session.run(None, {INPUT: pixels[start : start + BATCH]}) for start in starts]
        probabilities, features = (np.concatenate(outputs) for outputs in zip(*parts, strict=True))
        return probabilities, features


def open_classifier(path: Path = BUNDLED_CLASSIFIER, threads: int = 0) -> Classifier:
    """Check the file at `path` and open it on the CPU.

    threads: CPU threads per call; 0 for as many as this process may use.
    Raises ModelRefused if the file is unsafe or not a classifier.
    """
    if not path.is_file():
        raise ModelRefused(f"There is no classifier {path}: make one with `python -m export.classifier`.")
    model = read_model(path)
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    names = [value.name for value in (*model.graph.input, *model.graph.output)]
    if metadata.get("digitforge_kind") != KIND or names != [INPUT, PROBABILITIES, FEATURES]:
        raise ModelRefused(f"{path} is not a classifier that digitforge exported.")
    shape = tuple(dim.dim_value for dim in model.graph.input[0].type.tensor_type.shape.dim[1:])
    try:
        classes = tuple(json.loads(metadata["classes"]))
        weights = metadata["weights_sha256"]
    except (KeyError, TypeError, ValueError) as error:
        raise ModelRefused(f"{path} does not say which classes it knows: export it again.") from error
    return Classifier(classes, shape, weights, make_session(model, path, CPU, threads))
