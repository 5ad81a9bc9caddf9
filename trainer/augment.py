"""Augmentation: random changes to the images that the discriminator sees, reals and fakes alike, on the device.

A discriminator that never sees an unchanged image cannot memorise the training set. All changes are differentiable, so
the generator still learns through them (Zhao et al. 2020, "Differentiable augmentation for data-efficient GAN
training"; Karras et al. 2020, "Training generative adversarial networks with limited data", called ADA below). Below a
probability of about 0.8, the changes do not leak into the generated images (ADA, section 2.2).

On CUDA, `grid_sample` sums its gradient in varying order. With a geometric change, runs are therefore repeated and
resumed bit for bit only on CPUs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from digitforge.errors import ConfigError, nearest
from trainer.seeding import Draws

Change = Literal[
    "flip", "shift", "rotate", "scale", "shear", "elastic",
    "brightness", "contrast", "saturation", "hue", "cutout", "noise",
]  # fmt: skip

LARGEST: dict[Change, float] = {
    "flip": 1,
    "shift": 0.5,
    "rotate": 180,
    "scale": 1,
    "shear": 60,
    "elastic": 0.2,
    "brightness": 1,
    "contrast": 1,
    "saturation": 1,
    "hue": 180,
    "cutout": 1,
    "noise": 1,
}
"""The changes, and the largest strength of each.

