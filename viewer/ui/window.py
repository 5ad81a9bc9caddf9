"""The window: puts the panels together, and panels and player in touch with each other."""

from __future__ import annotations

import random
import time
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QStandardPaths, Qt, QTimer
from PySide6.QtGui import QAction, QCloseEvent, QDragEnterEvent, QDragLeaveEvent, QDropEvent, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QFileDialog, QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

import viewer
from viewer.core.frames import Failure, Frame, Opened
from viewer.core.keys import edit_for_key
from viewer.core.metadata import PICTURES
from viewer.core.number import cannot_write
from viewer.core.samples import RANDOM_SEEDS
from viewer.core.saving import Subject
from viewer.core.state import MODES, ViewState
from viewer.engine.finder import Finder
from viewer.engine.player import Player
from viewer.ui import theme
from viewer.ui.about import AboutDialog
from viewer.ui.canvas import Canvas
from viewer.ui.card import Panel
from viewer.ui.copying import Copier
from viewer.ui.digits import DigitsPanel
from viewer.ui.directions import DirectionsPanel
from viewer.ui.editor import Editor
from viewer.ui.grid import GridPanel
from viewer.ui.header import Header
from viewer.ui.icons import icon
from viewer.ui.inspector import Inspector
from viewer.ui.message import MessageStrip
from viewer.ui.motion import MotionPanel
from viewer.ui.number import NumberPanel
from viewer.ui.pad import PadPanel
from viewer.ui.rail import Rail
from viewer.ui.restore import Restorer
from viewer.ui.seed import SeedPanel
from viewer.ui.status import StatusLine
from viewer.ui.task import TaskStrip
from viewer.ui.timeline import TimelineBar
from viewer.ui.truncation import TruncationPanel
from viewer.ui.way import WayPanel

if TYPE_CHECKING:
    from viewer.ui.export import ExportSheet

STATUS_INTERVAL_S = 0.25
"""Figures that change with every frame cannot be read."""
EMPTY = {
    "grid": "",
    "path": "Drag pictures from the grid to the timeline below, or add random ones.",
    "pad": "Drag keyframes from the timeline to the corners of the pad, or roll the die.",
    "number": "Type a number at the right.",
}
"""What the canvas says in each mode while there is nothing to show."""
BUNDLED = Path(viewer.__file__).parent / "models"
"""The generators that are always there."""
INVITATION = "Open a generator (Ctrl+O), or drop an .onnx file or a run directory here."


