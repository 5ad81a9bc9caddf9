"""Export a trained classifier to one ONNX file that is verified against torch."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from digitforge.datasets import public_name
from digitforge.errors import ExportError
from digitforge.files import atomic_file
from digitforge.hashing import sha256
from export.convert.graph import to_onnx
from export.convert.writing import write
from export.runtime.predict import BUNDLED_CLASSIFIER, FEATURES, INPUT, KIND, PROBABILITIES, open_classifier
from trainer.networks.judge import BUNDLED, load_classifier
from trainer.networks.pixels import from_pixels

TOLERANCE = 1e-4
"""Largest allowed error of a probability or a feature, relative to the largest value."""


class Exportable(nn.Module):
    """A classifier that takes pixels as a generator's file returns them: pixels -> (probabilities, features)."""

    def __init__(self, classifier: nn.Module) -> None:
        super().__init__()
        self.classifier = classifier

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """Return [batch, classes] and [batch, features] for uint8 pixels [batch, H, W] or [batch, H, W, 3]."""
        images = pixels.unsqueeze(1) if pixels.dim() == 3 else pixels.permute(0, 3, 1, 2)
        logits, features = self.classifier(from_pixels(images))
        return logits.softmax(dim=1), features


def export_classifier(weights: Path | None, out: Path) -> None:
    """Export the classifier in `weights` to `out` and verify the file before it takes that name.

    weights: None for those of the bundled classifier.
    Raises DataError if the weights are unusable, and ExportError if the file does not compute what torch does or if
    another classifier would replace the bundled one.
    """
    weights = weights or BUNDLED
    if weights.resolve() != BUNDLED and out.resolve() == BUNDLED_CLASSIFIER:
        raise ExportError("The bundled classifier must not be replaced by another one: name a file with --out.")
    model, card = load_classifier(weights)
    if not card.images.classes:
        raise ExportError(f"{weights} tells no classes apart, as its images had no labels: it cannot be exported.")
    exportable = Exportable(model).eval()
    size, channels = card.images.size, card.images.channels
    shape = (64, size, size) if channels == 1 else (64, size, size, channels)
    pixels = torch.from_numpy(np.random.default_rng(0).integers(0, 256, shape, np.uint8))
    metadata = {
        "digitforge_kind": KIND,
        "classes": json.dumps(card.images.classes),
        "dataset": public_name(card.dataset),
        "accuracy": f"{card.accuracy:.4f}",
        "weights_sha256": sha256(weights),
    }
    with atomic_file(out) as temporary:
        write(to_onnx(exportable, {INPUT: pixels[:2]}, [PROBABILITIES, FEATURES]), metadata, temporary)
        with torch.no_grad():
            expected = [output.numpy() for output in exportable(pixels)]
        actual = open_classifier(temporary).predict(pixels.numpy())
        for name, ours, theirs in zip((PROBABILITIES, FEATURES), expected, actual, strict=True):
            error = float(np.abs(ours - theirs).max() / np.abs(ours).max())
            if not error <= TOLERANCE:
                raise ExportError(f"onnxruntime computes {name} that differ from torch's by {error:.1g}: "
                                  "no file was written.")  # fmt: skip
