"""The metrics: one row each, holding everything the rest of the code needs to know about it.

The score, its JSON file, the tables, the report, the comparison and the search all read `METRICS`, so a new metric is
one new row. This module describes; `trainer.scoring.measure` computes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from trainer.scoring.measure import Comparison  # needs torch, which reading a score does not


@dataclass(frozen=True)
class Metric:
    """A metric of generated images: its names, its direction and how it is computed."""

    key: str
    """Its name in JSON files and in the log."""
    name: str
    short_name: str
    """At most ten characters, for table columns."""
    better: Literal["lower", "higher", "near"]
    """Which values are better: low ones, high ones, or those near the floor."""
    help: str
    """What it measures, in one or two sentences."""
    source: str
    """The paper that it comes from; empty if there is none."""
    compute: Callable[[Comparison], float | None]
    """Return its value, or None where it does not apply. `Comparison` holds what several metrics share."""
    cheap: bool = False
    """Whether it is also computed during training (`--score-every`)."""
    has_floor: bool = True
    """Whether it is also computed for real training images."""
    around_zero: bool = False
    """Whether it is an unbiased estimate of a quantity that is 0 at best; then values around 0 are equally good."""
    shown: bool = True
    """Whether tables and pages show it; the others are only in the JSON file."""
    group: str = ""
    """The object of the JSON file that holds it; empty: the top level."""

    def rank(self, value: float, floor: float | None, spread: float | None) -> float:
        """Return a number that is lower for better values.

        floor, spread: mean and standard deviation for real images, where they are known.
        """
        if self.better == "near":
            return abs(value - (floor or 0))
        if self.better == "higher":
            return -value
        return max(value, (floor or 0) + 2 * (spread or 0)) if self.around_zero else value


METRICS: dict[str, Metric] = {
    metric.key: metric
    for metric in (
        Metric(
            "frechet_distance", "Fréchet distance", "Fréchet", "lower",
            "Distance between the feature distributions of generated and real images, taken as Gaussians: how far "
            "their means and covariances differ.",
            "Heusel et al. 2017",
            lambda sets: sets.frechet_distance,
            cheap=True,
        ),
        Metric(
            "kernel_distance", "Kernel distance", "kernel", "lower",
            "Distance between the same distributions, measured with a kernel. It does not depend on the number of "
            "images, and is around 0, of either sign, for equal distributions.",
            "Bińkowski et al. 2018",
            lambda sets: sets.kernel_distance[0],
            around_zero=True,
        ),
        Metric(
            "kernel_distance_spread", "Kernel distance, spread", "kernel ±", "lower",
            "Standard deviation of the kernel distance over random subsets.",
            "Bińkowski et al. 2018",
            lambda sets: sets.kernel_distance[1],
            shown=False,
        ),
        Metric(
            "precision", "Precision", "precision", "higher",
            "Share of generated images that look real: they lie in the neighbourhood of a real image.",
            "Kynkäänniemi et al. 2019",
            lambda sets: sets.overlap.precision,
            cheap=True,
        ),
        Metric(
            "recall", "Recall", "recall", "higher",
            "Share of real images that the generator could have produced: they lie in the neighbourhood of a generated "
            "image.",
            "Kynkäänniemi et al. 2019",
            lambda sets: sets.overlap.recall,
            cheap=True,
        ),
        Metric(
            "density", "Density", "density", "higher",
            "Number of real images' neighbourhoods that contain a generated image, relative to the expected number: "
            "about 1 for real images. Outliers count for less than in precision.",
            "Naeem et al. 2020",
            lambda sets: sets.overlap.density,
        ),
        Metric(
            "coverage", "Coverage", "coverage", "higher",
            "Share of real images with a generated image in their neighbourhood. It falls when variety is missing.",
            "Naeem et al. 2020",
            lambda sets: sets.overlap.coverage,
            cheap=True,
        ),
        Metric(
            "classifier_score", "Classifier score", "classifier", "higher",
            "High when every image is classified with confidence and all classes are equally frequent (the formula of "
            "the Inception score). It does not see variety within a class.",
            "Salimans et al. 2016",
            lambda sets: sets.classifier_score,
        ),
        Metric(
            "conditional_accuracy", "Conditional accuracy", "accuracy", "higher",
            "Share of images that are classified as the requested class.",
            "",
            lambda sets: sets.conditional_accuracy,
            cheap=True,
        ),
        Metric(
            "class_kl_nats", "Class divergence", "class KL", "lower",
            "Kullback-Leibler divergence of the class frequencies from equal ones, in nats.",
            "Srivastava et al. 2017",
            lambda sets: sets.modes.kl_nats if sets.modes else None,
        ),
        Metric(
            "collapse_rate", "Collapse rate", "collapse", "lower",
            "Share of the classes that hardly ever appear: less than a tenth as often as if all were equally frequent.",
            "Metz et al. 2017",
            lambda sets: sets.modes.collapse_rate if sets.modes else None,
        ),
        Metric(
            "histogram_distance", "Histogram distance", "histogram", "lower",
            "Share of pixels that would need another grey value for the histograms to be equal.",
            "",
            lambda sets: sets.pixels.distance,
        ),
        Metric(
            "histogram_wasserstein", "Histogram transport", "transport", "lower",
            "Number of grey levels by which the average pixel would have to change for the histograms to be equal.",
            "",
            lambda sets: sets.pixels.wasserstein,
        ),
        Metric(
            "entropy_generated", "Pixel entropy", "entropy", "near",
            "Mean entropy of an image's grey values, in bits. Noise and blur raise it.",
            "",
            lambda sets: sets.pixels.entropy,
        ),
        Metric(
            "entropy_real", "Pixel entropy of real images", "entropy", "near",
            "The same for the held-out images.",
            "",
            lambda sets: sets.real_entropy,
            shown=False,
        ),
        Metric(
            "reconstruction_error", "Reconstruction error", "rebuilding", "lower",
            "How far the nearest images that the generator can make are from real ones: root mean squared error of "
            "pixels in [-1, 1]. The floor is the error of the nearest training images, which a good generator beats.",
            "",
            lambda sets: sets.reconstruction_error,
        ),
        Metric(
            "copied", "Copied", "copied", "lower",
            "Estimated share of images that are copies of training images: around 0, of either sign, without copies.",
            "Platzer & Reutterer 2021",
            lambda sets: sets.memorisation.copied if sets.memorisation and not sets.memorisation.problem else None,
            has_floor=False, around_zero=True, group="memorisation",
        ),
    )
}  # fmt: skip
"""All metrics by key, in the order in which they are shown."""


def shown_metrics() -> list[Metric]:
    """Return the metrics that tables and pages show, in order."""
    return [metric for metric in METRICS.values() if metric.shown]


def cheap_metrics() -> list[Metric]:
    """Return the metrics that are computed during training, in order."""
    return [metric for metric in METRICS.values() if metric.cheap]