flip: chance of a mirror image, left to right. shift: fraction of the side, in both directions. rotate: degrees. scale:
0.1 is a factor between 1 / 1.1 and 1.1, uniform in its logarithm. shear: degrees, along the rows. brightness: added to
all pixels. contrast: factor of the distance from the image's mean, like scale's. saturation: 1 is a factor between 0
and 2 of the distance from a pixel's own grey. hue: degrees around the axis of greys. All but flip are uniform between
minus and plus their strength. Grey images have no saturation and no hue, so these two leave them as they are.
elastic: fraction of the side; standard deviation of a smooth displacement (Simard et al. 2003), normal on 5x5 nodes.
cutout: fraction of the shorter side; a square of background with its centre anywhere in the image (DeVries and Taylor
2017). noise: standard deviation. Images are in [-1, 1]; changes of colour, and noise, may leave that range, as in ADA.
"""

GEOMETRIC: tuple[Change, ...] = ("shift", "rotate", "scale", "shear", "elastic")
"""The changes that move pixels smoothly. Together they resample an image once."""

BACKGROUND = -1.0
"""The value of pixels outside an image."""

NODES = 5
"""Number of nodes of the elastic displacement, per side."""

ADAPT_EVERY = 4
"""Number of steps between adaptations of the probability (ADA, section 3)."""

ADAPT_IMAGES = 500_000
"""Number of images in which an adaptive probability can rise from 0 to 1 (ADA, section 3)."""


@cache
def parse(text: str) -> Mapping[Change, float]:
    """Parse the strengths in a text like `shift:0.1,rotate:10`; an empty text means no changes.

    Raises ConfigError for an unknown or repeated change, or a strength that is not above 0 and at most its LARGEST.
    """
    strengths: dict[Change, float] = {}
    for part in text.split(",") if text.strip() else ():
        name, _, number = (piece.strip() for piece in part.partition(":"))
        kind = next((known for known in LARGEST if known == name), None)
        if kind is None:
            raise ConfigError(f"{name!r} in {text!r} is not an augmentation: {nearest(name, LARGEST)}")
        if kind in strengths:
            raise ConfigError(f"{text!r} has the augmentation {kind} twice: write it once.")
        try:
            strengths[kind] = float(number)
        except ValueError:
            strengths[kind] = math.nan
        if not 0 < strengths[kind] <= LARGEST[kind]:
            most = LARGEST[kind]
            raise ConfigError(f"{part!r} needs a strength above 0, at most {most}: write it like {kind}:{most / 10:g}.")
    return MappingProxyType(strengths)


def augment(
    images: Tensor, strengths: Mapping[Change, float], probability: float | Tensor, draws: Draws, name: str
) -> Tensor:
    """Apply each change in `strengths` to each image, independently, with `probability`.

    images: float32 [rows, channels, height, width] in [-1, 1], rows as in `draws`; returned in the same shape.
    probability: a number, or a scalar on the device, which is not waited for. name: selects the random numbers.

    An image to which no change applies is returned unchanged, bit for bit. Gradients reach the images, but second
    derivatives do not exist in every version of PyTorch, so a gradient penalty should use the augmented images.
    """
    if not strengths:
        return images
    # bf16 is too coarse for coordinates.
    with torch.autocast(images.device.type, enabled=False):
        images = images.to(torch.promote_types(images.dtype, torch.float32))
        height, width = images.shape[2:]
        drawn = {
            kind: draws.uniform(f"{name}/{kind}", 3) for kind in strengths
        }  # whether it applies, and up to two amounts
        chosen = {kind: numbers[:, 0] < probability for kind, numbers in drawn.items()}

        if "flip" in strengths:
            mirrored = chosen["flip"] & (drawn["flip"][:, 1] < strengths["flip"])
            images = torch.where(_each(mirrored), images.flip(3), images)

        if geometric := [kind for kind in GEOMETRIC if kind in strengths]:
            amounts = {kind: (drawn[kind][:, 1:] * 2 - 1) * chosen[kind][:, None] for kind in geometric}
            grid = _grid(height, width, strengths, amounts)
            if "elastic" in strengths:
                nodes = draws.normal(f"{name}/elastic/nodes", 2, NODES, NODES) * (2 * strengths["elastic"])
                field = F.interpolate(nodes, (height, width), mode="bicubic", align_corners=True)
                grid = grid + (field * _each(chosen["elastic"])).permute(0, 2, 3, 1)
            # grid_sample fills the outside with zeros, so the background must be 0 there.
            lifted = F.grid_sample(images - BACKGROUND, grid.to(images.dtype), align_corners=False)
            moved = torch.stack([chosen[kind] for kind in geometric]).any(0)
            images = torch.where(_each(moved), lifted + BACKGROUND, images)

        for kind, recolour in RECOLOURINGS.items():
            if kind in strengths and (images.shape[1] == 3 or kind not in ("saturation", "hue")):
                amount = _each(drawn[kind][:, 1] * 2 - 1)
                images = torch.where(_each(chosen[kind]), recolour(images, amount, strengths[kind]), images)

        if "noise" in strengths:
            noise = draws.normal(f"{name}/noise/pixels", *images.shape[1:]) * strengths["noise"]
            images = torch.where(_each(chosen["noise"]), images + noise, images)

        if "cutout" in strengths:
            half = strengths["cutout"] * min(height, width) / 2
            x, y = ((torch.arange(side, device=images.device) + 0.5) for side in (width, height))
            near_x = (x - drawn["cutout"][:, 1:2] * width).abs() < half
            near_y = (y - drawn["cutout"][:, 2:3] * height).abs() < half
            square = near_y[:, None, :, None] & near_x[:, None, None, :]
            images = images.masked_fill(_each(chosen["cutout"]) & square, BACKGROUND)
    return images


def _brighten(images: Tensor, amount: Tensor, strength: float) -> Tensor:
    return images + amount * strength


def _stretch(images: Tensor, amount: Tensor, strength: float) -> Tensor:
    mean = images.mean(dim=(1, 2, 3), keepdim=True)
    return mean + (images - mean) * (1 + strength) ** amount


def _saturate(images: Tensor, amount: Tensor, strength: float) -> Tensor:
    grey = images.mean(dim=1, keepdim=True)
    return grey + (images - grey) * (1 + amount * strength)


def _turn_hue(images: Tensor, amount: Tensor, strength: float) -> Tensor:
    """Rotate around the axis of greys, by Rodrigues' formula. Not as a matrix, which a GPU may multiply in TF32."""
    angle = (amount * strength).deg2rad()
    grey = images.mean(dim=1, keepdim=True)
    across = (images.roll(1, dims=1) - images.roll(-1, dims=1)) / math.sqrt(3)  # the product with the axis
    return grey + (images - grey) * angle.cos() + across * angle.sin()


