"""Timelines: keyframes and how to move through them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from viewer.core.plain import check_choice, check_range
from viewer.core.state.samples import Sample

WAYS = ("auto", "slerp", "lerp")
EASINGS = ("linear", "smooth", "hold")
MOST_KEYFRAMES = 64


@dataclass(frozen=True)
class Timeline:
    """A path through samples. Raises ValueError for a value out of range."""

    keyframes: tuple[Sample, ...] = ()
    way: str = "auto"
    """How to interpolate: "auto" is slerp for normal latents and lerp for uniform ones."""
    easing: str = "smooth"
    """The speed within each step between keyframes; see `latents.eased`."""
    loop: bool = True
    """Whether the path goes from the last keyframe back to the first."""

    def __post_init__(self) -> None:
        check_choice("way", self.way, WAYS)
        check_choice("easing", self.easing, EASINGS)
        check_range("the number of keyframes", len(self.keyframes), 0, MOST_KEYFRAMES)

    @property
    def steps(self) -> int:
        """Number of steps between keyframes; 0 if nothing moves."""
        count = len(self.keyframes)
        return (count if self.loop else count - 1) if count > 1 else 0

    @property
    def full(self) -> bool:
        """Whether there is no room for another keyframe."""
        return len(self.keyframes) >= MOST_KEYFRAMES

    @property
    def next_is(self) -> str:
        """What to say when a keyframe is added: which one it becomes, or that there is no room for it."""
        if self.full:
            return f"The timeline is full: it takes {MOST_KEYFRAMES} keyframes."
        return f"Added to the timeline as keyframe {len(self.keyframes) + 1}."

    def inserted(self, place: int, sample: Sample) -> Timeline:
        """Return the timeline with a keyframe inserted at `place`, or unchanged if it is full."""
        return self if self.full else self._with(*self.keyframes[:place], sample, *self.keyframes[place:])

    def removed(self, place: int) -> Timeline:
        """Return the timeline without the keyframe at `place`."""
        return self._with(*self.keyframes[:place], *self.keyframes[place + 1 :])

    def moved(self, place: int, to: int) -> Timeline:
        """Return the timeline with the keyframe at `place` moved to index `to`, clamped to the timeline."""
        if not 0 <= place < len(self.keyframes):
            return self
        rest = self.removed(place).keyframes
        to = min(max(to, 0), len(rest))
        return self._with(*rest[:to], self.keyframes[place], *rest[to:])

    def _with(self, *keyframes: Sample) -> Timeline:
        return replace(self, keyframes=keyframes)
