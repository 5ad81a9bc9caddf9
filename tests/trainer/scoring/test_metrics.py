from __future__ import annotations

import pytest

from trainer.report.dots import dots
from trainer.scoring.metrics import FIGURES, number, tell


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, "–"), (0.0, "0"), (0.9405, "0.9405"), (0.93, "0.93"), (-0.25, "−0.25"), (12.34567, "12.35"),
        (7.88653e-05, "7.89×10⁻⁵"), (-2.95359e-06, "−2.95×10⁻⁶"), (9.99999e-4, "0.001"), (-9.9999e-6, "−10⁻⁵"),
        (12345.6, "12,346"), (1e12, "10¹²"),
    ],
)  # fmt: skip
def test_numbers_are_written_for_reading(value: float | None, written: str) -> None:
    assert tell(value) == written


@pytest.mark.parametrize("value", [None, "1", True, float("nan"), float("inf"), 10**400, [1]])
def test_what_is_no_finite_number(value: object) -> None:
    assert number(value) is None


def test_dots_are_inside_and_in_order() -> None:
    figure = FIGURES[0]
    found = dots(figure, [0.02, None, 0.04], 0.03, 0.005)
    assert found.places == [4, None, 96]
    assert (found.floor, found.band, found.logarithmic) == (50, (27, 46), False)
    found = dots(figure, [0.1, 100.0], 1.0, 5.0)
    assert (found.places, found.floor, found.logarithmic) == ([4, 96], 34.67, True)
    assert found.band is not None
    assert found.band[0] == 4, "what reaches below zero ends with the scale"
    assert dots(figure, [0.0, 0.0], 0.0, 0.0).places == [50, 50]
    assert dots(figure, [None], None, None).places == [None]
    assert dots(figure, [5.0], None, None).floor is None
