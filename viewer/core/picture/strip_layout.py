"""Where the keyframes of a timeline are on the screen."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class StripLayout:
    """A row of square keyframes. Distances are in pixels."""

    keyframes: int
    steps: int
    """Steps of the timeline. If it loops, the first keyframe is shown again, as a ghost, after the last."""
    side: int
    gap: int
    margin: int

    @property
    def pitch(self) -> int:
        """Distance from keyframe to keyframe."""
        return self.side + self.gap

    @property
    def width(self) -> int:
        """Width of the row, with the ghost and both margins."""
        return 2 * self.margin + max(self.keyframes, self.steps + 1) * self.pitch - self.gap

    def left(self, place: int) -> int:
        """Return the left edge of a keyframe."""
        return self.margin + place * self.pitch

    def place_at(self, x: float) -> int | None:
        """Return the index of the keyframe at `x`, or None between keyframes."""
        place, beside = divmod(x - self.margin, self.pitch)
        return int(place) if 0 <= place < self.keyframes and beside < self.side else None

    def insertion_at(self, x: float) -> int:
        """Return the index at which something dropped at `x` is inserted."""
        place = math.ceil((x - self.playhead(0.0)) / self.pitch)
        return min(max(place, 0), self.keyframes)

    def playhead(self, position: float) -> float:
        """Return the x of a position of the timeline. Whole positions are in the middle of a keyframe."""
        return self.margin + self.side / 2 + position * self.pitch

    def position_at(self, x: float) -> float:
        """Return the position of the timeline nearest to `x`."""
        return min(max((x - self.playhead(0.0)) / self.pitch, 0.0), float(self.steps))
