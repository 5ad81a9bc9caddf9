"""Compute the metrics of generated images against real ones, and their floor: the metrics of real training images."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Tensor

from digitforge.errors import DataError
from trainer.scoring import collapse, pixels
from trainer.scoring.cache import cached_json, cached_tensors, code_hash
from trainer.scoring.collapse import Modes
from trainer.scoring.features import FeatureNetwork
from trainer.scoring.fidelity import classifier_score, frechet_distance, kernel_distance
from trainer.scoring.memorisation import memorisation, require_meaning
from trainer.scoring.metrics import METRICS, Metric
from trainer.scoring.neighbours import Overlap, nearest, overlap
from trainer.scoring.real import ImageSet, Real
from trainer.scoring.reconstruction import Reconstruct, nearest_of, reconstruction_error
from trainer.scoring.scores import MOST_CLASSES, Classes, Facts, Floor, Memorisation, Metrics, Pixels, Score
from trainer.seeding import stream

FLOOR_DRAWS = 3
MEMORISATION_IMAGES = 2_000
LEAST_IMAGES = 100
Step = Callable[[str], None]
"""Called with the name of what is computed next."""


@dataclass(frozen=True)
class Comparison:
    """Generated images beside held-out real ones, with the quantities that metrics are made of.

    Each quantity is computed when it is first needed, and once. The `compute` function of a `Metric` takes its value
    from here; it may also use the images, classes and features of both sets.
    """

    generated: ImageSet
    held_out: ImageSet
    memorisation: Memorisation | None = None
    """Found by `find_copies`, as it needs the training images."""
    reconstruct: Reconstruct | None = None
    """Finds the nearest images that the generator can make; None if that is not known."""

    @cached_property
    def frechet_distance(self) -> float:
        """See `fidelity.frechet_distance`."""
        return frechet_distance(self.held_out.features, self.generated.features)

    @cached_property
    def kernel_distance(self) -> tuple[float, float]:
        """Mean and standard deviation over subsets; see `fidelity.kernel_distance`."""
        return kernel_distance(self.held_out.features, self.generated.features)

    @cached_property
    def overlap(self) -> Overlap:
        """Precision, recall, density and coverage; see `neighbours.overlap`."""
        return overlap(self.held_out.features, self.generated.features)

    @cached_property
    def class_count(self) -> int:
        """How many classes the feature network tells apart; 0 where it does not know those of the data."""
        return self.generated.probabilities.shape[1]

    @cached_property
    def modes(self) -> Modes | None:
        """How the predicted classes are spread; None without classes.

        Stacked MNIST counts a mode that has a single image; ten digits must each have a tenth of an even share.
        """
        count = self.class_count
        least = 1 if count == 1000 else max(1, round(0.1 * len(self.generated) / max(count, 1)))
        return collapse.modes(self.generated.predicted, count, least) if count else None

    @cached_property
    def classifier_score(self) -> float | None:
        """See `fidelity.classifier_score`; None without classes."""
        return classifier_score(self.generated.probabilities.clamp(min=1e-12).log()) if self.class_count else None

    @cached_property
    def confusion(self) -> Tensor | None:
        """Numbers of images by requested and predicted class, int64 [classes, classes]; None without either."""
        requested, count = self.generated.labels, self.class_count
        if not count or (requested < 0).any() or int(requested.max()) >= count:
            return None
        return collapse.confusion(requested, self.generated.predicted, count)

    @cached_property
    def conditional_accuracy(self) -> float | None:
        """Share of the images that are predicted as the requested class; None where none was requested."""
        return None if self.confusion is None else collapse.conditional_accuracy(self.confusion)[0]

    @cached_property
    def reconstruction_error(self) -> float | None:
        """See `reconstruction.reconstruction_error`; None without `reconstruct`."""
        if self.reconstruct is None:
            return None
        return reconstruction_error(self.held_out, len(self.generated), self.reconstruct)

    @cached_property
    def pixels(self) -> Pixels:
        """Statistics of the pixel values."""
        return pixels.compare(self.generated.pixels, self.held_out.pixels)

    @cached_property
    def real_entropy(self) -> float:
        """Mean entropy of the held-out images, in bits."""
        return pixels.entropy(self.held_out.pixels)

    def classes(self) -> Classes:
        """Return the values for each class."""
        if self.modes is None:
            return Classes()
        totals = Classes(self.class_count, self.modes.covered)
        if self.class_count > MOST_CLASSES:
            return totals
        twins = collapse.twins(
            self.held_out.features, self.held_out.predicted, self.generated.features, self.generated.predicted,
            self.class_count,
        )  # fmt: skip
        spread = replace(totals, shares=tuple(self.modes.shares), twins=tuple(twins))
        if self.confusion is None:
            return spread
        accuracies = collapse.conditional_accuracy(self.confusion)[1]
        return replace(spread, accuracies=tuple(accuracies), confusion=tuple(map(tuple, self.confusion.tolist())))


def measure(comparison: Comparison, metrics: Iterable[Metric], step: Step = lambda _: None) -> Metrics:
    """Compute `metrics`. Final scores, floors and the scores during training are all computed here."""
    values = {}
    for metric in metrics:
        step(metric.name)
        values[metric.key] = metric.compute(comparison)
    return Metrics(values)


def score_images(
    facts: Facts,
    images: ImageSet,
    real: Real,
    network: FeatureNetwork,
    *,
    copies: bool,
    reconstruct: Reconstruct | None = None,
    smooth: float = 0.0,
    step: Step = lambda _: None,
) -> tuple[Score, Tensor | None]:
    """Return the score of generated images, and the nearest training image of each, int64 [n], where it is known.

    copies: whether to look for copies of training images; only of use for a generator trained on all of `real`.
    reconstruct: finds the nearest images that the generator can make; None: there is no reconstruction error.
    smooth: sigma, in pixels, of a Gaussian filter after which the pixel statistics are computed again; 0: none.
    Raises DataError if there are too few images.
    """
    if len(images) < LEAST_IMAGES:
        raise DataError(f"{len(images)} images are too few to score: use --count {LEAST_IMAGES} or more.")
    copied, neighbours = find_copies(images, real, step) if copies else (None, None)
    comparison = Comparison(images, real.held_out, copied, reconstruct)
    smoothed = None
    if smooth:
        step("pixels after the filter")
        smoothed = pixels.compare(pixels.smooth(images.pixels, smooth), real.held_out.pixels)
    score = Score(
        facts,
        measure(comparison, METRICS.values(), step),
        floor(real, network, len(images), step),
        copied,
        comparison.classes(),
        comparison.pixels.histogram,
        tuple(pixels.histogram(real.held_out.pixels).tolist()),
        smoothed,
    )
    return score, neighbours


def find_copies(images: ImageSet, real: Real, step: Step) -> tuple[Memorisation | None, Tensor | None]:
    """Look for copies of training images in pixels, and return each image's nearest training image, int64 [n].

    Both are None where the held-out images were trained on, too.
    """
    if not real.held_out_is_unseen:
        return None, None
    some = images.pixels[:MEMORISATION_IMAGES]
    step("nearest training images")
    to_training, neighbours = nearest(some, real.training.pixels)
    to_held_out, others = nearest(some, real.held_out.pixels)
    baseline = cached_tensors(
        f"held out to training {real.sha256} {MEMORISATION_IMAGES} {code_hash()}",
        lambda: {"distances": nearest(real.held_out.pixels[:MEMORISATION_IMAGES], real.training.pixels)[0]},
    )["distances"]
    found = memorisation(to_training, to_held_out, baseline, len(real.training), len(real.held_out))
    whole = torch.where(to_training <= to_held_out, neighbours, others + len(real.training))
    return require_meaning(found, whole), neighbours


def floor(real: Real, network: FeatureNetwork, count: int, step: Step) -> Floor:
    """Return the metrics of `count` training images: mean and standard deviation over `FLOOR_DRAWS` draws.

    count: at most the number of training images, which `Real.requested_labels` checks. The result is cached.
    """
    metrics = [metric for metric in METRICS.values() if metric.has_floor]

    def draw() -> dict[str, dict[str, float]]:
        draws = []
        for number in range(FLOOR_DRAWS):
            order = torch.randperm(len(real.training), generator=stream(torch.device("cpu"), number, "floor"))
            drawn = real.training.part(order[:count])
            comparison = Comparison(drawn, real.held_out, reconstruct=nearest_of(drawn))
            draws.append(measure(comparison, metrics, lambda what, number=number: step(f"floor {number + 1}: {what}")))  # type: ignore[misc]
        columns = {
            metric.key: [values for each in draws if (values := each[metric.key]) is not None] for metric in metrics
        }
        known = {key: values for key, values in columns.items() if len(values) == FLOOR_DRAWS}
        return {
            "mean": {key: statistics.fmean(values) for key, values in known.items()},
            "spread": {key: statistics.stdev(values) for key, values in known.items()},
        }

    code = code_hash(metrics=metrics)
    found = cached_json(f"floor {real.sha256} {network.sha256} {network.name} {count} {code}", draw)
    return Floor(Metrics(found["mean"]), Metrics(found["spread"]), FLOOR_DRAWS)
