"""What is worth trying first, and whether somebody has."""

from __future__ import annotations

from viewer.core.state.view_state import ViewState


def tried(before: ViewState, after: ViewState) -> bool:
    """Whether a change is one of those that the hint asks for: another seed, a keyframe, a number."""
    return (
        (before.seed != after.seed and not before.playing)
        or len(after.timeline.keyframes) > len(before.timeline.keyframes)
        or before.number != after.number
    )
