"""Train the classifier that scores use: `python -m trainer.scoring.classifier [--dataset D] [--out FILE]`.

Its last hidden layer is the feature space of the scores. Its accuracy on the test images is written to a card beside
the weights. With --dataset and --out, the command trains a classifier for any labelled data set.
"""

from __future__ import annotations

import argparse
import shlex
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import torch
import torch.nn.functional as F
from rich.console import Console
from torch import Tensor

from digitforge import files, hashing
from digitforge.datasets import public_name
from digitforge.errors import DataError, exit_status
from digitforge.files import user_path
from digitforge.progress import bar
from trainer import augment
from trainer.config import Crop, Invert
from trainer.data import datasets
from trainer.data.datasets import Source
from trainer.ema import Ema, decay
from trainer.networks.judge import BUNDLED, Classifier, ClassifierCard, predict, save_classifier
from trainer.networks.pixels import from_pixels
from trainer.seeding import Draws, stream

DISTORTION = "rotate:12,scale:0.12,shear:8,shift:0.07"
PEAK_RATE = 4e-3
HALFLIFE_IMAGES = 40_000


Show = Callable[[int, int], None]
"""Called with the number of steps that are done, and of all."""


def train_classifier(
    source: Source, epochs: int, batch_size: int, seed: int, show: Show = lambda _done, _all: None
) -> Classifier:
    """Train on the labelled images of `source`, slightly distorted; return averaged weights."""
    labels = torch.from_numpy(source.labels)
    distortion = augment.parse(DISTORTION)

    def loss(model: Classifier, images: Tensor, chosen: Tensor, draws: Draws) -> Tensor:
        distorted = augment.augment(images, distortion, 1.0, draws, "classifier")
        with torch.autocast("cpu", torch.bfloat16):
            logits, _ = model(distorted)
        return F.cross_entropy(logits.float(), labels[chosen], label_smoothing=0.05)

    rows = (labels >= 0).nonzero().squeeze(1)
    return fit(source, rows, len(source.format.classes), loss, epochs, batch_size, seed, show)


def fit(
    source: Source,
    rows: Tensor,
    outputs: int,
    loss_of: Callable[[Classifier, Tensor, Tensor, Draws], Tensor],
    epochs: int,
    batch_size: int,
    seed: int,
    show: Show,
) -> Classifier:
    """Train a classifier with a one-cycle learning rate, and return its averaged weights.

    rows: indices of the images to train on. outputs: of the last layer. loss_of: (model, images in [-1, 1], their
    indices, random numbers) -> the loss of a batch.
    """
    torch.manual_seed(seed)
    cpu = torch.device("cpu")
    model = Classifier(source.format.channels, outputs, source.format.size).to(memory_format=torch.channels_last)
    average = Ema(model)
    optimizer = torch.optim.AdamW(model.parameters(), lr=PEAK_RATE, weight_decay=0.05, fused=True)
    per_epoch = len(rows) // batch_size
    steps = epochs * per_epoch
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, PEAK_RATE, total_steps=steps)
    images = torch.from_numpy(source.images.copy())
    for step in range(steps):
        show(step, steps)
        epoch, batch = divmod(step, per_epoch)
        if batch == 0:
            order = rows[torch.randperm(len(rows), generator=stream(cpu, seed, "epoch", epoch))]
        chosen = order[batch * batch_size : (batch + 1) * batch_size]
        loss = loss_of(model, from_pixels(images[chosen]), chosen, Draws(cpu, seed, step, batch_size, slice(None)))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        average.update(model, decay(batch_size, step * batch_size, HALFLIFE_IMAGES, warmup=0.05))
    assert isinstance(average.module, Classifier)
    return average.module


def accuracy(model: Classifier, source: Source) -> float:
    """Return the share of the source's labelled images that are classified as labelled."""
    labels = torch.from_numpy(source.labels)
    logits, _ = predict(model, torch.from_numpy(source.images.copy()))
    return float((logits.argmax(dim=1) == labels)[labels >= 0].float().mean())


