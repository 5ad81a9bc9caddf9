"""The Map mode: connects the map, its panel and the large view of a sample chosen on it; and the real pictures."""

from __future__ import annotations

from PySide6.QtCore import QObject, QPoint, Signal
from PySide6.QtWidgets import QWidget

from export.contract import GeneratorInfo
from export.runtime.arrays import UInt8
from viewer.core.scene.map import Map
from viewer.core.scene.messages import Frame, Opened
from viewer.core.state.samples import Sample
from viewer.core.state.view_state import ViewState
from viewer.engine.mapper import Mapper
from viewer.engine.player import Player
from viewer.engine.real import RealStore
from viewer.ui.canvas.canvas import Canvas
from viewer.ui.canvas.inspector import Inspector
from viewer.ui.canvas.map import MapView
from viewer.ui.dialogs.nearest import NearestDialog
from viewer.ui.editor import Editor
from viewer.ui.panels.map import MapPanel

FIRST = "Drawing samples …"


class Mapping(QObject):
    """Shows the map, or the canvas with the chosen sample."""

    notified = Signal(str)
    """A message."""

    def __init__(self, window: QWidget, player: Player, editor: Editor, canvas: Canvas, inspector: Inspector) -> None:
        super().__init__(window)
        self.nearest: NearestDialog | None = None
        """The dialog, once it has been opened."""
        self.view = MapView()
        self.panel = MapPanel()
        self._real = RealStore()
        self.mapper = Mapper(player, self._real)
        self._window = window
        self._player = player
        self._editor = editor
        self._canvas = canvas
        self._inspector = inspector
        self._opening: QPoint | bool = False  # whether to show the chosen sample large, or where to show its menu
        self.view.hide()
        self.view.opened.connect(self._open)
        self.view.menu_wanted.connect(self._open_menu)
        self.panel.real_wanted.connect(self.view.show_real)
        self.panel.grid_wanted.connect(self._to_grid)
        self.panel.keyframe_wanted.connect(self._to_timeline)
        self.mapper.ready.connect(self._on_ready)
        self.mapper.progressed.connect(self._on_progressed)
        self.mapper.failed.connect(lambda: self.view.show_note(""))
        inspector.view.closed.connect(self._show)
        canvas.opened.connect(lambda _cell: self._show())

    def show_model(self, opened: Opened) -> None:
        """Forget the map of the generator before."""
        self.view.classes = opened.info.classes
        self.view.show_map(None)
        self.panel.show_map(None)

    def show_state(self, state: ViewState) -> None:
        """Show the map, in its mode."""
        self.view.show_chosen(state.chosen)
        self._show()
        if state.mode == "map":
            if self.view.map is None:
                self.view.show_note(FIRST)
            self.mapper.show(state)

    def show_frame(self, frame: Frame) -> None:
        """Show the chosen sample large, or its menu, once its frame is there."""
        opening, chosen = self._opening, self._player.state.chosen
        if opening is False or self._player.state.mode != "map" or frame.scene.shown != (chosen,):
            return
        self._opening = False
        self._canvas.hold(0)
        if isinstance(opening, QPoint):
            self._canvas.menu_wanted.emit(opening)
        else:
            self._canvas.opened.emit(0)

    def show_nearest(self, info: GeneratorInfo, pixels: UInt8) -> None:
        """Open the dialog with the real pictures nearest to one, uint8 [h, w] or [h, w, 3]."""
        if self.nearest is None:
            self.nearest = NearestDialog(self._window, self._real)
        self.nearest.show_nearest(info, pixels, self._player.state.look)

    def close_down(self) -> None:
        """Stop the work, and wait until its threads have ended."""
        self.mapper.close_down()
        if self.nearest is not None:
            self.nearest.search.close_down()

    def _show(self) -> None:
        """Show the map, or the canvas in other modes and while a sample is shown large."""
        mapped = self._player.state.mode == "map"
        large = not self._inspector.view.isHidden()
        covered = mapped and not large
        focused = self._canvas.hasFocus() or self.view.hasFocus()
        self.view.setVisible(covered)
        self._canvas.setVisible(not covered)
        if covered and focused:
            self.view.setFocus()

    def _open(self, sample: Sample) -> None:
        self._choose(sample, True)

    def _open_menu(self, sample: Sample, at: QPoint) -> None:
        self._choose(sample, at)

    def _choose(self, sample: Sample, opening: QPoint | bool) -> None:
        self._opening = opening
        if self._player.state.chosen == sample and self._canvas.frame is not None:
            self.show_frame(self._canvas.frame)
        else:
            self._editor.edit("picture of the map", lambda state: state.with_chosen(sample))

    def _on_progressed(self, done: int, of: int) -> None:
        if self.view.map is None:
            self.view.show_note(f"{FIRST} {done:,} of {of:,}")

    def _on_ready(self, found: Map) -> None:
        self.view.show_map(found)
        self.panel.show_map(found)

    def _to_grid(self) -> None:
        """Lock the chosen sample into the first cell of the grid that is free."""
        state = self._player.state
        if (chosen := state.chosen) is None:
            return
        cell = state.free_cell
        self._editor.edit("kept picture", lambda before: before.with_mode("grid").locked(cell, chosen))
        self.notified.emit(f"The picture is locked in cell {cell + 1} of the grid.")

    def _to_timeline(self) -> None:
        state = self._player.state
        if (chosen := state.chosen) is None:
            return
        if not state.timeline.full:
            self._editor.edit("keyframe", lambda before: before.with_keyframe(chosen))
        self.notified.emit(state.timeline.next_is)
