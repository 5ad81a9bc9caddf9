"""Shape a picture of a generator: what is painted on it pulls, and the rest stays as far as the generator can.

It is an inversion whose target is the picture itself with the paint on it. The painted pixels count most; all others
count a little, and the prior keeps the latent near that of the picture instead of near the origin.
"""

from __future__ import annotations

import numpy as np

from export.contract import GeneratorInfo
from export.inversion.live import Answer, answer_of
from export.inversion.solver import Run, Settings, Solver
from export.runtime.arrays import Float32

GENTLEST, STRONGEST = 0.8, 0.02
"""Weight of a pixel without paint, where a painted one has 1: at strength 0 and at strength 1."""


SETTINGS = Settings(prior=0.03)
"""The prior is much weaker than that of an inversion: the picture itself keeps the latent near already."""


def paint(image: Float32, cover: Float32, light: Float32, strength: float) -> tuple[Float32, Float32]:
    """Return the target, float32 [C, H, W], and the mask, float32 [H, W], for a picture with paint on it.

    image: float32 [C, H, W] in [-1, 1]. cover: float32 [H, W], how much of a pixel is painted, from 0 to 1. light:
    float32 [H, W], the paint from 0 (as dark as pixels are) to 1 (as light as they are). strength: 0 to 1.
    """
    rest = GENTLEST * (STRONGEST / GENTLEST) ** strength
    target = image * (1 - cover) + (2 * light - 1) * cover
    mask = rest + (1 - rest) * cover
    return target.astype(np.float32), mask.astype(np.float32)


class Clay:
    """A picture that is being shaped. Use it from one thread at a time."""

    def __init__(
        self,
        info: GeneratorInfo,
        image: Float32,
        latent: Float32,
        weights: Float32 | None,
        start: Float32 | None = None,
        settings: Settings = SETTINGS,
    ) -> None:
        """Prepare to shape a picture.

        image: float32 [C, H, W] in [-1, 1], that of `latent`, float32 [latent], and `weights`, float32 [classes]
        (None without classes). start: float32 [latent], the latent to begin with; None: `latent`.
        Raises ExportError if the latents are too long, or the picture does not fit.
        """
        self._image = image.astype(np.float32)
        self._solver = Solver(
            info,
            self._image[None],
            (latent if start is None else start)[None],
            None if weights is None else weights[None],
            settings=settings,
            anchors=latent[None],
        )

    def paint(self, cover: Float32, light: Float32, strength: float) -> None:
        """Replace the paint; see `paint`. The picture goes on changing from how it is."""
        target, mask = paint(self._image, cover, light, strength)
        self._solver.retarget(target[None], mask[None])

    def step(self, run: Run) -> Answer:
        """Run one iteration and return the picture as it is then; see `LiveInversion.step`."""
        self._solver.step(run)
        return answer_of(self._solver, 0)
