from __future__ import annotations

import pytest

from digitforge.errors import ConfigError
from trainer.schedules import parse, value_at


def test_values_hold_from_their_start_on() -> None:
    text = "0.5,0.1@300,0@1000"
    assert [value_at(text, images) for images in (0, 299, 300, 999, 1000, 10**9)] == [0.5, 0.5, 0.1, 0.1, 0, 0]


@pytest.mark.parametrize("text", ["", "x", "1@5", "1,2", "1,2@5,3@5", "1,2@-5", "-1", "inf", "nan", "1,,2@3"])
def test_malformed_schedules_are_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="is not a schedule"):
        parse(text)
