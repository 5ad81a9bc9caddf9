"""Export a run's discriminator to one ONNX file that is verified against torch and calibrated on held-out images."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from digitforge.errors import ExportError
from digitforge.files import atomic_file, write_json
from digitforge.hashing import sha256
from export.contract import CLASS_WEIGHTS, IMAGE, SCORE, DiscriminatorInfo, GeneratorInfo, Precision
from export.convert import parity
from export.convert.calibration import Calibration, calibrate
from export.convert.exporter import failed_report
from export.convert.graph import to_onnx
from export.convert.provenance import of_training, stated_licence
from export.convert.writing import write
from export.runtime.arrays import Float32, UInt8
from export.runtime.discriminator import Discriminator, open_discriminator
from export.runtime.latents import latents, one_hot
from export.runtime.pixels import to_pixels
from trainer.checkpoints import STATE_FILE, load_newest
from trainer.data.datasets import in_order, load
from trainer.networks import build_discriminator, build_generator
from trainer.runs import RunRecord

MOST_IMAGES = 5_000
"""Real images for the calibration, and as many generated ones."""
LEAST_IMAGES = 100
BATCH = 64


@dataclass(frozen=True)
class TrainedDiscriminator:
    """The discriminator of a checkpoint and the averaged generator beside it, both in evaluation mode."""

    module: nn.Module
    generator: nn.Module
    record: RunRecord
    images_seen: int
    weights_sha256: str


@dataclass(frozen=True)
class ScoreCase:
    """Result of one batch that both torch and onnxruntime have judged."""

    batch: int
    classes: str
    """The class of all images, "mixed", or "none"."""
    largest_error: float
    """Largest difference of a score; infinite if either side is not finite."""
    largest_score: float
    """Largest absolute score."""
    rounding: float
    """Largest difference between torch in float32 and in float64."""


@dataclass(frozen=True)
class ScoreParity:
    """Difference between an exported discriminator and torch."""

    cases: tuple[ScoreCase, ...]

    @property
    def largest_error(self) -> float:
        """Largest difference of a score."""
        return max(case.largest_error for case in self.cases)

    def allowed(self, precision: Precision) -> float:
        """Return the largest error that passes: relative to the largest score, or twice torch's rounding error."""
        largest = max(1.0, *(case.largest_score for case in self.cases))
        return max(parity.TOLERANCE[precision] * largest, 2 * max(case.rounding for case in self.cases))


@dataclass(frozen=True)
class ExportedDiscriminator:
    """A verified file, and what was measured while it was exported."""

    info: DiscriminatorInfo
    parity: ScoreParity
    calibration: Calibration
    calibrated_on: str
    """The images that the probability was fitted to, and measured on, for people."""
    size: int
    """Size of the file in bytes."""
    nodes: int
    """Number of operators in the graph."""


def load_discriminator(run_dir: Path) -> TrainedDiscriminator:
    """Load the discriminator of the newest complete checkpoint in `run_dir`. Raises DigitforgeError if there is none.

    Spectral norms become part of the weights. BatchNorm uses the statistics that it has tracked in training, so that
    every image is judged alone.
    """
    record = RunRecord.read(run_dir)
    if record is None:
        raise ExportError(f"There is no run in {run_dir}.")
    checkpoint, _ = load_newest(run_dir / "checkpoints")
    if checkpoint is None:
        raise ExportError(
            f"{run_dir} has no complete checkpoint, and a discriminator is kept nowhere else: train the run again, or "
            "copy its folder checkpoints as well."
        )
    state = run_dir / "checkpoints" / f"{checkpoint.images_seen:012d}" / STATE_FILE
    networks = {
        "discriminator": build_discriminator(record.config, record.image_format),
        "ema": build_generator(record.config, record.image_format),
    }
    try:
        for name, module in networks.items():
            prefix = f"{name}/"
            module.load_state_dict(
                {key.removeprefix(prefix): each for key, each in checkpoint.tensors.items() if key.startswith(prefix)}
            )
    except RuntimeError as error:
        raise ExportError(f"{state} holds other layers than {run_dir}/config.json describes: it is damaged.") from error
    module, generator = (networks[name].eval().requires_grad_(False) for name in ("discriminator", "ema"))
    for part in list(module.modules()):
        if parametrize.is_parametrized(part, "weight"):
            parametrize.remove_parametrizations(part, "weight")
    return TrainedDiscriminator(module, generator, record, checkpoint.images_seen, sha256(state))


