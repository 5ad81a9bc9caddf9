"""The report about this machine, in the window."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from export import doctor
from export.doctor import Row
from tests.support.windows import LEFT, OpenWindow
from viewer.ui.dialogs.doctor import as_text


@pytest.fixture
def quick_doctor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "SECONDS", 0.0)


@pytest.mark.usefixtures("quick_doctor")
def test_what_runs_here_from_the_status_line(models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window(models["digits"])
    QTest.mouseClick(window.status.provider, LEFT)
    dialog = window.menu.doctor
    assert dialog is not None
    qtbot.waitUntil(lambda: dialog.report is not None and dialog.copy.isEnabled())
    QTest.mouseClick(dialog.copy, LEFT)
    copied = QGuiApplication.clipboard().text()
    assert "onnxruntime" in copied
    assert "digits.onnx" in copied
    assert dialog.report is not None
    assert copied == as_text(dialog.report)
    QTest.mouseClick(dialog.again, LEFT)
    assert not dialog.again.isEnabled()
    window.close()
    assert dialog._background is None


def test_a_report_as_text() -> None:
    rows = (Row("CUDA", "does not run.", "broken", "install a driver"), Row("CPUs", "2"))
    assert as_text(doctor.Report(rows)) == (
        "digitforge doctor\n[broken] CUDA: does not run. (to fix it: install a driver)\n[info] CPUs: 2\n"
    )
