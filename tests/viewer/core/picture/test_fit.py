"""Fitting a picture into an area."""

from viewer.core.picture.fit import Box, View, fit


def test_a_picture_fills_the_shorter_side_and_is_centred() -> None:
    assert fit(10, 10, 300, 200, whole=False) == Box(50, 0, 200, 200)
    assert fit(20, 10, 100, 100, whole=False) == Box(0, 25, 100, 50)


def test_whole_numbers_only() -> None:
    assert fit(28, 28, 100, 90, whole=True) == Box(8, 3, 84, 84)


def test_a_picture_larger_than_its_area_is_made_smaller() -> None:
    assert fit(1000, 500, 100, 100, whole=True) == Box(0, 25, 100, 50)
    assert fit(1000, 1, 100, 100, whole=False).height == 1


def test_zooming_keeps_the_point_under_the_pointer() -> None:
    view = View().zoomed(4.0, 0.25, 0.7)
    box = fit(100, 100, 400, 400, whole=False, view=view)
    assert (box.width, box.height) == (1600, 1600)
    assert abs(box.left + 0.25 * box.width - 0.25 * 400) <= 1
    assert abs(box.top + 0.7 * box.height - 0.7 * 400) <= 1
    assert view.zoomed(1 / 4, 0.9, 0.1) == View(), "further away than the whole picture is nothing"


def test_a_close_view_leaves_nothing_empty() -> None:
    for dx in (-9.0, 0.1, 9.0):
        box = fit(100, 50, 400, 400, whole=False, view=View().zoomed(3.0).panned(dx, dx))
        assert box.left <= 0 <= 400 <= box.left + box.width
        assert box.top <= 0 <= 400 <= box.top + box.height
    assert View().panned(0.3, 0.3) == View(), "the whole picture has nowhere to go"


def test_zoomed_squares_stay_squares() -> None:
    assert fit(28, 28, 100, 90, whole=True, view=View(1.5)).width == 28 * 4
