"""Score a run or an exported generator: `python -m trainer.score RUN_DIR|MODEL.onnx [--count N] [--json FILE]`.

Every figure stands beside its floor: the same figure of as many real training images. The figures of a run are kept in
its scores.json, from where its report shows them and its export takes them along.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from torch import Tensor

from digitforge import files, hashing
from digitforge.errors import DataError, TrainerError, exit_status
from export.contract import GeneratorInfo
from export.convert.exporter import Exportable
from export.convert.provenance import describe, write_scores
from export.datasets.sampling import SampleRequest
from export.datasets.sampling import images as sampled
from export.runtime.arrays import Float32, UInt8
from export.runtime.generator import Generator, find_model, open_generator
from export.runtime.latents import BLOCK
from trainer.config import ImageFormat, TrainConfig
from trainer.data import datasets
from trainer.networks.gaussian import MOST_SIGMA, most_sigma
from trainer.networks.generator_file import GENERATOR_WEIGHTS, load_generator
from trainer.report.log import LOG_FILE, read_log
from trainer.report.reporter import SENTENCES
from trainer.report.run_page import write_report
from trainer.report.score_pictures import draw
from trainer.runs import SCORES_FILE, RunRecord
from trainer.scoring import measure
from trainer.scoring.features import FeatureNetwork, open_features
from trainer.scoring.metrics import FIGURES
from trainer.scoring.real import ImageSet, load_real, read_images

FORMAT = 2
"""1 asked a conditional generator for all classes equally often."""
DEFAULT_COUNT = 10_000
OF_DATA = ("classes", "image_size", "limit")
"""The settings that say which images a generator was trained on."""


@dataclass(frozen=True)
class TorchGenerator:
    """A run's averaged generator, called like an exported file."""

    info: GeneratorInfo
    exportable: Exportable

    @torch.no_grad()
    def generate_pixels(self, z: Float32, y: Float32 | None = None) -> UInt8:
        """See `export.runtime.generator.Generator.generate_pixels`."""
        inputs = [torch.from_numpy(array) for array in (z, y) if array is not None]
        made: UInt8 = self.exportable(*inputs)[1].numpy()
        return made


@dataclass(frozen=True)
class Subject:
    """What is scored."""

    generator: Generator | TorchGenerator
    file_sha256: str
    dataset: str
    """That it was trained on."""
    data: dict[str, Any]
    """How that was chosen: the settings `classes` and `image_size`."""
    limit: int
    """Of the images that it was trained on; 0 where it was all of them."""
    run: dict[str, Any]
    """What a run knows of itself: images seen, seconds, images/s."""


def open_subject(path: Path) -> Subject:
    """The generator of a run directory, or an exported file. Raises TrainerError or ExportError."""
    if path.is_dir() and (path / GENERATOR_WEIGHTS).is_file():
        weights = path / GENERATOR_WEIGHTS
        trained = load_generator(weights)
        generator = TorchGenerator(describe(trained, weights, "fp32"), Exportable(trained.module).eval())
        config = trained.config.to_json()
        facts = _run_facts(path, trained.images_seen)
        return Subject(
            generator, hashing.sha256(weights), str(config["dataset"]), _data_settings(config), config["limit"], facts
        )
    exported = open_generator(find_model(path))
    provenance = exported.info.provenance
    try:
        told = json.loads(provenance.get("config", "{}"))
        config = TrainConfig.from_json({name: told[name] for name in OF_DATA if name in told}).to_json()
    except (TrainerError, ValueError, TypeError, RecursionError) as error:
        raise DataError(f"{path} does not say readably how it was trained ({error}): export it again.") from None
    dataset = provenance.get("dataset", "")
    return Subject(exported, hashing.sha256(exported.path), dataset, _data_settings(config), config["limit"], {})


def _data_settings(config: dict[str, Any]) -> dict[str, Any]:
    return {"classes": config["classes"], "image_size": config["image_size"]}


def _run_facts(run_dir: Path, images_seen: int) -> dict[str, Any]:
    facts: dict[str, Any] = {"images_seen": images_seen}
    # The log of a run that is still training, or was killed, goes beyond the weights.
    points = [point for point in read_log(run_dir / LOG_FILE)[0] if point["images"] <= images_seen]
    if timed := [point for point in points if point.get("seconds")]:
        seconds = timed[-1]["seconds"]
        facts |= {"training_seconds": seconds, "images_per_s": timed[-1]["images"] / seconds}
    return facts


