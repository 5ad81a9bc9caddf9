"""The report of `python -m export.doctor` as a dialog: what runs generators on this machine, and how fast."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QGridLayout, QPushButton, QWidget

from viewer.core.files import Report
from viewer.engine.background import Background
from viewer.ui import theme
from viewer.ui.dialogs.scrolling import ScrollingDialog
from viewer.ui.widgets.buttons import make_button
from viewer.ui.widgets.labels import label

if TYPE_CHECKING:
    from export.doctor import Report as Examination

WIDTH, HEIGHT = 80 * theme.SPACE, 62 * theme.SPACE
MARKS = {"ok": ("✓", "good"), "broken": ("✕", "bad")}


class DoctorDialog(ScrollingDialog):
    """Examines the machine on a thread of its own, and shows the report."""

    stepped = Signal(str)
    """The step of the examination that begins."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, "This computer", "Report", WIDTH, HEIGHT)
        self.show_content(QWidget())
        self.report: Examination | None = None
        """The last report, or None before the first."""
        self._background: Background | None = None
        self.note = label("", "muted")
        self.again = make_button(QPushButton, "Again", "Examine this computer again, after you changed something")
        self.copy = make_button(QPushButton, "Copy", "Copy the report as text, to send it to somebody who helps")
        self._close = make_button(QPushButton, "Close", "Close this report", "Escape")
        self.footer.addWidget(self.note, 1)
        for button in (self.again, self.copy, self._close):
            button.setAutoDefault(False)
            self.footer.addWidget(button)
        self._model: Path | None = None
        self.stepped.connect(self.note.setText)
        self.again.clicked.connect(self._begin)
        self.copy.clicked.connect(self._copy)
        self._close.clicked.connect(self.reject)

    def examine(self, model: Path | None) -> None:
        """Open the dialog, and examine the machine and a generator (None: the machine only)."""
        self._model = model
        self._begin()
        self.open()

    def close_down(self) -> None:
        """Stop the examination, and wait until its thread has ended."""
        if self._background is not None:
            self._background.cancel()
            self._background.wait()
            self._background = None

    def _begin(self) -> None:
        if self._background is not None:
            return
        model = self._model

        def work(report: Report) -> Examination:
            from export.doctor import examine  # not needed for the first frame

            def step(what: str) -> None:
                report(0, 0)
                self.stepped.emit(f"{what[:1].upper()}{what[1:]} …")

            return examine(model, step)

        for button in (self.again, self.copy):
            button.setEnabled(False)
        background = self._background = Background(work, "doctor")
        background.succeeded.connect(self._show)
        background.failed.connect(self.note.setText)
        background.finished.connect(self._on_finished)
        background.start()

    def _on_finished(self) -> None:
        if self._background is not None:
            self._background.wait()
            self._background = None
        self.again.setEnabled(True)
        self.copy.setEnabled(self.report is not None)

    def _show(self, report: Examination) -> None:
        self.report = report
        self.note.setText("Something is broken." if report.broken else "Nothing is broken.")
        table = QWidget()
        grid = QGridLayout(table)
        grid.setContentsMargins(0, 0, theme.SPACE, 0)
        grid.setHorizontalSpacing(2 * theme.SPACE)
        grid.setVerticalSpacing(theme.SPACE)
        grid.setColumnStretch(2, 1)
        for place, row in enumerate(report.rows):
            text, role = MARKS.get(row.status, ("", "muted"))
            value = label(f"{row.value}\nTo fix it: {row.fix}" if row.fix else row.value, "plain")
            value.setWordWrap(True)
            value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            for number, cell in enumerate((label(text, role), label(row.name, "muted"), value)):
                grid.addWidget(cell, place, number, Qt.AlignmentFlag.AlignTop)
        grid.setRowStretch(len(report.rows), 1)
        self.show_content(table)

    def _copy(self) -> None:
        if self.report is not None:
            QGuiApplication.clipboard().setText(as_text(self.report))
            self.note.setText("Copied.")


def as_text(report: Examination) -> str:
    """Format a report as plain text."""
    lines = [
        f"[{row.status}] {row.name}: {row.value}" + (f" (to fix it: {row.fix})" if row.fix else "")
        for row in report.rows
    ]
    return "\n".join(["digitforge doctor", *lines, ""])
