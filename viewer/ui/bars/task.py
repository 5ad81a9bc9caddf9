"""The strip that shows how far something is that is being written, and stops it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QPushButton

from viewer.engine.background import Background, Report
from viewer.ui import theme
from viewer.ui.widgets.buttons import make_button
from viewer.ui.widgets.card import label

STEPS = 1000
"""Of the bar; more could not be seen, and each is painted."""


class TaskStrip(QFrame):
    """Hidden while there is nothing to do. One thing at a time."""

    succeeded = Signal(object)
    """What the work returned."""
    failed = Signal(str)
    """One sentence."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("message")
        self._background: Background | None = None
        self._what = label("", "value")
        self._what.setTextFormat(Qt.TextFormat.PlainText)
        self.bar = QProgressBar()
        self.bar.setRange(0, STEPS)
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(theme.SPACE // 2)
        self.bar.setAccessibleName("Progress")
        tip = "Stop; nothing half-written stays"
        self.stop_button = make_button(QPushButton, "Cancel", tip, name="Cancel the export")
        self.stop_button.clicked.connect(self.cancel)
        row = QHBoxLayout(self)
        row.setContentsMargins(3 * theme.SPACE, theme.SPACE, 2 * theme.SPACE, theme.SPACE)
        row.setSpacing(2 * theme.SPACE)
        row.addWidget(self._what)
        row.addWidget(self.bar, 1)
        row.addWidget(self.stop_button)
        self.hide()

    def run(self, name: str, work: Callable[[Report], str]) -> None:
        """Begin to write a file of that name; while another is being written nothing happens."""
        if self._background is not None:
            self.failed.emit("One thing at a time: wait for the export that is running, or cancel it.")
            return
        self._what.setText(f"Writing {name}")
        self.bar.setValue(0)
        self.stop_button.setEnabled(True)
        background = self._background = Background(work, "export")
        background.progressed.connect(self._on_progress)
        background.succeeded.connect(self.succeeded)
        background.failed.connect(self.failed)
        background.finished.connect(self._on_finished)
        background.start()
        self.show()

    def cancel(self) -> None:
        """Stop at the next frame."""
        if self._background is not None:
            self.stop_button.setEnabled(False)
            self._background.cancel()

    def close_down(self) -> None:
        """Stop, and wait until the thread is gone."""
        self.cancel()
        self._on_finished()

    def _on_progress(self, done: int, of: int) -> None:
        self.bar.setValue(done * STEPS // max(of, 1))

    def _on_finished(self) -> None:
        if self._background is not None:
            self._background.wait()
            self._background = None
        self.hide()
