"""Torch against onnxruntime: does the exported file compute what the trained generator does?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from export.arrays import Float32
from export.contract import ExportError
from export.latents import latents, one_hot
from export.runtime import Generator

BATCHES = (1, 2, 7, 64)
TOLERANCE = {"fp32": 1e-5, "fp16": 1e-2}
"""Largest allowed error of a value in [-1, 1]."""
PIXEL_TOLERANCE = {"fp32": 1, "fp16": 2}
"""Largest allowed difference of a uint8 pixel."""


@dataclass(frozen=True)
class Parity:
    """How far the exported file is from torch."""

    largest_error: float
    """Of all values of `image`, which lie in [-1, 1]."""
    largest_pixel_error: int
    """Of all uint8 `pixels`."""
    pixels_differing: float
    """Share of the uint8 pixels that differ."""


@torch.no_grad()
def compare(exportable: nn.Module, exported: Generator) -> Parity:
    """Run both on the same latents: batches of 1, 2, 7 and 64, each class, and mixtures of classes.

    exportable: (z, y or nothing) -> (image, pixels), in evaluation mode.
    """
    assert not exportable.training
    info = exported.info
    classes = len(info.classes)
    largest, largest_pixel, differing, total = 0.0, 0, 0, 0
    for batch in BATCHES:
        z = latents(info, seed=batch, start=0, count=batch)
        weights: list[Float32 | None] = [one_hot([label] * batch, classes) for label in range(classes)]
        if classes:
            mixed = np.random.Generator(np.random.PCG64(batch)).dirichlet(np.ones(classes), batch)
            weights.append(mixed.astype(np.float32))
        for y in weights or [None]:
            inputs = [torch.from_numpy(array) for array in (z, y) if array is not None]
            image, pixels = (output.numpy() for output in exportable(*inputs))
            errors = np.abs(exported.generate(z, y) - image)
            # A maximum would pass over NaN; NaN on either side must fail.
            largest = max(largest, float(errors.max()) if np.isfinite(errors).all() else float("inf"))
            pixel_errors = np.abs(exported.generate_pixels(z, y).astype(np.int16) - pixels)
            largest_pixel = max(largest_pixel, int(pixel_errors.max()))
            differing += int((pixel_errors > 0).sum())
            total += pixels.size
    return Parity(largest, largest_pixel, differing / total)


def require(parity: Parity, precision: str) -> None:
    """Raise ExportError where the file is further from torch than its precision allows."""
    agrees = parity.largest_error <= TOLERANCE[precision]
    if not (agrees and parity.largest_pixel_error <= PIXEL_TOLERANCE[precision]):
        raise ExportError(
            f"The exported generator differs from the trained one by {parity.largest_error:.2g}, and its pixels by "
            f"{parity.largest_pixel_error} (at most {TOLERANCE[precision]:.0e} and {PIXEL_TOLERANCE[precision]} are "
            "allowed): no file was written. Report this as a bug."
        )
