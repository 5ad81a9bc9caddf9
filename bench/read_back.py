"""How many generated digits read as asked: `python -m bench.read_back MODEL.onnx [--count N] [--json FILE]`.

Generates labelled digits, lets the bundled MNIST classifier read them, and prints for each digit how many were read
as asked, with the Fréchet distance to the test images and its floor: that of as many training images.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from rich.table import Table

from export.contract import ExportError
from export.runtime import find_model, open_generator
from export.sample import generate
from trainer.data import sources
from trainer.errors import TrainerError
from trainer.networks.classifier import load_classifier, read
from trainer.scoring.fidelity import frechet_distance


def measure(model: Path, data_dir: Path | None, count: int, seed: int) -> dict[str, object]:
    """The figures of the generator in `model`, as JSON values."""
    classifier, _ = load_classifier()
    chunks = list(generate(open_generator(find_model(model)), count, seed))
    asked = torch.from_numpy(np.concatenate([labels for _, labels in chunks]))
    images = torch.from_numpy(np.concatenate([pixels for pixels, _ in chunks]))[:, None]
    logits, features = read(classifier, images)
    digits = logits.argmax(dim=1)
    test, train = (sources.load("mnist", data_dir, split) for split in ("test", "train"))
    shuffled = np.random.Generator(np.random.PCG64(seed)).permutation(len(train.images))
    _, test_features = read(classifier, torch.from_numpy(test.images.copy()))
    _, train_features = read(classifier, torch.from_numpy(train.images[shuffled[:count]]))
    return {
        "model": model.name,
        "count": count,
        "seed": seed,
        "asked": torch.bincount(asked.clamp(min=0), minlength=10).tolist(),
        "read_as_asked": torch.bincount(asked[digits == asked], minlength=10).tolist(),
        "read": torch.bincount(digits, minlength=10).tolist(),
        "frechet_distance": frechet_distance(features, test_features),
        "frechet_distance_floor": frechet_distance(train_features, test_features),
        "conditional_accuracy": float((digits == asked).float().mean()),
    }


def main() -> int:
    """Run the command; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    try:
        figures = measure(given.model, given.data_dir, given.count, given.seed)
    except (ExportError, TrainerError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    table = Table("digit", "asked", "read as asked", title=f"{given.model}, {given.count:,} digits")
    for digit, (asked, right) in enumerate(zip(figures["asked"], figures["read_as_asked"], strict=True)):  # type: ignore[call-overload]
        table.add_row(str(digit), f"{asked:,}", f"{right:,}")
    console = Console()
    console.print(table)
    console.print(
        f"Fréchet distance {figures['frechet_distance']:.3f} (floor {figures['frechet_distance_floor']:.3f})\n"
        f"read as asked: {figures['conditional_accuracy']:.4f}"
    )
    if given.json:
        given.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
