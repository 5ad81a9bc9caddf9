"""What the person at the window has chosen, as one frozen value, and every way it can change."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from export.contract import GeneratorInfo

SEED_MAX = 2**63 - 1
GRID_SIZES = (1, 4, 9, 16, 25, 36, 49, 64, 81, 100)
"""Cells that the grid control offers: squares."""
TRUNCATION_MAX = 1.5
SPEED_RANGE = (0.1, 3.0)
"""Keyframes per second."""
PIXEL_BUDGET = 2**26
"""Pixels of one whole grid; more would cost hundreds of megabytes a frame."""


@dataclass(frozen=True)
class ViewState:
    """What is shown and how it moves. Raises ValueError where a value is out of its range.

    Keyframes are the pictures of seed, seed + 1, …; `position` says how far the walk has come from `seed`.
    """

    seed: int = 0
    """0 to 2**63 - 1."""
    digit: int | None = None
    """Index of the class that every cell shows; None mixes the classes."""
    cells: int = 64
    """1 to 100."""
    truncation: float = 1.0
    """psi, which scales the latents: 0 to 1.5."""
    playing: bool = False
    speed: float = 0.5
    """Keyframes per second."""
    position: float = 0.0
    """Keyframes past `seed`, not negative."""

    def __post_init__(self) -> None:
        for name, value, low, high in (
            ("seed", self.seed, 0, SEED_MAX),
            ("digit", self.digit or 0, 0, 999),
            ("cells", self.cells, 1, GRID_SIZES[-1]),
            ("truncation", self.truncation, 0.0, TRUNCATION_MAX),
            ("speed", self.speed, *SPEED_RANGE),
            ("position", self.position, 0.0, math.inf),
        ):
            if not low <= value <= high:  # also refuses NaN
                raise ValueError(f"{name} is {value}; it must be between {low} and {high}")

    def with_seed(self, seed: int) -> ViewState:
        """Show the keyframe of `seed` itself; a seed out of range becomes the nearest one in it."""
        return replace(self, seed=min(max(seed, 0), SEED_MAX), position=0.0)

    def stepped(self, by: int) -> ViewState:
        """Show the keyframe `by` seeds on; stops at the first and the last seed."""
        return self.with_seed(self.seed + by)

    def with_digit(self, digit: int | None) -> ViewState:
        """Show one class, or a mix of all (None)."""
        return replace(self, digit=digit)

    def with_cells(self, cells: int) -> ViewState:
        """Show another number of cells; the cells that stay keep their pictures."""
        return replace(self, cells=cells)

    def with_truncation(self, truncation: float) -> ViewState:
        """Scale the latents by psi, held within its range."""
        return replace(self, truncation=min(max(truncation, 0.0), TRUNCATION_MAX))

    def with_speed(self, speed: float) -> ViewState:
        """Walk at `speed` keyframes per second, held within its range."""
        return replace(self, speed=min(max(speed, SPEED_RANGE[0]), SPEED_RANGE[1]))

    def with_playing(self, playing: bool) -> ViewState:
        """Start or stop the walk; the picture stays as it is."""
        return replace(self, playing=playing)

    def advanced(self, seconds: float) -> ViewState:
        """The walk `seconds` later, where it plays. Keyframes that were passed move into `seed`."""
        if not self.playing:
            return self
        position = self.position + self.speed * seconds
        passed = min(math.floor(position), SEED_MAX - self.seed)  # past the last seed, position alone goes on
        return replace(self, seed=self.seed + passed, position=position - passed)

    def fitted(self, info: GeneratorInfo) -> ViewState:
        """The nearest state that the generator can show: a class it has, a grid that fits in memory."""
        known = self.digit is not None and self.digit < len(info.classes)
        return replace(self, digit=self.digit if known else None, cells=min(self.cells, cells_limit(info)))


def cells_limit(info: GeneratorInfo) -> int:
    """The largest grid size that keeps within PIXEL_BUDGET for this generator's pictures."""
    fits = [cells for cells in GRID_SIZES if cells * info.height * info.width <= PIXEL_BUDGET]
    return max(fits, default=1)
