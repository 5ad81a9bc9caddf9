"""The progress of an export, which can be cancelled."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton

from viewer.core.files import Report
from viewer.engine.background import Background
from viewer.ui import theme
from viewer.ui.widgets.buttons import make_button
from viewer.ui.widgets.labels import ElidedLabel
from viewer.ui.widgets.toast import Toast

STEPS = 1000
"""Steps of the progress bar. More would only be painted more often."""
WIDTH = 52 * theme.SPACE
"""Width in pixels, where there is room."""


class TaskToast(Toast):
    """Runs one export at a time; hidden while there is none."""

    succeeded = Signal(object)
    """The message that the work returned."""
    failed = Signal(str)
    """An error message."""

    def __init__(self) -> None:
        super().__init__()
        self._background: Background | None = None
        self._what = ElidedLabel()
        self.bar = QProgressBar()
        self.bar.setRange(0, STEPS)
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(theme.SPACE // 2)
        self.bar.setAccessibleName("Progress")
        tip = "Stop this export; no half-written file is left"
        self.stop_button = make_button(QPushButton, "Cancel", tip, name="Cancel the export")
        self.stop_button.clicked.connect(self.cancel)
        row = QHBoxLayout(self)
        row.setContentsMargins(2 * theme.SPACE, theme.SPACE, theme.SPACE, theme.SPACE)
        row.setSpacing(theme.SPACE)
        row.addWidget(self._what, 1)
        row.addWidget(self.bar, 1)
        row.addWidget(self.stop_button)

    def wanted_width(self) -> int:
        return theme.px(WIDTH)

    def run(self, name: str, work: Callable[[Report], str]) -> None:
        """Start an export; emits `failed` while another one runs. name: of the file, to be shown."""
        if self._background is not None:
            self.failed.emit("Another export is running. Wait until it is done, or cancel it.")
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
        """Stop the export at the next frame."""
        if self._background is not None:
            self.stop_button.setEnabled(False)
            self._background.cancel()

    def close_down(self) -> None:
        """Stop the export, and wait until its thread has ended."""
        self.cancel()
        self._on_finished()

    def _on_progress(self, done: int, of: int) -> None:
        self.bar.setValue(done * STEPS // max(of, 1))

    def _on_finished(self) -> None:
        if self._background is not None:
            self._background.wait()
            self._background = None
        self.vanish()
