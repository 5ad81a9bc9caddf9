"""Export a classifier to ONNX: `python -m export.classifier [FILE.safetensors] [--out FILE]`.

It is for what runs without torch. The file is renamed into place only after onnxruntime has agreed with torch on it.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from digitforge.errors import ExportError, exit_status
from digitforge.files import atomic_file
from digitforge.hashing import sha256
from export.convert.graph import to_onnx, write
from export.runtime.predict import BUNDLED_CLASSIFIER, FEATURES, INPUT, KIND, PROBABILITIES, open_classifier
from trainer.networks.judge import BUNDLED, load_classifier
from trainer.networks.pixels import from_pixels

TOLERANCE = 1e-4
"""Largest allowed difference of a probability or a feature, relative to the largest."""


class Exportable(nn.Module):
    """Pixels as the generator's file gives them -> probabilities and features."""

    def __init__(self, classifier: nn.Module) -> None:
        super().__init__()
        self.classifier = classifier

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """pixels: uint8 [batch, H, W] or [batch, H, W, 3] -> [batch, classes], [batch, features]."""
        images = pixels.unsqueeze(1) if pixels.dim() == 3 else pixels.permute(0, 3, 1, 2)
        logits, features = self.classifier(from_pixels(images))
        return logits.softmax(dim=1), features


def export_classifier(weights: Path, out: Path) -> None:
    """Write the classifier in `weights` to `out`, verified. Raises DataError or ExportError."""
    model, card = load_classifier(weights)
    exportable = Exportable(model).eval()
    size, channels = card.images.size, card.images.channels
    shape = (64, size, size) if channels == 1 else (64, size, size, channels)
    pixels = torch.from_numpy(np.random.default_rng(0).integers(0, 256, shape, np.uint8))
    metadata = {
        "digitforge_kind": KIND,
        "classes": json.dumps(card.images.classes),
        "dataset": card.dataset,
        "accuracy": f"{card.accuracy:.4f}",
        "weights_sha256": sha256(weights),
    }
    with atomic_file(out) as temporary:
        write(to_onnx(exportable, {INPUT: pixels[:2]}, [PROBABILITIES, FEATURES]), metadata, temporary)
        with torch.no_grad():
            expected = [output.numpy() for output in exportable(pixels)]
        for name, mine, theirs in zip(
            (PROBABILITIES, FEATURES), expected, open_classifier(temporary).read(pixels.numpy()), strict=True
        ):
            error = float(np.abs(mine - theirs).max() / np.abs(mine).max())
            if not error <= TOLERANCE:
                raise ExportError(
                    f"onnxruntime computes other {name} than torch (by {error:.1g}): nothing was written."
                )


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m export.classifier", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("weights", type=Path, nargs="?", default=BUNDLED, help="default: the bundled one for digits")
    parser.add_argument("--out", type=Path, default=BUNDLED_CLASSIFIER, help="default: the bundled file")
    given = parser.parse_args(arguments)

    def command() -> None:
        if given.weights.resolve() != BUNDLED and given.out.resolve() == BUNDLED_CLASSIFIER:
            raise ExportError("Name the file to write with --out: the bundled one is for digits.")
        export_classifier(given.weights, given.out)
        print(f"{given.out}: {given.out.stat().st_size / 2**20:.2f} MiB, verified against torch")

    return exit_status(command)


if __name__ == "__main__":
    sys.exit(main())
