"""Measure what a start is worth with few pictures: `python -m bench.fine_tuning --start RUN SET ... [--json FILE]`.

Each SET is a labelled --dataset. For 10, 30 and 100 pictures of each class, `quickstart` is trained with random
networks and with those of RUN (`--init-from`), with layers of the discriminator kept (`--freeze-d`), and with adaptive
augmentation. Along each training, a classifier that has seen the whole set says which share of the generated pictures
it reads as the class that was requested.

Trainings that the JSON file already holds are not repeated, so that a series can be done in parts.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from rich.console import Console
from rich.table import Table
from torch import nn

from bench.small_data import CHANGES, TARGET
from digitforge.errors import DataError, exit_status
from digitforge.files import user_path, write_json
from trainer import launch, runs
from trainer.config import TrainConfig
from trainer.data import datasets, subset
from trainer.data.batches import Batches
from trainer.data.datasets import Source
from trainer.loop import train
from trainer.networks.judge import Classifier, predict
from trainer.networks.pixels import to_pixels
from trainer.origin import open_origin, transfer
from trainer.presets import configure
from trainer.report.log import read_log
from trainer.report.pictures import COLUMNS, save_samples
from trainer.report.reporter import Reporter
from trainer.scoring.classifier import accuracy, train_classifier
from trainer.state import Run, build_networks

PER_CLASS = (10, 30, 100)
ADAPTIVE = {"augment": CHANGES, "augment_target": float(TARGET)}
FREEZE: dict[str, Any] = {"freeze_d": 2}
VARIANTS: dict[str, tuple[bool, dict[str, Any]]] = {
    "random": (False, {}),
    "random, adaptive": (False, ADAPTIVE),
    "start": (True, {}),
    "start, adaptive": (True, ADAPTIVE),
    "start, frozen": (True, FREEZE),
    "start, frozen, adaptive": (True, FREEZE | ADAPTIVE),
}
"""Whether a training begins with the other run's networks, and what else it sets, by its name in the tables."""
RECOGNISABLE = 0.8
"""Share of the generated pictures that must be read as requested."""
DRAWN = 500
"""Number of generated pictures that are read, at least."""


class Judge(NamedTuple):
    """What reads the generated pictures of a set."""

    classifier: Classifier
    accuracy: float
    """Share of the real pictures that it reads as labelled. It was trained on them, so that none are wasted."""


def of_each(source: Source, count: int) -> Source:
    """Return `count` pictures of each class, the same ones every time."""
    classes = len(source.format.classes)
    if np.bincount(source.labels, minlength=classes).min() < count:
        raise DataError(f"{source.dataset} has fewer than {count} pictures of some classes.")
    labels = subset.withhold(source.labels, classes, count * classes)
    return replace(source, labels=labels, known_sha256="").labelled()


