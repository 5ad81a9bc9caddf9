"""The bar below the canvas: the keyframes, and buttons to edit them."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QWidget

from viewer.core.state.samples import any_sample
from viewer.core.state.view_state import ViewState
from viewer.engine.player import Player
from viewer.ui import theme
from viewer.ui.bars.strip import SIDE, Strip
from viewer.ui.widgets.buttons import icon_button

MODES = ("grid", "path", "pad")
"""The modes that show the bar: keyframes come from the grid and can be dragged to the corners of the pad."""
SCROLL_BAR = theme.SPACE
"""Height of the scroll bar in pixels."""


class TimelineBar(QWidget):
    """Shows the keyframes, which scroll, with buttons to add and remove them."""

    edited = Signal(str, object)
    """See `Panel.edited`."""

    def __init__(self, player: Player) -> None:
        super().__init__()
        self.setObjectName("timeline")
        self._player = player
        self._gives_way = False
        self.strip = Strip(player)
        self.add = icon_button("add", "Add a random keyframe: one more picture for the motion to pass through")
        self.remove = icon_button("remove", "Remove the selected keyframe, so that the motion skips it", "Delete")
        self.clear = icon_button("clear", "Remove all keyframes, to begin a new motion")
        self._scroll = QScrollArea()
        self._scroll.setWidget(self.strip)
        self._scroll.setWidgetResizable(True)
        self._scroll.setMinimumWidth(1)  # the strip never keeps the window wide
        self._scroll.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        row = QHBoxLayout(self)
        row.setContentsMargins(2 * theme.SPACE, 0, 2 * theme.SPACE, 0)
        row.setSpacing(theme.SPACE // 2)
        row.addWidget(self._scroll, 1)
        for button in (self.add, self.remove, self.clear):
            row.addWidget(button)
        self.add.clicked.connect(self._add)
        self.remove.clicked.connect(self.strip.remove)
        self.clear.clicked.connect(self._clear)
        self.strip.edited.connect(self.edited)
        self.strip.selection_changed.connect(self._show_selected)

    def show_state(self, state: ViewState) -> None:
        """Show the timeline, in the modes that have one."""
        self.setVisible(state.mode == "path" or (state.mode in MODES and not self._gives_way))
        self.strip.show_state(state)
        self.setFixedHeight(self.strip.sizeHint().height() + SCROLL_BAR)
        if state.playing and state.mode == "path":
            self._scroll.ensureVisible(round(self.strip.strip_layout.playhead(state.position)), 0, SIDE, 0)
        some = bool(state.timeline.keyframes)
        self.add.setEnabled(self._player.model is not None and not state.timeline.full)
        self.remove.setEnabled(some)
        self.clear.setEnabled(some)

    def give_way(self, gives_way: bool) -> None:
        """Hide or show the bar, except in Morph, because the window is too low for it and for other bars."""
        if gives_way != self._gives_way:
            self._gives_way = gives_way
            self.show_state(self._player.state)

    def _show_selected(self) -> None:
        layout = self.strip.strip_layout
        self._scroll.ensureVisible(layout.left(self.strip.selected) + SIDE // 2, 0, SIDE, 0)

    def _add(self) -> None:
        if self._player.model is not None:
            self.strip.insert(len(self._player.state.timeline.keyframes), any_sample(self._player.model.info))

    def _clear(self) -> None:
        self.edited.emit("keyframes", lambda state: state.with_timeline(replace(state.timeline, keyframes=())))
