from __future__ import annotations

import time

import pytest

from trainer.report.clock import TrainingClock


def test_the_clock_continues_earlier_sessions_and_skips_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    clock = TrainingClock()
    clock.set(10)
    now = 103
    assert clock.seconds == 10, "not started"
    clock.start()
    now = 105
    assert clock.seconds == 12
    with clock.pause():
        now = 205
        assert clock.seconds == 12
    now = 206
    assert clock.seconds == 13
