"""The menu of a cell: all that can be done with its picture."""

from __future__ import annotations

from PySide6.QtCore import Signal, SignalInstance
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from viewer.ui.widgets.literal import literal


class CellMenu(QMenu):
    """Offers what can be done with the current cell."""

    large_wanted = Signal()
    lock_wanted = Signal()
    keep_wanted = Signal()
    copy_wanted = Signal()
    python_wanted = Signal()
    keyframe_wanted = Signal()
    morph_wanted = Signal()
    blend_wanted = Signal()
    hand_wanted = Signal()
    class_wanted = Signal()
    direction_wanted = Signal()
    clay_wanted = Signal()
    near_wanted = Signal()
    mix_wanted = Signal()
    grid_wanted = Signal()
    real_wanted = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__("Picture", parent)
        self.large = self._offer("Show it large\tEnter", self.large_wanted)
        self.lock = self._offer("", self.lock_wanted)
        self.grid = self._offer("Lock it in the grid", self.grid_wanted)
        self.keep = self._offer("Keep it as a favourite\tCtrl+Shift+D", self.keep_wanted)
        self.copy = self._offer("Copy it", self.copy_wanted)
        self.real = self._offer("Nearest real pictures…", self.real_wanted)
        self.python = self._offer("Copy as Python", self.python_wanted)
        self.addSeparator()
        self.clay = self._offer("Shape it like clay\tCtrl+B", self.clay_wanted)
        self.near = self._offer("More like this\tCtrl+M", self.near_wanted)
        self.mix = self._offer("Mix it with another picture…", self.mix_wanted)
        self.addSeparator()
        self.keyframe = self._offer("Add it to the timeline", self.keyframe_wanted)
        self.morph = self._offer("Morph from it", self.morph_wanted)
        self.blend = self._offer("Blend it with others", self.blend_wanted)
        self.hand = self._offer("Write with it", self.hand_wanted)
        self.only = self._offer("", self.class_wanted)
        self.direction = self._offer("", self.direction_wanted)

    def show_cell(self, locked: bool | None, class_name: str, direction: str, writes: bool) -> None:
        """Offer what suits a cell.

        locked: None if the mode has no locks. class_name: empty without classes. direction: which cells give a
        direction; empty if none do. writes: whether the generator can write.
        """
        self.lock.setVisible(locked is not None)
        self.grid.setVisible(locked is None)
        self.lock.setText("Unlock it\tL" if locked else "Lock it\tL")
        self.only.setVisible(bool(class_name))
        self.only.setText(literal(f"Show only class {class_name}"))
        self.direction.setVisible(bool(direction))
        self.hand.setVisible(writes)
        self.direction.setText(f"Make a direction: {direction}")

    def _offer(self, text: str, wanted: SignalInstance) -> QAction:
        action = self.addAction(text)
        action.triggered.connect(wanted)
        return action
