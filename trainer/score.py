"""Score a run or an exported generator: `python -m trainer.score [RUN_DIR|MODEL.onnx] [--count N] [--json FILE]`.

Each metric is shown beside its floor, which is the same metric of as many real training images. The score of a run is
written to its scores.json, from where its report shows it and its export carries it along.
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
from torch import Tensor

from digitforge import files, hashing
from digitforge.datasets import path_of, public_name
from digitforge.errors import DataError, TrainerError, exit_status
from digitforge.files import user_path
from digitforge.newest_run import newest_run
from digitforge.progress import spinner
from export.contract import GeneratorInfo
from export.convert.exporter import Exportable
from export.convert.provenance import check_scorable, describe, write_scores
from export.datasets.sampling import SampleRequest, sample_images
from export.inversion.checks import searchable
from export.inversion.errors import reconstruction_errors
from export.runtime.arrays import Float32, UInt8
from export.runtime.generator import Generator, find_model, open_generator
from export.runtime.latents import BLOCK
from trainer.config import ImageFormat, TrainConfig
from trainer.data import datasets
from trainer.data.datasets import Source
from trainer.networks.gaussian import MOST_SIGMA, most_sigma
from trainer.networks.generator_file import GENERATOR_WEIGHTS, load_generator
from trainer.report.log import LOG_FILE, read_log
from trainer.report.run_page import write_report
from trainer.report.score_pictures import draw
from trainer.report.tables import show_score, table_console
from trainer.runs import SCORES_FILE, RunRecord
from trainer.scoring.features import FeatureNetwork
from trainer.scoring.measure import LEAST_IMAGES, Step, score_images
from trainer.scoring.own import features_for
from trainer.scoring.real import ImageSet, Real, load_real, predict_images
from trainer.scoring.reconstruction import Reconstruct
from trainer.scoring.scores import Facts, Score

FORMAT = 2
"""Version of how scores are taken. In version 1, all classes were requested equally often."""
DEFAULT_COUNT = 10_000
OF_DATA = ("classes", "image_size", "crop", "invert", "limit")
"""The settings that say which images a generator was trained on."""


@dataclass(frozen=True)
class ScoreRequest:
    """What to score, and how."""

    path: Path
    """A run directory or an exported file."""
    dataset: str = ""
    """The data set to compare with; empty: that of the training."""
    data_dir: Path | None = None
    """Folder that holds the data set."""
    count: int | None = None
    """Images to generate; None: 10,000, or half as many as there are training images."""
    seed: int = 0
    """Seed of the latents and of the requested classes."""
    features: str = "auto"
    """The feature network; see `trainer.scoring.own.features_for`."""
    weights: Path | None = None
    """Weights of the feature network "inception"."""
    smooth: float = 0.0
    """Sigma, in pixels, of a Gaussian filter after which pixel statistics are computed again; 0: none."""


@dataclass(frozen=True)
class ScoreResult:
    """A score, and the images that it was computed from."""

    score: Score
    generated: ImageSet
    real: Real
    neighbours: Tensor | None
    """Index of the nearest training image of each of the first generated images, int64 [n]; None if not known."""
    notice: str = ""
    """What had to be assumed about an exported file; empty if there is nothing to say."""


@dataclass(frozen=True)
class TorchGenerator:
    """A run's averaged generator, with the interface of an exported file."""

    info: GeneratorInfo
    exportable: Exportable

    def generate(self, z: Float32, y: Float32 | None = None) -> Float32:
        """See `export.runtime.generator.Generator.generate`."""
        parts = [
            self._run(z[start : start + BLOCK], None if y is None else y[start : start + BLOCK])[0].numpy()
            for start in range(0, len(z), BLOCK)
        ]
        made: Float32 = np.concatenate(parts)
        return made

    def generate_pixels(self, z: Float32, y: Float32 | None = None) -> UInt8:
        """See `export.runtime.generator.Generator.generate_pixels`."""
        made: UInt8 = self._run(z, y)[1].numpy()
        return made

    @torch.no_grad()
    def _run(self, z: Float32, y: Float32 | None) -> tuple[Tensor, Tensor]:
        inputs = [torch.from_numpy(array) for array in (z, y) if array is not None]
        images, pixels = self.exportable(*inputs)
        return images, pixels


@dataclass(frozen=True)
class Subject:
    """A generator to score, and what is known about its training."""

    generator: Generator | TorchGenerator
    file_sha256: str
    dataset: str
    """Name of the data set; a folder's may lack its path."""
    where: str
    """The name that loads the data set on this machine; empty if it is not known."""
    data_sha256: str
    """Hash of the training images; empty if it is not known."""
    data: dict[str, Any]
    """How the images were chosen from the data set: the settings that choose and convert them."""
    limit: int
    """How many images of the data set it was trained on; 0: all."""
    run: dict[str, Any]
    """The `Facts` that only a run has: images seen, seconds, images/s."""


