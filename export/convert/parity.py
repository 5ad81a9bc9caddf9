"""Torch against onnxruntime: does the exported file compute what the trained generator does?"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from digitforge.errors import ExportError
from export.contract import GeneratorInfo
from export.runtime.arrays import Float32
from export.runtime.generator import Generator
from export.runtime.latents import latents, one_hot

BATCHES = (1, 2, 7, 64)
TOLERANCE = {"fp32": 1e-5, "fp16": 1e-2}
"""Largest allowed error of a value in [-1, 1], where float32 itself is not the limit; see `Parity.allowed`."""
PIXEL_TOLERANCE = {"fp32": 1, "fp16": 2}
"""Largest allowed difference of a uint8 pixel."""


@dataclass(frozen=True)
class Case:
    """One call of both, and how far they are apart."""

    batch: int
    classes: str
    """The class that was asked for, "mixed", or "none"."""
    largest_error: float
    """Of all values of `image`, which lie in [-1, 1]; infinite where one side is not finite."""
    largest_pixel_error: int
    """Of all uint8 `pixels`."""
    pixels_differing: int
    """Number of the uint8 pixels that differ."""
    pixels: int
    rounding: float
    """Of all values of `image`: torch in float32 from torch in float64; 0 where one is not finite."""


@dataclass(frozen=True)
class Parity:
    """How far the exported file is from torch."""

    cases: tuple[Case, ...]

    @property
    def largest_error(self) -> float:
        """Of all values of `image`."""
        return max(case.largest_error for case in self.cases)

    @property
    def largest_pixel_error(self) -> int:
        """Of all uint8 `pixels`."""
        return max(case.largest_pixel_error for case in self.cases)

    @property
    def pixels_differing(self) -> float:
        """Share of the uint8 pixels that differ."""
        return sum(case.pixels_differing for case in self.cases) / sum(case.pixels for case in self.cases)

    def allowed(self, precision: str) -> float:
        """The largest error that passes: TOLERANCE, or twice what float32 costs torch itself, where that is more.

        A steep generator, trained for long, makes more of every rounding; no runtime can then be nearer to torch than
        both of them are to the exact image.
        """
        return max(TOLERANCE[precision], 2 * max(case.rounding for case in self.cases))


def calls(info: GeneratorInfo) -> list[tuple[int, str, Float32 | None]]:
    """Batch size, name and class weights of each call: every class alone, and mixtures of classes."""
    count = len(info.classes)
    made: list[tuple[int, str, Float32 | None]] = []
    for batch in BATCHES:
        made += [(batch, name, one_hot([label] * batch, count)) for label, name in enumerate(info.classes)]
        if count:
            mixed = np.random.Generator(np.random.PCG64(batch)).dirichlet(np.ones(count), batch)
            made.append((batch, "mixed", mixed.astype(np.float32)))
        else:
            made.append((batch, "none", None))
    return made


@torch.no_grad()
def compare(exportable: nn.Module, exported: Generator, step: Callable[[int, int], None] = lambda *_: None) -> Parity:
    """Run both on the same latents: batches of 1, 2, 7 and 64, each class, and mixtures of classes.

    exportable: (z, y or nothing) -> (image, pixels), in evaluation mode. step: told of calls done and calls in all.
    """
    assert not exportable.training
    exact = copy.deepcopy(exportable).double()
    cases = []
    planned = calls(exported.info)
    for number, (batch, name, y) in enumerate(planned):
        step(number, len(planned))
        z = latents(exported.info, seed=batch, start=0, count=batch)
        inputs = [torch.from_numpy(array) for array in (z, y) if array is not None]
        image, pixels = (output.numpy() for output in exportable(*inputs))
        rounding = np.abs(image - exact(*(each.double() for each in inputs))[0].numpy())
        errors = np.abs(exported.generate(z, y) - image)
        pixel_errors = np.abs(exported.generate_pixels(z, y).astype(np.int16) - pixels)
        cases.append(
            Case(
                batch,
                name,
                # A maximum would pass over NaN; NaN on either side must fail.
                float(errors.max()) if np.isfinite(errors).all() else float("inf"),
                int(pixel_errors.max()),
                int((pixel_errors > 0).sum()),
                pixels.size,
                float(rounding.max()) if np.isfinite(rounding).all() else 0.0,
            )
        )
    return Parity(tuple(cases))


def require(parity: Parity, precision: str) -> None:
    """Raise ExportError where the file is further from torch than its precision allows."""
    agrees = parity.largest_error <= parity.allowed(precision)
    if not (agrees and parity.largest_pixel_error <= PIXEL_TOLERANCE[precision]):
        raise ExportError(
            f"The exported generator differs from the trained one by {parity.largest_error:.2g}, and its pixels by "
            f"{parity.largest_pixel_error} (at most {parity.allowed(precision):.1g} and {PIXEL_TOLERANCE[precision]} "
            "are allowed)."
        )
