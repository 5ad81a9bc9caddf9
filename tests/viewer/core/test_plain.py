"""Plain values as JSON and back, and checks of their range."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field

import pytest

from viewer.core.plain import OMITTED_BY_DEFAULT, check_choice, check_range, from_plain, to_plain


@dataclass(frozen=True)
class Inner:
    name: str = ""
    share: float = 0.5


@dataclass(frozen=True)
class Outer:
    count: int
    on: bool = False
    inner: Inner | None = None
    pairs: tuple[tuple[int, float], ...] = ()
    data: bytes = field(default=b"", metadata=OMITTED_BY_DEFAULT)


@pytest.mark.parametrize("value", [Outer(3), Outer(0, True, Inner("ä", 0.25), ((1, 0.5), (2, 1.0)), b"\0\xff")])
def test_values_come_back_from_json_as_they_were(value: Outer) -> None:
    assert from_plain(Outer, json.loads(json.dumps(to_plain(value))), "it") == value


def test_a_field_that_is_omitted_by_default_is_written_only_when_it_says_something() -> None:
    assert "data" not in to_plain(Outer(3))
    assert to_plain(Outer(3, data=b"\0\xff"))["data"] == "AP8="


@pytest.mark.parametrize(
    ("plain", "message"),
    [
        ({}, "it has no field count"),
        ({"count": True}, "it.count is True; it must be a whole number"),
        ({"count": 1, "inner": {"share": math.nan}}, "it.inner.share is nan; it must be a finite number"),
        ({"count": 1, "pairs": [[1]]}, r"it.pairs\[0\] is list; it must be a list of the right length"),
        ({"count": 1, "more": 2}, "it has an unknown field 'more'"),
        ({"count": 1, "data": "AP8"}, "it.data is 'AP8'; it must be base64"),
        ({"count": 1, "data": "A P8="}, "it.data is 'A P8='; it must be base64"),
        ({"count": 1, "data": 3}, "it.data is 3; it must be base64"),
        ([], "it is list; it must be an object"),
    ],
)
def test_other_values_are_refused(plain: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        from_plain(Outer, plain, "it")


def test_ranges_and_choices() -> None:
    check_range("psi", 0.0, 0.0, 1.0)
    check_range("psi", 1.0, 0.0, 1.0)
    for wrong in (-0.1, 1.1, math.nan):
        with pytest.raises(ValueError, match=r"psi is .*; it must be between 0.0 and 1.0"):
            check_range("psi", wrong, 0.0, 1.0)
    check_choice("way", "slerp", ("slerp", "lerp"))
    with pytest.raises(ValueError, match="way is 'x'; it must be one of slerp, lerp"):
        check_choice("way", "x", ("slerp", "lerp"))
