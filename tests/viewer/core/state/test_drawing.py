"""Strokes, and the drawing that they make."""

from __future__ import annotations

import numpy as np
import pytest

from export.contract import GeneratorInfo
from viewer.core.plain import from_plain, to_plain
from viewer.core.state.drawing import MOST_POINTS, MOST_STROKES, PICTURE_SIDE, Drawing, Stroke, stroke_of
from viewer.core.state.history import History, Step
from viewer.core.state.samples import held_sample
from viewer.core.state.view_state import ViewState

DIGITS = GeneratorInfo(8, "normal", tuple("0123456789"), 1, 28, 28)
LINE = stroke_of([(0.2, 0.3, 1.0), (0.8, 0.7, 0.5)], 0.08)
ANSWER = held_sample(np.ones(8, np.float32), np.eye(10, dtype=np.float32)[7], "drawn")


def test_a_stroke_keeps_its_points() -> None:
    assert LINE.places() == pytest.approx(np.array([(0.2, 0.3, 1.0), (0.8, 0.7, 0.5)]), abs=2e-5)
    outside = stroke_of([(-0.2, 1.2, 2.0), (-9, 9, -1)], 5.0).places()
    assert outside == pytest.approx(np.array([(-0.2, 1.2, 1.0), (-0.25, 1.25, 0.0)]), abs=2e-5)
    assert len(stroke_of([(0.5, 0.5, 1.0)] * (MOST_POINTS + 9), 0.1).places()) == MOST_POINTS


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((b"",), "number of points is 0"),
        ((b"1234567",), "three numbers each"),
        ((b"123456", 0.5), "thickness is 0.5"),
    ],
)
def test_what_is_no_stroke(arguments: tuple[bytes, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Stroke(*arguments)


def test_a_drawing_that_is_not_valid() -> None:
    with pytest.raises(ValueError, match="112x112"):
        Drawing(picture=b"abc")
    with pytest.raises(ValueError, match="number of strokes"):
        Drawing((LINE,) * (MOST_STROKES + 1))
    with pytest.raises(ValueError, match="error"):
        Drawing(error=float("nan"))


def test_what_changes_a_drawing() -> None:
    drawing = Drawing().with_stroke(LINE)
    assert not drawing.blank
    assert not drawing.settled
    answered = drawing.with_answer(ANSWER, 0.3)
    assert answered.settled
    assert answered.with_stroke(LINE).answer == ANSWER
    assert not answered.with_normalised(False).settled
    assert answered.cleared() == Drawing()
    assert answered.with_normalised(False).cleared() == Drawing(normalised=False)
    assert Drawing((LINE,) * MOST_STROKES).with_stroke(LINE).full
    brought = answered.with_picture(bytes(PICTURE_SIDE**2))
    assert brought.strokes == ()
    assert not brought.blank


def test_erasing_nothing_leaves_a_blank_sheet() -> None:
    assert Drawing((stroke_of([(0.5, 0.5, 1.0)], 0.1, eraser=True),)).blank


def test_a_drawing_as_plain_values() -> None:
    drawing = Drawing((LINE,), bytes(PICTURE_SIDE**2), False, ANSWER, 0.25)
    assert from_plain(Drawing, to_plain(drawing), "drawing") == drawing
    assert "drawing" not in to_plain(ViewState())


def test_each_stroke_is_a_step_to_undo() -> None:
    first = ViewState(mode="draw").with_drawing(Drawing().with_stroke(LINE))
    second = first.with_drawing(first.drawing.with_stroke(LINE))
    history = History().add(Step("stroke", ViewState(mode="draw"), first, 1.0)).add(Step("stroke", first, second, 1.1))
    assert len(history.undoable) == 2


def test_an_answer_fits_the_generator_or_is_left_out() -> None:
    state = ViewState().with_drawing(Drawing((LINE,)).with_answer(ANSWER))
    assert state.fitted(DIGITS) == state
    other = state.fitted(GeneratorInfo(9, "normal", DIGITS.classes, 1, 28, 28))
    assert other.drawing.answer is None
    assert other.drawing.strokes == (LINE,)
    letters = tuple("7abcdefghi")
    carried = state.carried(DIGITS.classes, letters).drawing.answer
    assert carried is not None
    assert carried.label == 0