def share_read(judge: Judge, config: TrainConfig, classes: int) -> Callable[[nn.Module], dict[str, float]]:
    """Return a function of a generator: the share of its pictures that are read as requested, as "read"."""
    each = -(-DRAWN // classes)
    requested = torch.arange(classes).repeat(each)
    z = torch.randn(len(requested), config.latent_size, generator=torch.Generator().manual_seed(0))

    @torch.no_grad()
    def share(generator: nn.Module) -> dict[str, float]:
        device = next(generator.parameters()).device
        pictures = generator(z.to(device), F.one_hot(requested, classes).float().to(device))
        logits, _ = predict(judge.classifier, to_pixels(pictures).cpu())
        return {"read": float((logits.argmax(dim=1) == requested).float().mean())}

    return share


def measure(source: Source, judge: Judge, variant: str, given: argparse.Namespace) -> dict[str, Any]:
    """Train once. Returns the curve [images, share read] and the speed; writes a picture of the generated images."""
    starts, settings = VARIANTS[variant]
    every = given.images // given.scores
    config = configure("quickstart", {
        "images": given.images, "score_every": every, "log_every": every, "sample_every": 10**9,
        "checkpoint_every": 10**9, "init_from": str(given.start) if starts else "", **settings,
    })  # fmt: skip
    accelerator = launch.start(config)
    networks = build_networks(config, source.format, accelerator)
    if starts:
        transfer(open_origin(config), networks, source.format)
    batches = Batches(source, accelerator.device, config.batch_size, config.seed, config.conditional, config.store)
    classes = len(source.format.classes)
    with tempfile.TemporaryDirectory() as folder:
        run_dir = Path(folder)
        console = Console(quiet=True)
        runs.create(run_dir, runs.RunRecord(config, source.format, source.sha256, fell_back=False))
        reporter = Reporter(run_dir, config, source.format, accelerator.device, console, True, lambda *_: None)
        score = share_read(judge, config, classes)
        train(Run(config, batches, networks, accelerator), run_dir, reporter, lambda: False, score)
        reporter.stop()
        points, _ = read_log(run_dir / "log.jsonl")
    speeds = [point["images_per_s"] for point in points if "images_per_s" in point]
    if given.pictures:
        given.pictures.mkdir(parents=True, exist_ok=True)
        name = f"{datasets.short_name(source.dataset)}-{len(source.images) // classes}-{variant.replace(', ', '-')}"
        picture(networks.ema.module, config, classes, given.pictures / f"{name}.png")
    curve = [[int(point["images"]), round(point["read"], 3)] for point in points if "read" in point]
    return {"curve": curve, "images_per_s": round(float(np.median(speeds)))}


def picture(generator: nn.Module, config: TrainConfig, classes: int, path: Path) -> None:
    """Draw four images of each of the first classes, one class in each column."""
    y = F.one_hot(torch.arange(4 * COLUMNS) % COLUMNS % classes, classes).float()
    z = torch.randn(len(y), config.latent_size, generator=torch.Generator().manual_seed(1))
    save_samples(path, generator, (z, y))


def images_until(curve: list[list[float]], share: float) -> float | None:
    """Return the images seen when the share read first reached `share`, between scores; None if it never did."""
    before = (0.0, 0.0)
    for images, read in curve:
        if read >= share:
            return before[0] + (images - before[0]) * (share - before[1]) / max(read - before[1], 1e-9)
        before = (images, read)
    return None


def show(rows: dict[str, Any], console: Console) -> None:
    """Print a table for each set: images and seconds until recognisable, and the last share."""
    speed = max(row["images_per_s"] for each in rows["sets"].values() for row in each["trainings"].values())
    for name, found in rows["sets"].items():
        table = Table("pictures a class", "training", "images", "seconds", "at the end", title=name)
        for key, row in found["trainings"].items():
            count, _, variant = key.partition(" ")
            images = images_until(row["curve"], RECOGNISABLE)
            until = ("never", "never") if images is None else (f"{images:,.0f}", f"{images / speed:.0f}")
            table.add_row(count, variant, *until, f"{row['curve'][-1][1]:.0%}")
        console.print(table)
        print(f"{name}: the classifier reads {found['classifier']:.1%} of the real pictures as labelled")
    print(f"Seconds are those of {speed:,} images/s, the fastest training here.")


def command(given: argparse.Namespace) -> None:
    """Do the trainings that are missing, and print the table."""
    console = Console(soft_wrap=True)
    rows: dict[str, Any] = json.loads(given.json.read_text()) if given.json and given.json.is_file() else {"sets": {}}
    rows |= {"images": given.images, "recognisable": RECOGNISABLE, "augment": CHANGES, "target": TARGET} | FREEZE
    for dataset in given.sets:
        source = datasets.load(dataset, None, image_size=28, invert="auto", console=console)
        name = datasets.short_name(source.dataset)
        found = rows["sets"].setdefault(name, {"trainings": {}})
        wanted = [(count, variant) for count in given.per_class for variant in given.variants]
        missing = [(count, variant) for count, variant in wanted if f"{count} {variant}" not in found["trainings"]]
        if not missing:
            continue
        classifier = train_classifier(source, given.epochs, 128, 0)
        judge = Judge(classifier, accuracy(classifier, source))
        found["classifier"] = round(judge.accuracy, 4)
        for number, (count, variant) in enumerate(missing, 1):
            row = measure(of_each(source, count), judge, variant, given)
            found["trainings"][f"{count} {variant}"] = row
            last = row["curve"][-1][1]
            console.print(
                f"{name} {number} of {len(missing)}: {count} a class, {variant}: {last:.0%} read as requested"
            )
            if given.json:
                write_json(given.json, rows)
    show(rows, console)


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.fine_tuning", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sets", nargs="+", metavar="SET", help="labelled data sets, as --dataset takes them")
    parser.add_argument("--start", type=user_path, required=True, metavar="RUN", help="as --init-from takes it")
    parser.add_argument("--images", type=int, default=40_000, help="seen by each training; default: %(default)s")
    parser.add_argument("--scores", type=int, default=16, help="along each training; default: %(default)s")
    parser.add_argument("--per-class", type=int, nargs="+", default=PER_CLASS, metavar="N", help="default: 10 30 100")
    parser.add_argument("--variants", nargs="+", choices=VARIANTS, default=list(VARIANTS), help="default: all")
    parser.add_argument("--epochs", type=int, default=16, help="of the classifier; default: %(default)s")
    parser.add_argument("--pictures", type=user_path, metavar="DIR", help="write a picture of each training there")
    parser.add_argument("--json", type=user_path, metavar="FILE", help="write the results there")
    given = parser.parse_args(arguments)
    if given.scores < 1 or given.images < given.scores * 64:
        parser.error("--scores must be at least 1, and --images at least 64 times as many.")
    return exit_status(lambda: command(given))


if __name__ == "__main__":
    sys.exit(main())
