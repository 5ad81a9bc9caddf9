"""What generated digits are good for: `python -m bench.downstream [MODEL.onnx] [--epochs E] [--json FILE]`.

The classifier of the scores, trained on real, on generated, on few real, and on few real and generated digits, on
about as many images in all, and then asked to read the real test set. The generated ones are what
`python -m export.sample` writes.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from digitforge.bundled import BUNDLED_MODEL
from digitforge.errors import TrainerError
from digitforge.files import write_text
from trainer.data import datasets
from trainer.data.datasets import Source
from trainer.scoring.classifier import accuracy, train_classifier

BATCH = 128


def generate(model: Path, count: int, seed: int, like: Source) -> Source:
    """`count` generated images with the classes in turn, as a data set like another."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "generated.npz"
        command = (sys.executable, "-m", "export.sample", str(model), "--count", str(count), "--seed", str(seed))
        subprocess.run([*command, "--out", str(out)], check=True)
        with np.load(out) as arrays:
            return replace(like, images=arrays["images"][:, None], labels=arrays["labels"], known_sha256="")


def few(source: Source, per_class: int) -> Source:
    """The first `per_class` images of each class, in the set's order."""
    of_classes = (np.flatnonzero(source.labels == label) for label in range(len(source.format.classes)))
    chosen = np.sort(np.concatenate([positions[:per_class] for positions in of_classes]))
    return replace(source, images=source.images[chosen], labels=source.labels[chosen], known_sha256="")


def both(one: Source, other: Source) -> Source:
    """The images of both."""
    return replace(
        one, known_sha256="",
        images=np.concatenate([one.images, other.images]), labels=np.concatenate([one.labels, other.labels]),
    )  # fmt: skip


def main() -> int:
    """Run the command; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", nargs="?", type=Path, default=BUNDLED_MODEL, metavar="MODEL.onnx")
    parser.add_argument("--count", type=int, default=60_000, help="generated images; default %(default)s")
    parser.add_argument("--per-class", type=int, default=100, help="of the few real ones; default %(default)s")
    parser.add_argument("--epochs", type=int, default=4, help="over 60,000 images; default %(default)s")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1], help="default %(default)s")
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--json", type=Path, help="write the figures there")
    given = parser.parse_args()
    console = Console(soft_wrap=True)
    try:
        real, test = (datasets.load("mnist", given.data_dir, split) for split in ("train", "test"))
        made = generate(given.model, given.count, 0, real)
    except (TrainerError, subprocess.CalledProcessError) as error:
        console.print(f"[bold red]error:[/] {error}")
        return 2
    some = few(real, given.per_class)
    sets = {
        "real": real, "generated": made, f"{given.per_class} real of each class": some,
        f"{given.per_class} real of each class and generated": both(some, made),
    }  # fmt: skip
    table = Table("trained on", "images", "accuracy on the test set", "of each seed")
    found: dict[str, list[float]] = {}
    for name, source in sets.items():
        epochs = max(round(given.epochs * len(real.images) / len(source.images)), 1)
        console.print(f"{name}: {len(source.images):,} images, {epochs} epochs")
        found[name] = [accuracy(train_classifier(source, epochs, BATCH, seed), test) for seed in given.seeds]
        of_each = ", ".join(f"{value:.2%}" for value in found[name])
        table.add_row(name, f"{len(source.images):,}", f"{np.mean(found[name]):.2%}", of_each)
        if given.json:
            facts = {"model": given.model.name, "epochs": given.epochs, "count": given.count, "seeds": given.seeds}
            write_text(given.json, json.dumps(facts | {"accuracy": found}, indent=1) + "\n")
    console.print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
