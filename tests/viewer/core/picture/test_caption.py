"""What is said about a cell."""

from viewer.core.picture.caption import Reading, caption, percent
from viewer.core.state.samples import Sample, of_class


def test_a_line_about_a_cell() -> None:
    reading = Reading(("0", "1", "2"), (0.1, 0.2, 0.7))
    assert reading.best == ("2", 0.7)
    assert caption(of_class(7, 12, 1), ("cat", "dog"), reading).split("   ·   ") == [
        "seed 7 : 12", "made as dog", "read as 2, 70.0 %",
    ]  # fmt: skip
    assert caption(Sample(7, 12), (), None) == "seed 7 : 12"


def test_nearly_certain_is_not_certain() -> None:
    assert percent(0.99996) == "99.9 %"
    assert percent(1.0) == "100.0 %"