class Window(QWidget):
    """Owns its player: closing the window stops the worker."""

    def __init__(self, player: Player) -> None:
        super().__init__()
        self.setObjectName("window")
        self.setWindowTitle("digitforge")
        self.setAcceptDrops(True)
        self.player = player
        self.editor = Editor(player)
        self.canvas = Canvas()
        self.inspector = Inspector(player, self.canvas)
        self.rail = Rail()
        self.digits = DigitsPanel()
        self.seed = SeedPanel()
        self.truncation = TruncationPanel()
        self.grid = GridPanel()
        self.motion = MotionPanel()
        self.way = WayPanel()
        self.pad = PadPanel(player)
        self.number = NumberPanel()
        data = Path(QStandardPaths.writableLocation(QStandardPaths.StandardLocation.AppDataLocation))
        self.finder = Finder(player, data / "directions")
        self.directions = DirectionsPanel(self.finder)
        self.timeline = TimelineBar(player)
        self.panels: dict[Panel, tuple[str, ...]] = {
            self.number: ("number",),
            self.pad: ("pad",),
            self.way: ("path",),
            self.digits: ("grid",),
            self.seed: ("grid",),
            self.truncation: MODES,
            self.grid: ("grid",),
            self.motion: ("grid", "path"),
            self.directions: MODES,
        }
        """Each with the modes that it belongs to, from top to bottom."""
        self.message = MessageStrip()
        self.task = TaskStrip()
        self.copier = Copier(player)
        self.restorer = Restorer(player, self.editor)
        self.restorer.places = lambda: [BUNDLED]
        self.sheet: ExportSheet | None = None
        self.status = StatusLine()
        self.header = Header(self._make_actions(), {})
        self._status_shown_s = 0.0
        self._arrange()
        self._connect()
        self._show_state(player.state)
        self.canvas.setFocus()

    def open(self, path: Path) -> None:
        """Open a model file or a run directory, in the background."""
        self.message.hide()
        self.header.model.setText(f"Opening {path.name} …")
        self.player.open(path)

    def _make_actions(self) -> list[QAction]:
        made = []
        for name, text, keys, slot in (
            ("open", "Open…", QKeySequence.StandardKey.Open, self._ask_open),
            ("save", "Export…", QKeySequence.StandardKey.Save, self._show_export),
            ("copy", "Copy", QKeySequence.StandardKey.Copy, self.copier.copy),
            ("about", "About", None, self._show_about),
        ):
            action = QAction(icon(name), text, self)
            if keys is not None:
                action.setShortcut(QKeySequence(keys))
                action.setToolTip(f"{text.rstrip('…')} ({action.shortcut().toString()})")
            action.triggered.connect(slot)
            made.append(action)
        self.save_action, self.copy_action = made[1:3]
        leave = QAction("Quit", self)
        leave.setShortcut(QKeySequence("Ctrl+Q"))
        leave.triggered.connect(self.close)
        self.addAction(leave)
        undo, redo = self.editor.stack.createUndoAction(self, "Undo"), self.editor.stack.createRedoAction(self, "Redo")
        for action, name, keys in (
            (undo, "undo", QKeySequence.StandardKey.Undo),
            (redo, "redo", QKeySequence.StandardKey.Redo),
        ):
            action.setIcon(icon(name))
            action.setShortcut(QKeySequence(keys))
            action.setPriority(QAction.Priority.LowPriority)  # their texts grow with what was done
        self.save_action.setShortcuts([QKeySequence(QKeySequence.StandardKey.Save), QKeySequence("Ctrl+E")])
        return [undo, redo, *made]

    def _arrange(self) -> None:
        side = QWidget()
        side.setObjectName("side")
        column = QVBoxLayout(side)
        column.setContentsMargins(2 * theme.SPACE, 2 * theme.SPACE, 2 * theme.SPACE, 2 * theme.SPACE)
        column.setSpacing(12)
        for panel in self.panels:
            column.addWidget(panel)
            panel.setEnabled(False)
        column.addStretch()
        scroll = QScrollArea()  # for low screens, and for generators with many classes
        scroll.setWidget(side)
        scroll.setFixedWidth(theme.SIDE_WIDTH)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.stage = QVBoxLayout()
        """The canvas, and below it what belongs to it."""
        self.stage.setSpacing(0)
        self.stage.addWidget(self.canvas, 1)
        self.stage.addWidget(self.timeline)
        middle = QHBoxLayout()
        middle.setSpacing(0)
        middle.addWidget(self.rail)
        middle.addLayout(self.stage, 1)
        middle.addWidget(scroll)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.header)
        layout.addWidget(self.message)
        layout.addWidget(self.task)
        layout.addLayout(middle, 1)
        layout.addWidget(self.status)
        for action in (self.save_action, self.copy_action):
            action.setEnabled(False)

    def _connect(self) -> None:
        player = self.player
        player.state_changed.connect(self._show_state)
        player.opened.connect(self._on_opened)
        player.frame_ready.connect(self._on_frame)
        player.emptied.connect(self._on_emptied)
        player.failed.connect(self._on_failed)
        self.rail.edited.connect(self.editor.edit)
        self.timeline.edited.connect(self.editor.edit)
        self.canvas.clicked.connect(self._on_cell_clicked)
        self.canvas.edited.connect(self.editor.edit)
        self.inspector.edited.connect(self.editor.edit)
        self.inspector.told.connect(self.message.tell)
        self.task.succeeded.connect(self.message.tell)
        self.task.failed.connect(self.message.complain)
        self.copier.told.connect(self.message.tell)
        self.restorer.told.connect(self.message.tell)
        self.restorer.failed.connect(self.message.complain)
        self.restorer.opening.connect(self.open)
        self.finder.found.connect(lambda: self._show_state(player.state))
        for panel in self.panels:
            panel.edited.connect(self.editor.edit)

    def _show_state(self, state: ViewState) -> None:
        self.rail.show_state(state)
        self.canvas.show_state(state)
        self.timeline.show_state(state)
        for panel, modes in self.panels.items():
            panel.setVisible(state.mode in modes)
            panel.show_state(state)
        if not state.playing and self.player.frame is not None:
            self.status.show_speed(self.player.frame.latency_ms, None)

    def _on_opened(self, opened: Opened) -> None:
        self.header.model.setText(self._name(opened))
        self.header.model.setToolTip(str(opened.path))
        self.setWindowTitle(f"{self._name(opened)} – digitforge")
        self.status.show_model(opened)
        for panel in self.panels:
            panel.setEnabled(True)
            panel.show_model(opened)
        self._show_state(self.player.state)
        self.message.hide()
        if opened.notice:
            self.message.tell(opened.notice)

    def _on_frame(self, frame: Frame) -> None:
        self.canvas.show_frame(frame)
        for action in (self.save_action, self.copy_action):
            action.setEnabled(True)
        now_s, playing = time.perf_counter(), self.player.state.playing
        if not playing or now_s - self._status_shown_s >= STATUS_INTERVAL_S:
            self._status_shown_s = now_s
            self.status.show_speed(frame.latency_ms, self.player.rate.per_second() if playing else None)

    def _on_emptied(self) -> None:
        mode, model = self.player.state.mode, self.player.model
        reason = cannot_write(model.info.classes) if mode == "number" and model is not None else ""
        self.canvas.clear(reason or EMPTY[mode])

    def _on_cell_clicked(self, cell: int) -> None:
        if self.player.state.mode == "number":
            self.number.reroll_cell(cell)

    def _on_failed(self, failure: Failure) -> None:
        self.message.complain(failure.sentence)
        self.header.model.setText(self._name(self.player.model) if self.player.model else "No generator is open")
        if self.player.model is None:
            self.canvas.set_invitation(INVITATION)

    @staticmethod
    def _name(opened: Opened) -> str:
        """A run's file is always called the same: its folder says more."""
        return f"{opened.path.parent.name}/{opened.path.name}" if opened.path.parent.name else opened.path.name

    def _ask_open(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(self, "Open a generator", "", "ONNX generators (*.onnx)")
        if chosen:
            self.open(Path(chosen))

    def _show_export(self) -> None:
        from viewer.ui.export import ExportSheet  # not needed for the first frame

        if self.player.model is None:
            return
        if self.sheet is None:
            self.sheet = ExportSheet(self)
            self.sheet.wanted.connect(self.task.run)
        found = self.finder.directions
        subject = Subject(self.player.model, self.player.state, self.player.directions)
        self.sheet.show_subject(subject, () if found is None else found.names, self.canvas.current)
        self.sheet.open()

    def _show_about(self) -> None:
        AboutDialog(self, self.player.model).open()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Keys that no focused control wanted for itself."""
        plain = not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        key = QKeySequence(event.key()).toString() if plain else ""
        classes = self.player.model.info.classes if self.player.model else ()
        state = self.player.state
        if state.mode == "number" and (number := state.number.typed(key, classes)) is not None:
            self.editor.edit("number", lambda state: state.with_number(number))
            return
        edit = edit_for_key(key, classes, random.randrange(RANDOM_SEEDS))
        if edit is None:
            super().keyPressEvent(event)
        elif not (event.isAutoRepeat() and key == "Space"):
            self.editor.edit(*edit)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Welcome one file or folder."""
        if _dropped(event) is not None:
            event.acceptProposedAction()
            self.canvas.invite(True)

    def dragLeaveEvent(self, _event: QDragLeaveEvent) -> None:
        """It went away again."""
        self.canvas.invite(False)

    def dropEvent(self, event: QDropEvent) -> None:
        """Open what was dropped."""
        self.canvas.invite(False)
        if (path := _dropped(event)) is not None:
            event.acceptProposedAction()
            # After the drop is over: the other application waits for it.
            take = self.restorer.restore if path.suffix.lower() in PICTURES else self.open
            QTimer.singleShot(0, lambda: take(path))

    def closeEvent(self, event: QCloseEvent) -> None:
        """Stop the worker, and what is being written or looked for, before the window goes."""
        self.task.close_down()
        self.restorer.close_down()
        self.player.close()
        super().closeEvent(event)


def _dropped(event: QDropEvent) -> Path | None:
    urls = event.mimeData().urls()
    return Path(urls[0].toLocalFile()) if len(urls) == 1 and urls[0].isLocalFile() else None
