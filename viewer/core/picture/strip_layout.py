"""Where the keyframes of a timeline stand on the screen, and what a pointer there means."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class StripLayout:
    """A row of square keyframes; distances in pixels."""

    keyframes: int
    steps: int
    """Of the timeline: with a loop, the first keyframe stands once more, as a ghost, behind the last."""
    side: int
    gap: int
    margin: int

    @property
    def pitch(self) -> int:
        """From keyframe to keyframe."""
        return self.side + self.gap

    @property
    def width(self) -> int:
        """Of the whole row, with the ghost and both margins."""
        return 2 * self.margin + max(self.keyframes, self.steps + 1) * self.pitch - self.gap

    def left(self, place: int) -> int:
        """Of the keyframe at `place`."""
        return self.margin + place * self.pitch

    def place_at(self, x: float) -> int | None:
        """The keyframe under the pointer, None beside all of them."""
        place, beside = divmod(x - self.margin, self.pitch)
        return int(place) if 0 <= place < self.keyframes and beside < self.side else None

    def insertion_at(self, x: float) -> int:
        """Before which keyframe something that is dropped at `x` comes; after the last one, their number."""
        place = math.ceil((x - self.playhead(0.0)) / self.pitch)
        return min(max(place, 0), self.keyframes)

    def playhead(self, position: float) -> float:
        """Where the playhead stands at a position of the timeline: in the middle of a keyframe, or between two."""
        return self.margin + self.side / 2 + position * self.pitch

    def position_at(self, x: float) -> float:
        """The position of the timeline nearest to `x`."""
        return min(max((x - self.playhead(0.0)) / self.pitch, 0.0), float(self.steps))
