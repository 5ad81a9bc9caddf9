"""Long work on a thread of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from digitforge.errors import ExportError
from viewer.core.files import Report
from viewer.engine.background import Background

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


def test_it_reports_and_returns(qtbot: QtBot) -> None:
    def work(report: Report) -> int:
        for done in range(3):
            report(done, 3)
        return 7

    background = Background(work, "test")
    steps: list[tuple[int, int]] = []
    background.progressed.connect(lambda done, of: steps.append((done, of)))
    with qtbot.waitSignal(background.succeeded) as succeeded:
        background.start()
    assert succeeded.args == [7]
    assert steps == [(0, 3), (1, 3), (2, 3)]
    assert background.wait(5000)


@pytest.mark.parametrize(
    ("error", "said"),
    [(ExportError("No space."), "No space."), (RuntimeError("odd\nlines"), "odd"), (ValueError(), "ValueError")],
)
def test_a_failure_is_a_sentence(qtbot: QtBot, error: Exception, said: str) -> None:
    def work(report: Report) -> None:
        raise error

    background = Background(work, "test")
    with qtbot.waitSignal(background.failed) as failed:
        background.start()
    assert failed.args is not None
    assert said in failed.args[0]
    assert "\n" not in failed.args[0]
    assert background.wait(5000)


def test_it_stops_at_the_next_report(qtbot: QtBot) -> None:
    def work(report: Report) -> None:
        while True:
            report(1, 2)

    background = Background(work, "test")
    with qtbot.waitSignal(background.cancelled):
        background.start()
        background.cancel()
    assert background.wait(5000)
