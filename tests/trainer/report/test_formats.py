from __future__ import annotations

import pytest

from trainer.report.formats import format_floor, format_number


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, "–"), (0.0, "0"), (0.9405, "0.9405"), (0.93, "0.93"), (-0.25, "−0.25"), (12.34567, "12.35"),
        (7.88653e-05, "7.89×10⁻⁵"), (-2.95359e-06, "−2.95×10⁻⁶"), (9.99999e-4, "0.001"), (-9.9999e-6, "−10⁻⁵"),
        (12345.6, "12,346"), (1e12, "10¹²"),
    ],
)  # fmt: skip
def test_numbers_are_written_for_reading(value: float | None, written: str) -> None:
    assert format_number(value) == written


def test_a_floor_has_its_spread_where_it_is_known() -> None:
    assert format_floor(0.0106657, 0.00137034) == "0.01067 ± 0.0014"
    assert format_floor(0.0106657, None) == "0.01067"
    assert format_floor(None, None) == "–"
