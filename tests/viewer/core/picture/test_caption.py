"""Captions of cells."""

import numpy as np
import pytest

from viewer.core.picture.caption import Prediction, caption, percent
from viewer.core.state.samples import Sample, held_sample, of_class


def test_the_caption_of_a_cell() -> None:
    prediction = Prediction(("0", "1", "2"), (0.1, 0.2, 0.7))
    assert prediction.best == ("2", 0.7)
    assert caption(of_class(7, 12, 1), ("cat", "dog"), prediction).split("   ·   ") == [
        "seed 7 : 12", "class dog", "predicted 2, 70.0 %",
    ]  # fmt: skip
    assert caption(Sample(7, 12), (), None) == "seed 7 : 12"


@pytest.mark.parametrize(
    ("weights", "said"),
    [
        ({4: 0.5, 7: 0.5}, "between 4 and 7"),
        ({7: 0.9, 4: 0.1}, "between 4 and 7"),
        ({1: 0.25, 4: 0.25, 7: 0.5}, "between 1, 4 and 7"),
        ({4: 0.995, 7: 0.005}, "almost 4"),
        ({4: 1.0}, "class 4"),
        ({4: 0.6}, "class 4"),
        ({0: 0.0}, "class 0"),
        ({place: 1.0 - place / 20 for place in range(10)}, "between 0, 1, 2 and 3"),
    ],
)
def test_the_classes_of_a_held_latent(weights: dict[int, float], said: str) -> None:
    y = np.zeros(10, np.float32)
    for place, weight in weights.items():
        y[place] = weight
    assert caption(held_sample(np.ones(3, np.float32), y), tuple("0123456789"), None) == said


def test_a_held_latent_says_where_it_comes_from() -> None:
    latent, four = np.ones(3, np.float32), np.eye(10, dtype=np.float32)[4]
    names = tuple("0123456789")
    assert caption(held_sample(latent, four, "between seeds 3 and 4"), names, None).split("   ·   ") == [
        "between seeds 3 and 4", "class 4",
    ]  # fmt: skip
    assert caption(held_sample(latent, None, "your drawing"), (), None) == "your drawing"
    assert caption(held_sample(latent, None), (), None) == "a latent of its own"


def test_percentages_are_rounded_down() -> None:
    assert percent(0.99996) == "99.9 %"
    assert percent(1.0) == "100.0 %"
