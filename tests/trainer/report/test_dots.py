from __future__ import annotations

from trainer.report.dots import dots
from trainer.scoring.metrics import METRICS


def test_dots_are_inside_and_in_order() -> None:
    metric = METRICS["frechet_distance"]
    found = dots(metric, [0.02, None, 0.04], 0.03, 0.005)
    assert found.places == [4, None, 96]
    assert (found.floor, found.band, found.logarithmic) == (50, (27, 46), False)
    found = dots(metric, [0.1, 100.0], 1.0, 5.0)
    assert (found.places, found.floor, found.logarithmic) == ([4, 96], 34.67, True)
    assert found.band is not None
    assert found.band[0] == 4, "what reaches below zero ends with the scale"
    assert dots(metric, [0.0, 0.0], 0.0, 0.0).places == [50, 50]
    assert dots(metric, [None], None, None).places == [None]
    assert dots(metric, [5.0], None, None).floor is None
