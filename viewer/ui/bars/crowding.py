"""Keeps the pictures large in low windows, where not all bars below them fit."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QWidget

from viewer.ui import theme
from viewer.ui.bars.stages import StageBar
from viewer.ui.bars.timeline import TimelineBar

LEAST_FOR_ALL = 62 * theme.SPACE
"""Height of the window in pixels below which bars give way."""


class Crowding(QObject):
    """Hides the timeline while another bar is shown, and parts of a training's bar during a comparison."""

    def __init__(
        self, window: QWidget, timeline: TimelineBar, compare: QWidget, tour: QWidget, *bars: StageBar
    ) -> None:
        super().__init__(window)
        self._window = window
        self._timeline = timeline
        self._compare = compare
        self._others = (compare, tour, *bars)
        self._bars = bars
        for one in (window, *self._others):
            one.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        resized = kind == QEvent.Type.Resize and watched is self._window
        if resized or kind in (QEvent.Type.ShowToParent, QEvent.Type.HideToParent):
            self._arrange()
        return False

    def _arrange(self) -> None:
        low = self._window.height() < theme.px(LEAST_FOR_ALL)
        self._timeline.give_way(low and any(not bar.isHidden() for bar in self._others))
        for bar in self._bars:
            bar.spared.setHidden(low and not self._compare.isHidden())
