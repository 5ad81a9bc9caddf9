"""How near a generator comes to given images, for scores."""

from __future__ import annotations

from export.contract import GeneratorInfo
from export.inversion.batch import Effort, invert
from export.inversion.solver import Float64, Run
from export.inversion.starts import Pool
from export.runtime.arrays import Int64, UInt8
from export.runtime.pixels import from_pixels

EFFORT = Effort(starts=1, trial=0, most=10)
PER_CLASS = 100


def reconstruction_errors(info: GeneratorInfo, run: Run, images: UInt8, labels: Int64) -> Float64:
    """Return the error of the nearest image of a generator to each of some images, float64 [n].

    images: uint8 [n, C, H, W]. labels: int64 [n], their classes, which an unconditional generator ignores. The error is
    the root mean square in units of [-1, 1]. Raises ExportError if the latents are too long; see `checks.searchable`.
    """
    pool = Pool.draw(info, run, PER_CLASS)
    return invert(pool, run, from_pixels(images), labels=labels if info.conditional else None, effort=EFFORT).rms
