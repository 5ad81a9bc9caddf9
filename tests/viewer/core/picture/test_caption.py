"""Captions of cells."""

from viewer.core.picture.caption import Prediction, caption, percent
from viewer.core.state.samples import Sample, of_class


def test_the_caption_of_a_cell() -> None:
    prediction = Prediction(("0", "1", "2"), (0.1, 0.2, 0.7))
    assert prediction.best == ("2", 0.7)
    assert caption(of_class(7, 12, 1), ("cat", "dog"), prediction).split("   ·   ") == [
        "seed 7 : 12", "class dog", "predicted 2, 70.0 %",
    ]  # fmt: skip
    assert caption(Sample(7, 12), (), None) == "seed 7 : 12"


def test_percentages_are_rounded_down() -> None:
    assert percent(0.99996) == "99.9 %"
    assert percent(1.0) == "100.0 %"