def open_subject(path: Path) -> Subject:
    """Open the generator of a run directory, or an exported file. Raises TrainerError or ExportError."""
    if path.is_dir() and (path / GENERATOR_WEIGHTS).is_file():
        weights = path / GENERATOR_WEIGHTS
        trained = load_generator(weights)
        generator = TorchGenerator(describe(trained, weights, "fp32"), Exportable(trained.module).eval())
        record = RunRecord.read(path)
        config = (record.config if record else trained.config).to_json()
        dataset, images_sha256 = str(config["dataset"]), record.data_sha256 if record else ""
        return Subject(
            generator, hashing.sha256(weights), dataset, dataset if record else _known_place(dataset), images_sha256,
            _data_settings(config), config["limit"], _run_facts(path, trained.images_seen),
        )  # fmt: skip
    exported = open_generator(find_model(path))
    provenance = exported.info.provenance
    try:
        stated = json.loads(provenance.get("config", "{}"))
        config = TrainConfig.from_json({name: stated[name] for name in OF_DATA if name in stated}).to_json()
    except (TrainerError, ValueError, TypeError, RecursionError) as error:
        raise DataError(
            f"{path} has unreadable training settings in its metadata ({error}): export it again."
        ) from None
    dataset = provenance.get("dataset", "")
    return Subject(
        exported, hashing.sha256(exported.path), dataset, _known_place(dataset), provenance.get("data_sha256", ""),
        _data_settings(config), config["limit"], {},
    )  # fmt: skip


def _known_place(dataset: str) -> str:
    """Return the name that loads a data set that a file names; empty if its path is missing."""
    own = path_of(dataset)
    return "" if own and not Path(own).is_absolute() else dataset


def _data_settings(config: dict[str, Any]) -> dict[str, Any]:
    return {name: config[name] for name in OF_DATA if name != "limit"}


def _run_facts(run_dir: Path, images_seen: int) -> dict[str, Any]:
    facts: dict[str, Any] = {"images_seen": images_seen}
    # If the run is still training, or was killed, its log goes beyond the weights.
    points = [point for point in read_log(run_dir / LOG_FILE)[0] if point["images"] <= images_seen]
    if timed := [point for point in points if point.get("seconds")]:
        seconds = timed[-1]["seconds"]
        facts |= {"training_seconds": seconds, "images_per_s": timed[-1]["images"] / seconds}
    return facts