def export_discriminator(
    run_dir: Path,
    out: Path,
    precision: Precision = "fp32",
    data_dir: Path | None = None,
    on_phase: Callable[[str], None] = lambda _: None,
) -> ExportedDiscriminator:
    """Export the discriminator of a run to `out`; verify and calibrate the file before it takes that name.

    precision: "fp32", or "fp16" for weights of half the size; inputs and outputs are float32 in both.
    data_dir: the first place to look for the real images; see `trainer.data.datasets.load`.
    on_phase: called with a description of each phase of the work.
    Raises DigitforgeError if the run has no checkpoint or the images are missing, and ExportError if the file does not
    compute the same scores as torch. In that case an existing file at `out` is unchanged and `failed_report(out)`
    holds every measurement.
    """
    on_phase("building the discriminator")
    trained = load_discriminator(run_dir)
    images, classes = trained.record.image_format, trained.record.image_format.classes
    config = trained.record.config
    on_phase("judging real and generated images")
    real, generated, y, calibrated_on = _judged_images(trained, data_dir)
    judged = [_scores(trained.module, each, y) for each in (real, generated)]
    if not all(np.isfinite(each).all() for each in judged):
        raise ExportError(f"The discriminator in {run_dir} gives scores that are not finite: its training has failed.")
    measured = calibrate(*judged)
    info = DiscriminatorInfo(
        classes=classes if config.conditional else (),
        channels=images.channels,
        height=images.size,
        width=images.size,
        slope=float(f"{measured.slope:.6g}"),
        intercept=float(f"{measured.intercept:.6g}"),
        provenance={
            "data_sha256": trained.record.data_sha256,
            **({"origin": trained.record.origin} if trained.record.origin else {}),
            **of_training(config, trained.images_seen, trained.weights_sha256, precision),
            "calibrated_on": calibrated_on,
            "accuracy": f"{measured.accuracy:.4f}",
            "calibration_error": f"{measured.error:.4f}",
            "licence": stated_licence(trained.record.licence, config.dataset),
        },
    )
    result = None
    try:
        on_phase("exporting")
        example = {IMAGE: torch.zeros(2, images.channels, images.size, images.size)}
        if info.conditional:
            example[CLASS_WEIGHTS] = torch.zeros(2, len(classes))
        model = to_onnx(trained.module, example, [SCORE], precision)
        with atomic_file(out) as temporary:
            write(model, info.to_metadata(), temporary)
            on_phase("comparing to torch")
            pool = np.stack([real[:BATCH], generated[:BATCH]], axis=1).reshape(-1, *real.shape[1:])
            result = compare(trained.module, open_discriminator(temporary), pool)
            if not result.largest_error <= result.allowed(precision):
                raise ExportError(
                    f"The exported discriminator differs from the trained one by {result.largest_error:.2g} (at most "
                    f"{result.allowed(precision):.1g} is allowed)."
                )
            provenance = {**info.provenance, "parity_largest_error": f"{result.largest_error:.3g}"}
            info = replace(info, provenance=provenance)
            write(model, info.to_metadata(), temporary)
    except ExportError as error:
        cases = [asdict(case) for case in result.cases] if result else []
        write_json(failed_report(out), {"failed": str(error), "cases": cases, "metadata": info.to_metadata()})
        raise ExportError(f"{error} No file was written; see {failed_report(out)} for details.") from error
    failed_report(out).unlink(missing_ok=True)
    return ExportedDiscriminator(info, result, measured, calibrated_on, out.stat().st_size, len(model.graph.node))


