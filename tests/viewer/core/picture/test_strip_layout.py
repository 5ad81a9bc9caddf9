"""Where keyframes are on the timeline strip."""

from __future__ import annotations

import pytest

from viewer.core.picture.strip_layout import StripLayout


def test_a_position_on_the_strip_is_a_keyframe_or_between_two() -> None:
    strip = StripLayout(keyframes=3, steps=3, side=40, gap=8, margin=8)
    for place in range(3):
        assert strip.place_at(strip.left(place)) == place
        assert strip.place_at(strip.left(place) + 39) == place
        assert strip.place_at(strip.left(place) + 44) is None, "between two"
    assert strip.place_at(strip.left(3) + 5) is None, "the ghost is no keyframe"
    assert [strip.insertion_at(strip.left(place) + 19) for place in range(4)] == [0, 1, 2, 3]
    assert [strip.insertion_at(strip.left(place) + 21) for place in range(3)] == [1, 2, 3]
    assert (strip.insertion_at(-50), strip.insertion_at(9999)) == (0, 3)
    for position in (0.0, 1.25, 3.0):
        assert strip.position_at(strip.playhead(position)) == pytest.approx(position)
    assert (strip.position_at(-50), strip.position_at(9999)) == (0.0, 3.0)
    assert strip.width == strip.left(3) + 40 + 8
