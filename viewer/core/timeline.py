"""Keyframes, and the way through them."""

from __future__ import annotations

from dataclasses import dataclass

from viewer.core.samples import Sample

WAYS = ("auto", "slerp", "lerp")
EASINGS = ("linear", "smooth", "hold")
MOST_KEYFRAMES = 64


@dataclass(frozen=True)
class Timeline:
    """A way through samples. Raises ValueError where a value is out of range."""

    keyframes: tuple[Sample, ...] = ()
    way: str = "auto"
    """"auto" is slerp for normal latents and lerp for uniform ones."""
    easing: str = "smooth"
    """Within each step from keyframe to keyframe."""
    loop: bool = True
    """From the last keyframe back to the first."""

    def __post_init__(self) -> None:
        if self.way not in WAYS or self.easing not in EASINGS or len(self.keyframes) > MOST_KEYFRAMES:
            raise ValueError(f"there is no timeline of {len(self.keyframes)} keyframes, {self.way}, {self.easing}")

    @property
    def steps(self) -> int:
        """Number of steps from keyframe to keyframe; 0 where nothing moves."""
        count = len(self.keyframes)
        return (count if self.loop else count - 1) if count > 1 else 0
