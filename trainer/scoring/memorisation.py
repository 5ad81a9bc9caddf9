"""Whether a generator gives back its training images."""

from __future__ import annotations

import math
from dataclasses import dataclass

from torch import Tensor

THRESHOLD = 0.1
"""Memorisation is called above this share of copies."""


@dataclass(frozen=True)
class Memorisation:
    """`ratio` is for the eye, `copied` is the figure to believe; see `memorisation`."""

    ratio: float
    copied: float
    error: float
    memorises: bool


def memorisation(
    generated_to_training: Tensor,
    generated_to_held_out: Tensor,
    held_out_to_training: Tensor,
    training: int,
    held_out: int,
) -> Memorisation:
    """From each image's distance to the nearest of the other set (`neighbours.nearest`, in pixels or features).

    `ratio`: the median distance of generated images to training images, over that of held-out images (never seen in
    training) to training images. Near 1 is right and 0 are copies; but images that are merely typical, or blurred,
    lower it too, and copies among poor images go unseen.

    `copied`: the share of generated images that are copies, estimated so: images unseen in training are exchangeable
    with the training images, so the nearest of all to a generated image that is no copy is a training image with
    probability e = training / (training + held_out), however good, varied or blurred the images are; to a copy, it is
    one for sure. The share s of generated images with a training image as the nearest is therefore e + copied (1 - e).
    (The share nearer to training than to held-out data is Platzer & Reutterer 2021's; unequal sizes are ours.) Around
    0, of either sign, without copies. `error`: its standard error there, for independent images: the figure of a
    generator with few different images means little, see collapse.py.

    `memorises`: `copied` exceeds `THRESHOLD` and four standard errors. Copies that were moved or altered are found as
    far as the space of the distances is blind to the change. MNIST's training and test images are of different
    writers: training images that were left out score 0.07 as generated ones, by their writers' other images.

    Distances: float [n], [n], [m]; `training`, `held_out`: how many images the two sets have.
    """
    chance = training / (training + held_out)
    nearer = (generated_to_training < generated_to_held_out).double()
    tied = (generated_to_training == generated_to_held_out).double()  # an image that both sets have tells nothing
    copied = (float((nearer + chance * tied).mean()) - chance) / (1 - chance)
    error = math.sqrt(chance / (1 - chance) / len(nearer))
    ratio = float(generated_to_training.median() / held_out_to_training.median())
    return Memorisation(ratio, copied, error, memorises=copied > max(THRESHOLD, 4 * error))