def score(request: ScoreRequest, step: Step = lambda _: None) -> ScoreResult:
    """Generate images and score them. Raises DataError for a request that cannot be met, TrainerError, ExportError.

    step: called with the name of what is done next.
    """
    step("opening")
    subject = open_subject(request.path)
    info = subject.generator.info
    chosen = request.dataset or subject.where
    if not chosen and (name := path_of(subject.dataset)):
        raise DataError(
            f"{request.path} was trained on {name!r}, and does not say where it is: name it with "
            f"--dataset {subject.dataset.removesuffix(name)}PATH."
        )
    if not chosen:
        raise DataError(f"{request.path} does not say what it was trained on: name the data set with --dataset.")
    step(f"loading {chosen}")
    loaded = [datasets.load(chosen, request.data_dir, split, **subject.data) for split in ("train", "test")]
    training, test = (datasets.in_order(each, info.classes) for each in loaded)
    _check_images(request, info, training)
    network = features_for(request.features, request.weights, training, test, step)
    step("predicting real images")
    real = load_real(training, test, network)
    count = request.count or min(DEFAULT_COUNT, len(real.training) // 2)
    requested = tuple(real.requested_labels(count, request.seed).tolist())
    images = _generate(subject.generator, network, SampleRequest(count, request.seed, requested), step)
    facts = Facts(
        FORMAT, request.path.name, subject.file_sha256, info.provenance.get("weights_sha256", ""),
        info.provenance.get("preset", ""), public_name(training.dataset), real.sha256, count, request.seed,
        network.name, network.sha256, network.accuracy, **subject.run,
    )  # fmt: skip
    copies = not subject.limit and _trained_on(subject, loaded[0])
    found, neighbours = score_images(
        facts, images, real, network, copies=copies, reconstruct=_reconstruct(subject.generator),
        smooth=request.smooth, step=step,
    )  # fmt: skip
    notice = subject.generator.notice if isinstance(subject.generator, Generator) else ""
    return ScoreResult(found, images, real, neighbours, notice)


def _trained_on(subject: Subject, training: Source) -> bool:
    """Return whether these are the images that the generator was trained on, as copies are only found among them.

    Files of older versions do not have the hash of the images, so that the name of the data set decides.
    """
    if subject.data_sha256:
        return training.sha256 == subject.data_sha256
    return public_name(training.dataset) == public_name(subject.dataset)


def _check_images(request: ScoreRequest, info: GeneratorInfo, training: Source) -> None:
    """Raise DataError if the generator makes other images than those of the data set, or --smooth is too large."""
    made, real = ImageFormat(info.channels, info.height, info.classes), training.format
    if (made.channels, made.size) != (real.channels, real.size):
        raise DataError(
            f"{request.path} makes {made.channels} x {made.size} x {made.size} images, but {training.dataset} has "
            f"{real.channels} x {real.size} x {real.size}: name the data set it was trained on with --dataset."
        )
    if made.classes and made.classes != real.classes:
        raise DataError(
            f"{request.path} makes the classes {', '.join(made.classes[:12])}, but {training.dataset} has "
            f"{', '.join(real.classes[:12])}: name the data set it was trained on with --dataset."
        )
    if request.smooth > (most := most_sigma(made.size)):
        raise DataError(f"--smooth is {request.smooth:g}, but for images of this size it must be at most {most:g}.")


def _reconstruct(generator: Generator | TorchGenerator) -> Reconstruct | None:
    """Return the search for the generator's nearest images; None if its latents are too long."""

    def errors(images: Tensor, labels: Tensor) -> Tensor:
        return torch.from_numpy(
            reconstruction_errors(generator.info, generator.generate, images.numpy(), labels.numpy())
        )

    return errors if searchable(generator.info) else None


def _generate(
    generator: Generator | TorchGenerator, network: FeatureNetwork, request: SampleRequest, step: Step
) -> ImageSet:
    pixels, labels = [], []
    for number, (part, requested) in enumerate(sample_images(generator, request, 0, request.count)):
        step(f"generating, {number * BLOCK:,} of {request.count:,}")
        pixels.append(part)
        labels.append(requested)
    whole = torch.from_numpy(np.concatenate(pixels))
    whole = whole[:, None] if whole.dim() == 3 else whole.permute(0, 3, 1, 2).contiguous()
    step("predicting generated images")
    return predict_images(whole, torch.from_numpy(np.concatenate(labels)), network)


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m trainer.score", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "subject", type=user_path, nargs="?", metavar="RUN_DIR|MODEL.onnx",
        help="A run, or an exported file; default: the newest run below runs/.",
    )  # fmt: skip
    parser.add_argument("--dataset", default="", help="Data set to compare with; default: that of the training.")
    parser.add_argument("--data-dir", type=user_path, help="Folder that holds the data set.")
    parser.add_argument(
        "--count", type=int,
        help="Images to generate; default: 10,000, or half as many as there are training images if that is less.",
    )  # fmt: skip
    parser.add_argument("--seed", type=int, default=0, help="Seed of the latents; default: %(default)s.")
    parser.add_argument(
        "--features", default="auto", metavar="auto|digits|inception|FILE",
        help="Feature network. auto (the default): the bundled one for digits, else one that is made for the data set.",
    )  # fmt: skip
    parser.add_argument("--weights", type=user_path, help="Weights of Inception, which are never downloaded.")
    parser.add_argument(
        "--smooth", type=float, default=0.0, metavar="SIGMA",
        help="Also compute the pixel statistics after a Gaussian filter of this many pixels.",
    )  # fmt: skip
    parser.add_argument(
        "--json", type=user_path, help="Write the score to this file (a run's is always in scores.json)."
    )
    parser.add_argument("--embed", action="store_true", help="Write the score into the exported file's metadata.")
    given = parser.parse_args(arguments)
    return exit_status(lambda: _score(given))


def _score(given: argparse.Namespace) -> None:
    if (
        (given.count is not None and given.count < LEAST_IMAGES)
        or given.seed < 0
        or not 0 <= given.smooth <= MOST_SIGMA
    ):
        raise DataError(
            f"--count must be at least {LEAST_IMAGES}, --seed at least 0, and --smooth between 0 and {MOST_SIGMA:g}."
        )
    console = table_console()
    path = given.subject
    if path is None:
        path = newest_run(GENERATOR_WEIGHTS)
        console.print(f"The newest run: {path}", markup=False, highlight=False)
    request = ScoreRequest(
        path, given.dataset, given.data_dir, given.count, given.seed, given.features, given.weights, given.smooth
    )
    if given.embed:
        check_scorable(find_model(path))
    with spinner(console) as show:
        result = score(request, show)
    if result.notice:
        print(result.notice, file=sys.stderr)
    show_score(result.score, console)
    values = result.score.to_json()
    if (path / GENERATOR_WEIGHTS).is_file() and RunRecord.read(path):
        draw(path / "scores", result.generated, result.real, result.neighbours, request.smooth)
        files.write_json(path / SCORES_FILE, values)
        write_report(path)
    if given.json:
        files.write_json(given.json, values)
    if given.embed:
        write_scores(find_model(path), result.score)


if __name__ == "__main__":
    sys.exit(main())
