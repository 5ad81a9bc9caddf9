"""Whether a generator reproduces its training images."""

from __future__ import annotations

import math
from dataclasses import replace

import torch
from torch import Tensor

from trainer.scoring.scores import Memorisation

FAR = 1.5
"""Images with a larger `ratio` than this do not resemble the real ones: noise has 2.5 to 3.5, real images 1."""
FEW = 20
"""Fewer real images than this, as the nearest ones of all generated images, are no sample."""
THRESHOLD = 0.1
"""The share of copies above which a generator is said to memorise."""


def memorisation(
    generated_to_training: Tensor,
    generated_to_held_out: Tensor,
    held_out_to_training: Tensor,
    training: int,
    held_out: int,
) -> Memorisation:
    """Estimate the share of copies from distances to the nearest image of another set.

    The distances are those of `neighbours.nearest`, in pixels or features: float [n], [n], [m]. `training` and
    `held_out` are the numbers of images in the two sets.

    `ratio`: the median distance of generated images to training images, divided by that of held-out images, which were
    not trained on. About 1 is right, and 0 means copies. But images that are typical or blurred lower it too, and
    copies among poor images do not show, so `copied` is the value to rely on.

    `copied`: the estimated share of generated images that are copies. Held-out images are exchangeable with training
    images. So the nearest real image of a generated one that is not a copy is a training image with probability
    e = training / (training + held_out), however good, varied or blurred the images are; for a copy it always is. The
    share s of generated images whose nearest real image is a training image is therefore e + copied (1 - e).
    (Platzer & Reutterer 2021 use the share that is nearer to training than to held-out data; the correction for
    unequal sizes is ours.) Without copies it is around 0, of either sign. `error` is its standard error in that case,
    for independent images; for a generator with few different images it says little (see collapse.py).

    `memorises`: whether `copied` exceeds both `THRESHOLD` and four standard errors. Copies that were moved or altered
    are found only if the distance does not depend on the change. MNIST's training and test images are from different
    writers, so unused training images, scored as if they were generated, have `copied` = 0.07: other images of the
    same writers are near.
    """
    chance = training / (training + held_out)
    nearer = (generated_to_training < generated_to_held_out).double()
    tied = (generated_to_training == generated_to_held_out).double()  # an image in both sets is no evidence
    copied = (float((nearer + chance * tied).mean()) - chance) / (1 - chance)
    error = math.sqrt(chance / (1 - chance) / len(nearer))
    ratio = float(generated_to_training.median() / held_out_to_training.median())
    return Memorisation(copied, error, ratio, memorises=copied > max(THRESHOLD, 4 * error), images=len(nearer))


def require_meaning(found: Memorisation, nearest_images: Tensor) -> Memorisation:
    """Return `found`, or instead of its figures a sentence on why they mean nothing.

    nearest_images: int64 [n], an index of the nearest of all real images of each generated one. The estimate takes
    generated images for independent ones that could have come from either set. Noise, blank images and the few images
    of a collapsed generator are nearest to a few real images again and again, in one set or the other by accident.
    """
    shares = torch.unique(nearest_images, return_counts=True)[1].double() / len(nearest_images)
    different = 1 / float(shares.square().sum())
    if found.ratio > FAR:
        problem = f"the images are {found.ratio:.1f} times as far from the training images as real ones"
    elif different < FEW:
        problem = "nearly all images resemble the same few real ones"
    else:
        return found
    sentence = f"Copies cannot be looked for: {problem}."
    return replace(found, copied=math.nan, error=math.nan, memorises=False, problem=sentence)
