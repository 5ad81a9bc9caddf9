"""Where a picture stands in its area."""

from viewer.core.fit import Box, fit


def test_a_picture_fills_the_shorter_side_and_is_centred() -> None:
    assert fit(10, 10, 300, 200, whole=False) == Box(50, 0, 200, 200)
    assert fit(20, 10, 100, 100, whole=False) == Box(0, 25, 100, 50)


def test_whole_numbers_only() -> None:
    assert fit(28, 28, 100, 90, whole=True) == Box(8, 3, 84, 84)


def test_a_picture_larger_than_its_area_is_made_smaller() -> None:
    assert fit(1000, 500, 100, 100, whole=True) == Box(0, 25, 100, 50)
    assert fit(1000, 1, 100, 100, whole=False).height == 1