RECOLOURINGS: dict[Change, Callable[[Tensor, Tensor, float], Tensor]] = {
    "brightness": _brighten,
    "contrast": _stretch,
    "saturation": _saturate,
    "hue": _turn_hue,
}
"""The changes of colour, in order: images, amounts [rows, 1, 1, 1] in [-1, 1] and the strength to images."""


def _each(per_image: Tensor) -> Tensor:
    return per_image[:, None, None, None]


def _grid(height: int, width: int, strengths: Mapping[Change, float], amounts: Mapping[Change, Tensor]) -> Tensor:
    """Return the source of each pixel, [rows, height, width, 2], in grid_sample's coordinates.

    amounts: [rows, 2] in [-1, 1]. Pixels are sheared, rotated and scaled around the centre, then shifted; the code
    inverts these steps. affine_grid is not used because it multiplies matrices, which a GPU may do in TF32.
    """
    none = torch.zeros_like(next(iter(amounts.values())))

    def amount(kind: Change, column: int = 0) -> Tensor:
        return (amounts.get(kind, none) * strengths.get(kind, 0.0))[:, column, None, None]

    x = torch.arange(width, device=none.device) - (width - 1) / 2 - amount("shift", 0) * width  # [rows, 1, width]
    y = torch.arange(height, device=none.device)[:, None] - (height - 1) / 2 - amount("shift", 1) * height
    factor = (1 + strengths.get("scale", 0.0)) ** amounts.get("scale", none)[:, :1, None]
    angle = amount("rotate").deg2rad()
    cos, sin = angle.cos() / factor, angle.sin() / factor
    x, y = cos * x + sin * y, cos * y - sin * x
    x = x - amount("shear").deg2rad().tan() * y
    return torch.stack([x * (2 / width), y * (2 / height)], dim=-1)


class Augmentation(nn.Module):
    """`augment` with its strengths and a probability that may adapt. Its state is part of a checkpoint."""

    probability: Tensor
    """Scalar; see `augment`."""
    signs: Tensor
    """Sum of the mean signs of the scores of reals since the last adaptation, scalar."""

    def __init__(self, text: str, probability: float, target: float, batch_size: int) -> None:
        """text: see `parse`, also for ConfigError. target: see `observe`. batch_size: over all processes.

        If there is a target, the probability starts at 0.
        """
        super().__init__()
        self.strengths = parse(text)
        self.target = target
        self.stride = ADAPT_EVERY * batch_size / ADAPT_IMAGES
        self.register_buffer("probability", torch.tensor(0.0 if target else probability))
        self.register_buffer("signs", torch.zeros(()))

    def forward(self, images: Tensor, draws: Draws, name: str) -> Tensor:
        """See `augment`."""
        return augment(images, self.strengths, self.probability, draws, name)

    @torch.no_grad()
    def observe(self, mean_sign: Tensor, move: bool, reduce: Callable[[Tensor], Tensor]) -> None:
        """Adapt the probability to the mean sign, scalar, of the scores of a step's reals. Call it once per step.

        The mean sign is near 0 for a discriminator that is unsure, and 1 for one that has memorised the training set.
        Every ADAPT_EVERY steps, the probability rises if the mean sign is above the target, and falls otherwise (ADA,
        section 3). Scores must therefore be above 0 for "real". A target of 0 keeps the probability fixed.

        move: whether this is the last of ADAPT_EVERY steps.
        reduce: averages a tensor over processes, so that all adapt alike. The device is not waited for.
        """
        if not self.target:
            return
        self.signs += reduce(mean_sign)
        if move:
            self.probability += (self.signs / ADAPT_EVERY - self.target).sign() * self.stride
            self.probability.clamp_(0, 1)
            self.signs.zero_()
