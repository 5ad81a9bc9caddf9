"""All figures of a set of images against real ones, and their floor: those of real training images."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from digitforge.errors import DataError
from trainer.scoring import collapse, pixels
from trainer.scoring.fidelity import classifier_score, frechet_distance, kernel_distance
from trainer.scoring.memorisation import memorisation
from trainer.scoring.neighbours import nearest, overlap
from trainer.scoring.real import ImageSet, Real, cached_figures, cached_tensors, code_hash
from trainer.seeding import stream

FLOOR_DRAWS = 3
MEMORISATION_IMAGES = 2_000
LEAST_IMAGES = 100
Step = Callable[[str], None]
"""Called with what is being computed."""


def compare(images: ImageSet, real: Real, smooth: float, step: Step) -> dict[str, Any]:
    """The figures of `images` against the held-out ones, as JSON values; None where one does not apply.

    smooth: sigma in pixels of the Gaussian filter after which histogram and entropy are measured again; 0 leaves it.
    Raises DataError where there are too few images.
    """
    if len(images) < LEAST_IMAGES:
        raise DataError(f"{len(images)} images are too few to score: use --count {LEAST_IMAGES} or more.")
    held_out = real.held_out
    step("Fréchet and kernel distance")
    kernel, kernel_spread = kernel_distance(held_out.features, images.features)
    figures: dict[str, Any] = {
        "frechet_distance": frechet_distance(held_out.features, images.features),
        "kernel_distance": kernel,
        "kernel_distance_spread": kernel_spread,
    }
    step("precision, recall, density, coverage")
    covering = overlap(held_out.features, images.features)
    figures |= {
        "precision": covering.precision,
        "recall": covering.recall,
        "density": covering.density,
        "coverage": covering.coverage,
    }
    step("classes")
    figures |= _class_figures(images, held_out)
    step("pixels")
    figures |= _pixel_figures(images.pixels, held_out.pixels, "")
    if smooth:
        figures |= _pixel_figures(pixels.smooth(images.pixels, smooth), held_out.pixels, "_smoothed")
    return figures


def _class_figures(images: ImageSet, held_out: ImageSet) -> dict[str, Any]:
    count = images.probabilities.shape[1]
    if not count:
        return dict.fromkeys(("classifier_score", "class_shares", "collapse_rate", "modes_covered", "class_kl_nats"))
    # Stacked MNIST counts a mode that has one image; ten digits must each have a tenth of their even share.
    least = 1 if count == 1000 else max(1, round(0.1 * len(images) / count))
    spread = collapse.modes(images.read, count, least)
    figures: dict[str, Any] = {
        "classifier_score": classifier_score(images.probabilities.clamp(min=1e-12).log()),
        "class_shares": spread.shares if count <= 100 else None,
        "class_kl_nats": spread.kl_nats,
        "modes": count,
        "modes_covered": spread.covered,
        "collapse_rate": spread.collapse_rate,
    }
    if count <= 100:
        twins = collapse.twins(held_out.features, held_out.read, images.features, images.read, count)
        figures["twins"] = twins
    if (images.labels >= 0).all() and int(images.labels.max()) < count:
        confused = collapse.confusion(images.labels, images.read, count)
        accuracy, of_classes = collapse.conditional_accuracy(confused)
        figures["conditional_accuracy"] = accuracy
        if count <= 100:
            figures |= {"conditional_accuracy_of_classes": of_classes, "confusion": confused.tolist()}
    else:
        figures["conditional_accuracy"] = None
    return figures


def _pixel_figures(images: Tensor, held_out: Tensor, suffix: str) -> dict[str, Any]:
    generated, real = pixels.histogram(images), pixels.histogram(held_out)
    return {
        f"histogram_distance{suffix}": pixels.total_variation(real, generated),
        f"histogram_wasserstein{suffix}": pixels.wasserstein(real, generated),
        f"histogram_generated{suffix}": generated.tolist(),
        f"entropy_generated{suffix}": pixels.entropy(images),
        "histogram_real": real.tolist(),
        "entropy_real": pixels.entropy(held_out),
    }


def copies(images: ImageSet, real: Real, step: Step) -> tuple[dict[str, Any], Tensor | None]:
    """The memorisation figures, in pixels, and each image's nearest training image [n], where that can be told."""
    if not real.held_out_is_unseen:
        return {"memorisation": None}, None
    some = images.pixels[:MEMORISATION_IMAGES]
    step("nearest training images")
    to_training, neighbours = nearest(some, real.training.pixels)
    to_held_out, _ = nearest(some, real.held_out.pixels)
    baseline = cached_tensors(
        f"held out to training {real.sha256} {MEMORISATION_IMAGES} {code_hash()}",
        lambda: {"distances": nearest(real.held_out.pixels[:MEMORISATION_IMAGES], real.training.pixels)[0]},
    )["distances"]
    found = memorisation(to_training, to_held_out, baseline, len(real.training), len(real.held_out))
    return {
        "memorisation": {
            "copied": found.copied,
            "error": found.error,
            "ratio": found.ratio,
            "memorises": found.memorises,
            "images": len(some),
        }
    }, neighbours


def floor(real: Real, features_sha256: str, count: int, step: Step) -> dict[str, Any]:
    """The same figures for `count` training images, drawn `FLOOR_DRAWS` times: their means, and `spread`.

    count: at most the number of training images; `Real.asked` refuses more.

    Kept in the cache folder by hash of data, features and of the code that computes them.
    """

    def draw() -> dict[str, Any]:
        draws = []
        for number in range(FLOOR_DRAWS):
            order = torch.randperm(len(real.training), generator=stream(torch.device("cpu"), number, "floor"))
            part = real.training.part(order[:count])
            draws.append(compare(part, real, 0, lambda what, number=number: step(f"floor {number + 1}: {what}")))  # type: ignore[misc]
        scalar = [name for name, value in draws[0].items() if isinstance(value, float)]
        means = {name: statistics.fmean(each[name] for each in draws) for name in scalar}
        spread = {name: statistics.stdev(each[name] for each in draws) for name in scalar}
        return means | {"spread": spread, "draws": FLOOR_DRAWS}

    return cached_figures(f"floor {real.sha256} {features_sha256} {count} {code_hash()}", draw)


def rounded(value: Any) -> Any:
    """JSON values with six significant digits."""
    if isinstance(value, float):
        return float(f"{value:.6g}") if math.isfinite(value) else None
    if isinstance(value, dict):
        return {name: rounded(each) for name, each in value.items()}
    if isinstance(value, list):
        return [rounded(each) for each in value]
    return value
