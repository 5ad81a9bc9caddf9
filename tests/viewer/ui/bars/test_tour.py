"""The tour."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtTest import QTest

from tests.support.windows import LEFT, OpenWindow, state
from viewer.ui.bars.tour import LEAN, STEPS


def test_five_steps_explain_the_picture(models: dict[str, Path], open_window: OpenWindow) -> None:
    window = open_window(models["digits"])
    QTest.mouseClick(window.hint.tour, LEFT)
    assert window.tour.isVisible()
    assert not window.hint.isVisible()
    QTest.mouseClick(window.tour.next, LEFT)
    assert state(window).playing, "a walk shows what latents are"
    QTest.mouseClick(window.tour.next, LEFT)
    assert state(window).amounts == (LEAN,)
    QTest.mouseClick(window.tour.back, LEFT)
    assert not state(window).amounts
    for _ in range(3):
        QTest.mouseClick(window.tour.next, LEFT)
    assert window.tour.number.text() == f"{len(STEPS)} of 5"
    QTest.mouseClick(window.tour.next, LEFT)
    assert not window.tour.isVisible()


def test_the_tour_can_be_skipped_and_taken_again(models: dict[str, Path], open_window: OpenWindow) -> None:
    window = open_window(models["free"])
    QTest.mouseClick(window.hint.tour, LEFT)
    QTest.mouseClick(window.tour.skip, LEFT)
    assert not window.tour.isVisible()
    next(action for action in window.menu.actions() if action.text() == "Take a tour").trigger()
    assert window.tour.isVisible()
    words = " ".join(text for text, _ in STEPS)
    assert all(word in words for word in ("generator", "latent", "discriminator"))
