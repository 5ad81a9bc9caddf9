from __future__ import annotations

import pytest

from digitforge.errors import ExportError
from export.convert import parity


def measured(largest_error: float, largest_pixel_error: int, rounding: float = 1e-6) -> parity.Parity:
    return parity.Parity((parity.Case(1, "none", largest_error, largest_pixel_error, 1, 100, rounding),))


@pytest.mark.parametrize(
    "bad", [(float("nan"), 0), (float("inf"), 0), (1e-4, 0), (0.0, 2), (1.1e-5, 0), (2.1e-5, 0, 1e-5), (0.0, 2, 1e-5)]
)
def test_images_and_pixels_must_agree(bad: tuple[float, int]) -> None:
    parity.require(measured(1e-6, 1), "fp32")
    with pytest.raises(ExportError):
        parity.require(measured(*bad), "fp32")


def test_twice_the_rounding_of_float32_is_allowed() -> None:
    parity.require(measured(1.9e-5, 1, 1e-5), "fp32")