def describe(path: Path, card: ClassifierCard, judged: str, count: int, command: str, minutes: float) -> str:
    """Return the text of the card beside the weights. judged: the images that `card.accuracy` is measured on."""
    digest, threads = hashing.sha256(path), torch.get_num_threads()
    return f"""# {path.name}

The classifier (`trainer/networks/judge.py`) whose features and predictions scores are computed from.

- data: {card.dataset}, {count:,} training images, augmented with {DISTORTION}
- classes: {", ".join(card.images.classes)}
- command: `{command}`, {minutes:.1f} minutes on {threads} CPU thread{"s" if threads > 1 else ""}
- accuracy on {judged}: {card.accuracy:.2%}
- sha256: `{digest}`
"""


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m trainer.scoring.classifier",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--dataset", default="mnist", help="A labelled data set; default: %(default)s.")
    parser.add_argument("--data-dir", type=user_path, help="Folder that holds the data set.")
    parser.add_argument(
        "--image-size", type=int, default=0, help="Resize images to this many pixels a side; 0 keeps their size."
    )
    parser.add_argument("--crop", choices=get_args(Crop), default="square", help="See trainer/train.py --help.")
    parser.add_argument("--invert", choices=get_args(Invert), default="false", help="See trainer/train.py --help.")
    parser.add_argument("--out", type=user_path, help="File for the weights; default, for mnist only: the bundled one.")
    parser.add_argument("--epochs", type=int, default=16, help="Passes over the data; default: %(default)s.")
    parser.add_argument("--batch-size", type=int, default=128, help="Default: %(default)s.")
    parser.add_argument("--seed", type=int, default=0, help="Default: %(default)s.")
    given = parser.parse_args(arguments)
    return exit_status(lambda: _train_and_write(given))


def _train_and_write(given: argparse.Namespace) -> None:
    if given.epochs < 1 or given.batch_size < 2 or given.image_size < 0 or 0 < given.image_size < 8:
        raise DataError("--epochs must be at least 1, --batch-size at least 2, and --image-size 0 or at least 8.")
    if not given.out and (given.dataset, given.image_size, given.invert) != ("mnist", 0, "false"):
        raise DataError("Name the file to write, as in --out classifier.safetensors.")
    out = given.out or BUNDLED
    source, test = (
        datasets.load(
            given.dataset, given.data_dir, split, image_size=given.image_size, crop=given.crop, invert=given.invert
        ).labelled()
        for split in ("train", "test")
    )
    if not source.format.classes:
        raise DataError(f"{given.dataset} has no labels, and a classifier cannot be trained without them.")
    began = time.monotonic()
    batch_size = min(given.batch_size, len(source.images))
    with bar(Console(stderr=True), "training the classifier") as progress:

        def show(done: int, steps: int) -> None:
            progress.show(done, steps, "training the classifier")

        model = train_classifier(source, given.epochs, batch_size, given.seed, show)
    minutes = (time.monotonic() - began) / 60
    judged = (
        "the test images" if test.sha256 != source.sha256 else "the training images (the data set has no test images)"
    )
    card = ClassifierCard(public_name(source.dataset), source.format, source.sha256, accuracy(model, test))
    save_classifier(out, model, card)
    command = (
        f"python -m trainer.scoring.classifier --dataset {shlex.quote(card.dataset)} --epochs {given.epochs} "
        f"--batch-size {given.batch_size} --seed {given.seed}"
        + (f" --image-size {given.image_size}" if given.image_size else "")
        + (f" --crop {given.crop}" if given.crop != "square" else "")
        + (f" --invert {given.invert}" if given.invert != "false" else "")
    )
    files.write_text(out.with_suffix(".md"), describe(out, card, judged, len(source.images), command, minutes))
    print(f"{out}: accuracy {card.accuracy:.2%} on {judged}, after {minutes:.1f} minutes")


if __name__ == "__main__":
    sys.exit(main())
