"""Compare an exported file in onnxruntime to the trained generator in torch."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from digitforge.errors import ExportError
from export.contract import Precision
from export.runtime.arrays import Float32
from export.runtime.generator import Generator
from export.runtime.latents import latents, one_hot

BATCHES = (1, 2, 7, 64)
TOLERANCE: dict[Precision, float] = {"fp32": 1e-5, "fp16": 1e-2}
"""Largest allowed error of a value in [-1, 1], unless float32 itself is less accurate; see `Parity.allowed`."""
PIXEL_TOLERANCE: dict[Precision, int] = {"fp32": 1, "fp16": 2}
"""Largest allowed difference of a uint8 pixel."""


@dataclass(frozen=True)
class Case:
    """Result of one batch that both have computed."""

    batch: int
    classes: str
    """The requested class, "mixed", or "none"."""
    largest_error: float
    """Largest difference of a value of `image`, which lies in [-1, 1]; infinite if either side is not finite."""
    largest_pixel_error: int
    """Largest difference of a uint8 value of `pixels`."""
    pixels_differing: int
    """Number of values of `pixels` that differ."""
    pixels: int
    """Number of values of `pixels`."""
    rounding: float
    """Largest difference between torch in float32 and in float64; 0 if either is not finite."""


@dataclass(frozen=True)
class Parity:
    """Difference between an exported file and torch."""

    cases: tuple[Case, ...]

    @property
    def largest_error(self) -> float:
        """Largest difference of a value of `image`."""
        return max(case.largest_error for case in self.cases)

    @property
    def largest_pixel_error(self) -> int:
        """Largest difference of a uint8 value of `pixels`."""
        return max(case.largest_pixel_error for case in self.cases)

    @property
    def pixels_differing(self) -> float:
        """Share of the values of `pixels` that differ."""
        return sum(case.pixels_differing for case in self.cases) / sum(case.pixels for case in self.cases)

    def allowed(self, precision: Precision) -> float:
        """Return the largest error that passes: TOLERANCE, or twice torch's own rounding error if that is larger.

        A generator that was trained for long can be so steep that rounding errors grow. No runtime can then be closer
        to torch than both are to the exact image.
        """
        return max(TOLERANCE[precision], 2 * max(case.rounding for case in self.cases))


def calls(classes: tuple[str, ...]) -> list[tuple[int, str, Float32 | None]]:
    """Return batch size, name and class weights of each call: every class alone, and mixtures of classes."""
    count = len(classes)
    planned: list[tuple[int, str, Float32 | None]] = []
    for batch in BATCHES:
        planned += [(batch, name, one_hot([label] * batch, count)) for label, name in enumerate(classes)]
        if count:
            mixed = np.random.Generator(np.random.PCG64(batch)).dirichlet(np.ones(count), batch)
            planned.append((batch, "mixed", mixed.astype(np.float32)))
        else:
            planned.append((batch, "none", None))
    return planned


@torch.no_grad()
def compare(exportable: nn.Module, exported: Generator, report: Callable[[int, int], None] = lambda *_: None) -> Parity:
    """Run both on the same latents, in batches of 1, 2, 7 and 64, for every class and for mixtures of classes.

    exportable: (z, y or nothing) -> (image, pixels), in evaluation mode.
    report: called with the numbers of batches done and in all.
    """
    assert not exportable.training
    exact = copy.deepcopy(exportable).double()
    cases = []
    planned = calls(exported.info.classes)
    for number, (batch, name, y) in enumerate(planned):
        report(number, len(planned))
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
                # A maximum can ignore NaN, but NaN on either side must fail.
                float(errors.max()) if np.isfinite(errors).all() else float("inf"),
                int(pixel_errors.max()),
                int((pixel_errors > 0).sum()),
                pixels.size,
                float(rounding.max()) if np.isfinite(rounding).all() else 0.0,
            )
        )
    return Parity(tuple(cases))


def require(parity: Parity, precision: Precision) -> None:
    """Raise ExportError if the file differs from torch by more than its precision allows."""
    agrees = parity.largest_error <= parity.allowed(precision)
    if not (agrees and parity.largest_pixel_error <= PIXEL_TOLERANCE[precision]):
        raise ExportError(
            f"The exported generator differs from the trained one by {parity.largest_error:.2g}, and its pixels by "
            f"{parity.largest_pixel_error} (at most {parity.allowed(precision):.1g} and {PIXEL_TOLERANCE[precision]} "
            "are allowed)."
        )