def score(
    path: Path, dataset: str, data_dir: Path | None, count: int | None, seed: int, choice: str, weights: Path | None,
    smooth: float, progress: Progress,
) -> tuple[dict[str, Any], ImageSet, Any, Tensor | None]:  # fmt: skip
    """All figures as JSON values, the generated images, the real ones, and nearest training images."""
    task = progress.add_task("opening", total=None)

    def step(what: str) -> None:
        progress.update(task, description=what)

    subject = open_subject(path)
    info = subject.generator.info
    chosen = dataset or subject.dataset
    if not chosen:
        raise DataError(f"{path} does not say what it was trained on: name the data set with --dataset.")
    step(f"loading {chosen}")
    training, test = (datasets.load(chosen, data_dir, split, **subject.data) for split in ("train", "test"))
    chosen = training.dataset  # of auto, what it came to
    made = ImageFormat(info.channels, info.height, info.classes)
    if (made.channels, made.size) != (training.format.channels, training.format.size):
        raise DataError(
            f"{path} makes {made.channels} x {made.size} x {made.size} images, but {chosen} has "
            f"{training.format.channels} x {training.format.size} x {training.format.size}: name its own --dataset."
        )
    if made.classes and made.classes != training.format.classes:
        raise DataError(
            f"{path} makes the classes {', '.join(made.classes[:12])}, but {chosen} has "
            f"{', '.join(training.format.classes[:12])}: name its own --dataset."
        )
    if smooth > (most := most_sigma(made.size)):
        raise DataError(f"--smooth is {smooth:g}, but for images of this size it is at most {most:g}.")
    network = open_features(choice, weights, training.format)
    step("reading real images")
    real = load_real(training, test, network)
    count = count or min(DEFAULT_COUNT, len(real.training) // 2)
    asked = tuple(real.asked(count, seed).tolist())
    images = _generated(subject.generator, network, SampleRequest(count, seed, asked), step)
    found = measure.compare(images, real, smooth, step)
    copied: dict[str, Any] = {"memorisation": None}
    neighbours = None
    if chosen == subject.dataset and not subject.limit:  # only of images that it has been trained on
        copied, neighbours = measure.copies(images, real, step)
    values = {
        "format": FORMAT, "scored": path.name, "file_sha256": subject.file_sha256,
        "weights_sha256": info.provenance.get("weights_sha256", ""), "preset": info.provenance.get("preset", ""),
        "dataset": chosen, "data_sha256": real.sha256, "count": count, "seed": seed,
        "features": network.name, "features_sha256": network.sha256, **subject.run, **found, **copied,
        "floor": measure.floor(real, network.sha256 + network.name, count, step),
    }  # fmt: skip
    progress.remove_task(task)
    return dict(measure.rounded(values)), images, real, neighbours


def _generated(
    generator: Generator | TorchGenerator, network: FeatureNetwork, request: SampleRequest, step: measure.Step
) -> ImageSet:
    pixels, labels = [], []
    for number, (part, asked) in enumerate(sampled(generator, request, 0, request.count)):
        step(f"generating, {number * BLOCK:,} of {request.count:,}")
        pixels.append(part)
        labels.append(asked)
    whole = torch.from_numpy(np.concatenate(pixels))
    whole = whole[:, None] if whole.dim() == 3 else whole.permute(0, 3, 1, 2).contiguous()
    step("reading generated images")
    return read_images(whole, torch.from_numpy(np.concatenate(labels)), network)


def show(values: dict[str, Any], console: Console) -> None:
    """Print the figures beside their floor."""
    table = Table(
        "figure", "generated", "real training images", title=f"{values['scored']}: {values['count']:,} images"
    )
    real = values["floor"]
    for figure in FIGURES:
        if isinstance(value := values.get(figure.key), float):
            floor = real.get(figure.key)
            beside = "" if floor is None else f"{floor:.4g} ± {real['spread'][figure.key]:.2g}"
            table.add_row(figure.name, f"{value:.4g}", beside)
    if copied := values["memorisation"]:
        verdict = "copies its training images" if copied["memorises"] else "no sign of memorisation"
        table.add_row("copied", f"{copied['copied']:.3f} ± {copied['error']:.3f}", verdict)
    if values.get("modes_covered") is not None:
        table.add_row("modes covered", f"{values['modes_covered']} of {values['modes']}", "")
    console.print(table)
    console.print(
        f"features: {values['features']} ({values['features_sha256'][:12]}), compared with {values['dataset']}"
    )


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m trainer.score", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("subject", type=Path, metavar="RUN_DIR|MODEL.onnx")
    parser.add_argument("--dataset", default="", help="What to compare with; default: what it was trained on.")
    parser.add_argument("--data-dir", type=Path, help="Folder with the data set.")
    parser.add_argument(
        "--count", type=int, help="Images to generate; default: 10,000, or half as many as there are to learn."
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--features", default="digits", metavar="digits|inception|FILE", help="Default: %(default)s.")
    parser.add_argument("--weights", type=Path, help="Inception's weights; they are never fetched.")
    parser.add_argument("--smooth", type=float, default=0.0, metavar="SIGMA", help="Also after a Gaussian filter.")
    parser.add_argument("--json", type=Path, help="Write the figures there (a run's are kept in its scores.json).")
    parser.add_argument("--embed", action="store_true", help="Write the figures into the exported file's metadata.")
    given = parser.parse_args(arguments)
    return exit_status(lambda: _score(given))


def _score(given: argparse.Namespace) -> None:
    console = Console(soft_wrap=True)
    is_run = (given.subject / GENERATOR_WEIGHTS).is_file()
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    if (
        (given.count is not None and given.count < measure.LEAST_IMAGES)
        or given.seed < 0
        or not 0 <= given.smooth <= MOST_SIGMA
    ):
        raise DataError(
            f"--count begins at {measure.LEAST_IMAGES}, --seed at 0, and --smooth is between 0 and {MOST_SIGMA:g}."
        )
    with Progress(*columns, console=console, transient=True) as progress:
        values, images, real, neighbours = score(
            given.subject, given.dataset, given.data_dir, given.count, given.seed, given.features, given.weights,
            given.smooth, progress,
        )  # fmt: skip
    show(values, console)
    if is_run and RunRecord.read(given.subject):
        draw(given.subject / "scores", images, real, neighbours, given.smooth)
        files.write_json(given.subject / SCORES_FILE, values)
        write_report(given.subject, SENTENCES)
    if given.json:
        files.write_json(given.json, values)
    if given.embed:
        write_scores(find_model(given.subject), values)


if __name__ == "__main__":
    sys.exit(main())
