"""The menu of the Open button: open a run, compare, and the recent generators."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from viewer.ui.settings_store import SettingsStore
from viewer.ui.widgets.literal import literal, literal_tip


class RecentMenu(QMenu):
    """Lists the recent generators whenever it opens. Files that no longer exist are shown disabled."""

    chosen = Signal(object)
    """The path of the generator or run to open."""

    def __init__(self, parent: QWidget, store: SettingsStore, bundled: Path, lead: list[QAction]) -> None:
        """bundled: the bundled generator; lead: the actions above the recent generators."""
        super().__init__("Recent generators", parent)
        self._store = store
        self._bundled = bundled
        self._lead = lead
        self.setToolTipsVisible(True)
        self.aboutToShow.connect(self._fill)

    def _fill(self) -> None:
        self.clear()
        self.addActions(self._lead)
        self.addSeparator()
        recent = [Path(one) for one in self._store.current.recent]
        for path in recent:
            self._offer(path, f"{path.parent.name}/{path.name}")
        if self._bundled.is_file() and self._bundled not in recent:
            if recent:
                self.addSeparator()
            self._offer(self._bundled, "The bundled generator")
        if recent:
            self.addSeparator()
            self.addAction("Clear this list", lambda: self._store.change(recent=()))

    def _offer(self, path: Path, text: str) -> None:
        there = path.exists()
        action = self.addAction(literal(text if there else f"{text} (gone)"))
        action.setToolTip(literal_tip(str(path)))
        action.setEnabled(there)
        action.triggered.connect(lambda: self.chosen.emit(path))