def compare(module: nn.Module, exported: Discriminator, pool: UInt8) -> ScoreParity:
    """Judge the same images with both, in batches of 1, 2, 7 and 64, for every class and for mixtures of classes.

    pool: uint8 [n, H, W] or [n, H, W, 3]; a batch takes its images from the beginning, again if they are too few.
    """
    exact = copy.deepcopy(module).double()
    cases = []
    for batch, name, y in parity.calls(exported.info.classes):
        pixels = pool[np.arange(batch) % len(pool)]
        scores = _scores(module, pixels, y)
        rounding = np.abs(scores - _scores(exact, pixels, y, torch.float64))
        errors = np.abs(exported.score(pixels, y) - scores)
        cases.append(
            ScoreCase(
                batch,
                name,
                # A maximum can ignore NaN, but NaN on either side must fail.
                float(errors.max()) if np.isfinite(errors).all() else float("inf"),
                float(np.abs(scores).max()) if np.isfinite(scores).all() else 0.0,
                float(rounding.max()) if np.isfinite(rounding).all() else 0.0,
            )
        )
    return ScoreParity(tuple(cases))


@torch.no_grad()
def _scores(module: nn.Module, pixels: UInt8, y: Float32 | None, dtype: torch.dtype = torch.float32) -> Float32:
    """Return torch's scores of images, [n]."""
    found = []
    for start in range(0, len(pixels), BATCH):
        part = torch.from_numpy(np.ascontiguousarray(pixels[start : start + BATCH])).to(dtype)
        images = (part.unsqueeze(1) if part.dim() == 3 else part.permute(0, 3, 1, 2)) / 127.5 - 1
        weights = None if y is None else torch.from_numpy(y[start : start + BATCH]).to(dtype)
        found.append(module(images.contiguous(), weights).numpy())
    scores: Float32 = np.concatenate(found)
    return scores


@torch.no_grad()
def _judged_images(trained: TrainedDiscriminator, data_dir: Path | None) -> tuple[UInt8, UInt8, Float32 | None, str]:
    """Return real images, as many generated ones of the same classes, their class weights, and what the real ones are.

    Images are uint8 [n, H, W] or [n, H, W, 3], class weights float32 [n, classes].
    """
    record = trained.record
    config, images = record.config, record.image_format
    source = load(config.dataset, data_dir, "test", classes=config.classes, **config.conversion())
    unseen = source.sha256 != record.data_sha256
    source = in_order(source, images.classes).labelled() if config.conditional else source
    if (source.format.channels, source.format.size) != (images.channels, images.size):
        raise ExportError(f"The images of {config.dataset} are no longer those of the run.")
    if len(source.images) < LEAST_IMAGES:
        raise ExportError(
            f"{config.dataset} has {len(source.images)} images to calibrate with; a discriminator needs {LEAST_IMAGES}."
        )
    chosen = np.random.Generator(np.random.PCG64(0)).permutation(len(source.images))[:MOST_IMAGES]
    planes = np.stack([source.images[number] for number in chosen])
    real = planes[:, 0] if images.channels == 1 else np.ascontiguousarray(planes.transpose(0, 2, 3, 1))
    y = one_hot(source.labels[chosen], len(images.classes)) if config.conditional else None
    made = GeneratorInfo(
        config.latent_size, config.latent_distribution, images.classes, images.channels, images.size, images.size
    )
    z = latents(made, 0, 0, len(chosen))
    parts: list[Tensor] = []
    for start in range(0, len(chosen), BATCH):
        weights = None if y is None else torch.from_numpy(y[start : start + BATCH])
        parts.append(trained.generator(torch.from_numpy(z[start : start + BATCH]), weights))
    what = "test images" if unseen else "training images, as there are no test images,"
    return real, to_pixels(torch.cat(parts).numpy()), y, f"{len(chosen):,} {what} and as many generated ones"
