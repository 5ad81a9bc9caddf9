"""Measure generated digits as training data: `python -m bench.downstream [MODEL.onnx] [--epochs E] [--json FILE]`.

The classifier that the scores use is trained on real digits, on generated ones, on a few real ones, and on a few real
ones together with generated ones, each time on about as many images in total. Its accuracy on the real test set is
compared. The generated digits are what `python -m export.sample` writes.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from digitforge.bundled import BUNDLED_MODEL
from digitforge.errors import ExportError, exit_status
from digitforge.files import write_json
from trainer.data import datasets
from trainer.data.datasets import Source
from trainer.scoring.classifier import accuracy, train_classifier

BATCH = 128


def generate(model: Path, count: int, seed: int, like: Source) -> Source:
    """Return `count` generated images, the classes in turn, as a data set in the format of `like`."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "generated.npz"
        command = (sys.executable, "-m", "export.sample", str(model), "--count", str(count), "--seed", str(seed))
        if subprocess.run([*command, "--out", str(out)], check=False).returncode:
            raise ExportError(f"{model} could not be sampled.")
        with np.load(out) as arrays:
            return replace(like, images=arrays["images"][:, None], labels=arrays["labels"], known_sha256="")


def few(source: Source, per_class: int) -> Source:
    """Return the first `per_class` images of each class, in the set's order."""
    of_classes = (np.flatnonzero(source.labels == label) for label in range(len(source.format.classes)))
    chosen = np.sort(np.concatenate([positions[:per_class] for positions in of_classes]))
    return replace(source, images=source.images[chosen], labels=source.labels[chosen], known_sha256="")


def both(one: Source, other: Source) -> Source:
    """Return the images of both sets as one set."""
    return replace(
        one, known_sha256="",
        images=np.concatenate([one.images, other.images]), labels=np.concatenate([one.labels, other.labels]),
    )  # fmt: skip


def command(given: argparse.Namespace) -> None:
    """Train the classifiers, and print and write their accuracies."""
    console = Console(soft_wrap=True)
    real, test = (datasets.load("mnist", given.data_dir, split) for split in ("train", "test"))
    generated = generate(given.model, given.count, 0, real)
    some = few(real, given.per_class)
    sets = {
        "real": real, "generated": generated, f"{given.per_class} real of each class": some,
        f"{given.per_class} real of each class and generated": both(some, generated),
    }  # fmt: skip
    table = Table("trained on", "images", "accuracy on the test set", "of each seed")
    accuracies: dict[str, list[float]] = {}
    for name, source in sets.items():
        epochs = max(round(given.epochs * len(real.images) / len(source.images)), 1)
        console.print(f"{name}: {len(source.images):,} images, {epochs} epochs")
        accuracies[name] = [accuracy(train_classifier(source, epochs, BATCH, seed), test) for seed in given.seeds]
        of_each = ", ".join(f"{value:.2%}" for value in accuracies[name])
        table.add_row(name, f"{len(source.images):,}", f"{np.mean(accuracies[name]):.2%}", of_each)
        if given.json:
            facts = {"model": given.model.name, "epochs": given.epochs, "count": given.count, "seeds": given.seeds}
            write_json(given.json, facts | {"accuracy": accuracies})
    console.print(table)
    print(f"accuracy, generated / real: {np.mean(accuracies['generated']) / np.mean(accuracies['real']):.3f}")


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.downstream", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", nargs="?", type=Path, default=BUNDLED_MODEL, metavar="MODEL.onnx")
    parser.add_argument("--count", type=int, default=60_000, help="number of generated images; default: %(default)s")
    parser.add_argument(
        "--per-class", type=int, default=100, help="real images of the small sets; default: %(default)s"
    )
    parser.add_argument("--epochs", type=int, default=4, help="epochs on 60,000 images; default: %(default)s")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1], help="one training each; default: 0 1")
    parser.add_argument("--data-dir", type=Path, metavar="DIR", help="folder with MNIST")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the accuracies there")
    given = parser.parse_args(arguments)
    return exit_status(lambda: command(given))


if __name__ == "__main__":
    sys.exit(main())
