"""The main window: creates its parts and connects them to the player and to each other."""

from __future__ import annotations

import random
import time
from pathlib import Path

from PySide6.QtCore import QStandardPaths, Qt, QTimer
from PySide6.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QResizeEvent,
)
from PySide6.QtWidgets import QWidget

from digitforge.bundled import BUNDLED_MODEL, BUNDLED_MODELS
from digitforge.errors import DigitforgeError, ExportError
from viewer.core.draw.search import cannot_draw
from viewer.core.files.drops import LATENTS, drop_of
from viewer.core.files.formats import is_picture
from viewer.core.run.packed_stages import PackedStages
from viewer.core.run.stages import as_bundled, is_bundled, is_bundled_stage, is_run, model_of, name_of
from viewer.core.scene.messages import (
    Failure,
    Frame,
    Opened,
)
from viewer.core.state.keys import edit_for_class, edit_for_key
from viewer.core.state.number import FULL, cannot_write
from viewer.core.state.samples import RANDOM_SEEDS, Sample
from viewer.core.state.view_state import MODES, ViewState
from viewer.engine.finder import Finder
from viewer.engine.player import Player
from viewer.ui import failures
from viewer.ui.actions import Actions
from viewer.ui.bars.crowding import Crowding
from viewer.ui.bars.header import Header
from viewer.ui.bars.hint import HintStrip
from viewer.ui.bars.message import MessageToast, Offer
from viewer.ui.bars.rail import Rail
from viewer.ui.bars.status import StatusLine
from viewer.ui.bars.task import TaskToast
from viewer.ui.bars.timeline import TimelineBar
from viewer.ui.bars.tour import TourStrip
from viewer.ui.bars.training import TrainingBar
from viewer.ui.bars.watch import WatchBar
from viewer.ui.canvas.canvas import Canvas
from viewer.ui.canvas.compare import CompareBar
from viewer.ui.canvas.inspector import Inspector
from viewer.ui.copying import Copier
from viewer.ui.dialogs.game import GameDialog
from viewer.ui.drawing import Drawer
from viewer.ui.editor import Editor
from viewer.ui.exploring import Explorer
from viewer.ui.exporting import Exporter
from viewer.ui.latent_files import LatentFiles
from viewer.ui.layout import Pictures, SideColumn, lay_out
from viewer.ui.mapping import Mapping
from viewer.ui.menu import MainMenu
from viewer.ui.panels.digits import DigitsPanel
from viewer.ui.panels.directions import DirectionsPanel
from viewer.ui.panels.favourites import FavouritesPanel
from viewer.ui.panels.grid import GridPanel
from viewer.ui.panels.interpolation import InterpolationPanel
from viewer.ui.panels.look import LookPanel
from viewer.ui.panels.motion import MotionPanel
from viewer.ui.panels.number import NumberPanel
from viewer.ui.panels.pad import PadPanel
from viewer.ui.panels.seed import SeedPanel
from viewer.ui.panels.truncation import TruncationPanel
from viewer.ui.recent import RecentMenu
from viewer.ui.restore import Restorer
from viewer.ui.settings_store import SettingsStore
from viewer.ui.shaping import Shaper
from viewer.ui.widgets.card import Panel
from viewer.ui.widgets.literal import literal_title
from viewer.ui.widgets.qimage import png_of
from viewer.ui.widgets.tab_order import move_focus

STATUS_INTERVAL_S = 0.25
"""Time between updates of the status line while playing: numbers that change with every frame cannot be read."""
EMPTY = {
    "grid": "",
    "path": "Drag pictures from the grid to the timeline below, or add random ones.",
    "pad": "Drag keyframes from the timeline to the corners of the pad, or roll the die.",
    "number": "Type what to write at the right.",
    "draw": "The generator's answer appears here while you draw.",
    "near": "Choose More like this in the menu of a picture.",
    "map": "Click a picture of the map.",
}
"""The text on the canvas while a mode has nothing to show."""
INVITATION = "Open a generator (Ctrl+O), or drop an .onnx file, a run directory or an exported picture here."


class Window(QWidget):
    """The main window. It owns its player: closing the window stops the worker."""

    def __init__(self, player: Player, remember: bool = True) -> None:
        """remember: load the settings and save them; without it, the window starts with the defaults."""
        super().__init__()
        data = Path(QStandardPaths.writableLocation(QStandardPaths.StandardLocation.AppDataLocation))
        self.settings = SettingsStore(player, data / "settings.json" if remember else None)
        self.settings.setParent(self)  # so that a closed window no longer follows the system's theme
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
        self.look = LookPanel()
        self.interpolation = InterpolationPanel()
        self.pad = PadPanel(player)
        self.number = NumberPanel(player)
        self.drawer = Drawer(self, player, self.editor)
        self.shaper = Shaper(player, self.editor, self.canvas, self.inspector)
        self.explorer = Explorer(player, self.editor, self.canvas)
        self.mapping = Mapping(self, player, self.editor, self.canvas, self.inspector)
        self.latents = LatentFiles(self, player, self.editor)
        self.finder = Finder(player, data / "directions")
        self.directions = DirectionsPanel(self.finder)
        self.timeline = TimelineBar(player)
        self.compare = CompareBar(player, self.canvas)
        self.watch = WatchBar(player)
        packed = PackedStages(data)
        self.training = TrainingBar(player, packed)
        self.game: GameDialog | None = None
        self._game_of = (packed, data / "game.json")
        self.favourites = FavouritesPanel(player, data / "favourites")
        self.panels: dict[Panel, tuple[str, ...]] = {
            self.drawer.panel: ("draw",),
            self.explorer.panel: ("near",),
            self.mapping.panel: ("map",),
            self.number: ("number",),
            self.pad: ("pad",),
            self.interpolation: ("path",),
            self.digits: ("grid", "map"),
            self.seed: ("grid", "map"),
            self.directions: MODES,
            self.motion: ("grid", "path"),
            self.truncation: MODES,
            self.grid: ("grid",),
            self.look: MODES,
            self.favourites: MODES,
        }
        """The panels from top to bottom, and the modes in which each is visible. In Morph, Motion is at the top."""
        self.message = MessageToast()
        self.task = TaskToast()
        self.copier = Copier(player)
        self.restorer = Restorer(player, self.editor, self._places, packed)
        self.status = StatusLine()
        self.hint = HintStrip(player.state)
        self.tour = TourStrip()
        self.menu = MainMenu(self, player, self.settings, (self.timeline.strip, self.pad.view, self.favourites.list))
        self._actions = Actions(self, self.editor.stack)
        lead = [self._actions.open_run, self._actions.compare]
        self.recent = RecentMenu(self, self.settings, BUNDLED_MODEL, lead)
        self.exporter = Exporter(self, player, self.finder, self.canvas, self.task)
        menus = {self._actions.open: self.recent, self._actions.menu: self.menu}
        self.header = Header(self._actions.in_header(), menus)
        self._status_shown_s = 0.0
        for panel in self.panels:
            panel.setEnabled(False)
        self.side = SideColumn(self.panels, first={"path": self.motion})
        names_and_pictures = (
            (QWidget(), self.drawer.sheet),
            (QWidget(), self.mapping.view),
            (self.compare.a, self.canvas),
            (self.compare.b, self.compare.picture),
        )
        lay_out(
            self,
            header=self.header,
            rail=self.rail,
            pictures=Pictures(names_and_pictures, self.inspector.view.facts, (self.message, self.task)),
            bars=(
                self.drawer.verdict,
                self.compare,
                self.tour,
                self.hint,
                self.timeline,
                self.watch,
                self.training,
            ),
            side=self.side,
            status=self.status,
        )
        Crowding(self, self.timeline, self.compare, self.tour, self.watch, self.training)
        self._connect()
        self._show_state(player.state)
        self._show_settings()
        if self.settings.load_error:
            self.message.show_error(self.settings.load_error)
        self.canvas.setFocus()

    def open(self, path: Path) -> bool:
        """Open a model file or a run directory, or restore an exported picture, in the background.

        Returns False for a run that has no stage yet.
        """
        self.message.settle(failures.OPENING)
        if path.suffix.lower() == LATENTS and not path.is_dir():
            self.latents.open(path)
            return True
        if is_picture(path) and not path.is_dir():
            self.restorer.restore(path)
            return True
        self.watch.stop_following()
        if is_run(path):
            opening = self.watch.watch(path)
            if not opening and self.player.model is None:
                self.canvas.set_invitation("The first stage of this training will appear here.")
            return opening
        if is_bundled_stage(path):
            self.training.begin()
        self.header.model.show_text(f"Opening {path.name} …")
        self.player.open(as_bundled(path))
        return True

    def open_beside(self, path: Path) -> None:
        """Show the pictures of another model file, or of a run's newest stage, beside those of the open generator."""
        if self.player.model is None:
            self.open(path)
            return
        try:
            if is_picture(path) and not path.is_dir():
                raise ExportError(f"{path.name} is a picture: choose a generator to compare with.")
            self.player.compare(model_of(path))
        except DigitforgeError as error:
            self.message.show_error(str(error), kind=failures.COMPARISON)

    def _connect(self) -> None:
        player = self.player
        player.state_changed.connect(self._show_state)
        player.opened.connect(self._on_opened)
        player.frame_ready.connect(self._on_frame)
        player.emptied.connect(self._on_emptied)
        player.failed.connect(self._on_failed)
        player.notified.connect(self.message.show_info)
        player.compared.connect(self._on_compared)
        player.answered.connect(lambda answer: self.message.settle(failures.kind_of_job(answer.name)))
        self._actions.open_requested.connect(self.open)
        self._actions.compare_requested.connect(self.open_beside)
        self._actions.export.triggered.connect(self.exporter.open_sheet)
        self._actions.copy.triggered.connect(lambda: self.copier.copy())
        self._actions.keep.triggered.connect(lambda: self.favourites.keep())
        self._actions.keep_cell.triggered.connect(self._keep_cell)
        self.rail.edited.connect(self.editor.edit)
        self.timeline.edited.connect(self.editor.edit)
        self.compare.edited.connect(self.editor.edit)
        self.canvas.edited.connect(self.editor.edit)
        self.inspector.edited.connect(self.editor.edit)
        self.hint.edited.connect(self.editor.edit)
        self.hint.tour_wanted.connect(self._begin_tour)
        self.menu.tour_wanted.connect(self._begin_tour)
        self.menu.training_wanted.connect(self.training.begin)
        self.rail.training_wanted.connect(self.training.show_or_finish)
        self.training.film_wanted.connect(self.exporter.save_film)
        self.training.changed.connect(self.rail.training.setChecked)
        self.training.changed.connect(lambda _: self.message.settle(failures.TRAINING))
        self.training.failed.connect(lambda sentence: self.message.show_error(sentence, kind=failures.TRAINING))
        self.tour.edited.connect(self.editor.edit)
        for panel in self.panels:
            panel.edited.connect(self.editor.edit)
        self.canvas.notified.connect(self.message.show_info)
        self.canvas.clicked.connect(self._on_cell_clicked)
        self.canvas.opened.connect(self.number.ignore_click)
        self.inspector.notified.connect(self.message.show_info)
        self.inspector.keep_wanted.connect(self._keep_cell)
        self.inspector.copy_wanted.connect(self._copy_cell)
        self.inspector.near_wanted.connect(self.explorer.explore)
        self.inspector.mix_wanted.connect(self.explorer.mix)
        self.explorer.notified.connect(lambda text, offer: self.message.show_info(text, offer))
        self.explorer.failed.connect(lambda sentence: self.message.show_error(sentence, kind=failures.EXPLORING))
        self.explorer.settled.connect(self.message.dismiss)
        self.message.report(failures.SHAPING, self.shaper.notified, self.shaper.failed)
        self.inspector.real_wanted.connect(self.mapping.show_nearest)
        self.mapping.notified.connect(self.message.show_info)
        self.mapping.panel.favourite_wanted.connect(lambda: self.favourites.keep())
        self.inspector.direction_wanted.connect(self._make_direction)
        self.finder.notified.connect(self.message.show_info)
        self.message.report(failures.EXPORT, self.task.succeeded, self.task.failed)
        self.copier.notified.connect(self.message.show_info)
        self.message.report(failures.OPENING, self.restorer.notified, self.restorer.failed)
        for toast in (self.message, self.task):
            toast.left.connect(self.canvas.setFocus)
        self.message.report(failures.OPENING, self.latents.notified, self.latents.failed)
        self.menu.latents_wanted.connect(self.latents.save)
        self.menu.game_wanted.connect(self._play)
        self.restorer.opening.connect(self.open)
        self.restorer.unmarked.connect(self.drawer.bring)
        self.message.report(failures.DRAWING, self.drawer.notified, self.drawer.failed)
        self.drawer.verdict.favourite_wanted.connect(lambda: self.favourites.keep())
        self._actions.paste.triggered.connect(self._paste)
        self.hint.done.connect(lambda: self.settings.change(hint=False))
        self.settings.changed.connect(self._show_settings)
        self.menu.notified.connect(self.message.show_info)
        self.recent.chosen.connect(self.open)
        self.message.report(failures.FAVOURITES, self.favourites.notified, self.favourites.failed)
        self.favourites.shown.connect(self._show_favourites)
        self.favourites.elsewhere.connect(self.restorer.restore)
        self.status.provider.clicked.connect(self.menu.show_doctor)
        self.finder.found.connect(lambda: self._show_state(player.state))

    def _show_state(self, state: ViewState) -> None:
        self.rail.show_state(state)
        self.canvas.show_state(state)
        self.timeline.show_state(state)
        self.compare.show_state(state)
        self.hint.show_state(state)
        self.drawer.show_state(state)
        self.shaper.show_state(state)
        self.explorer.show_state(state)
        self.mapping.show_state(state)
        self.side.enter(state.mode)
        for panel, modes in self.panels.items():
            panel.setVisible(state.mode in modes and panel.offered)
            panel.show_state(state)
        if not state.playing and self.player.frame is not None:
            self.status.show_speed(self.player.frame.latency_ms, None)

    def _on_opened(self, opened: Opened) -> None:
        self.header.show_model(opened.path)
        self.setWindowTitle(literal_title(f"{name_of(opened.path)} – digitforge"))
        self.status.show_model(opened)
        self.rail.show_model(opened)
        self.hint.show_model(opened)
        self.menu.training.setVisible(is_bundled(opened.path))
        self.drawer.show_model(opened)
        self.shaper.leave()
        self.explorer.show_model(opened)
        self.mapping.show_model(opened)
        for panel in self.panels:
            panel.setEnabled(True)
            panel.show_model(opened)
        self._show_state(self.player.state)
        self.message.settle("generator")
        if opened.notice:
            self.message.show_info(opened.notice, ("Show why", self.menu.show_doctor))

    def _on_compared(self, opened: Opened | None) -> None:
        if opened is not None:
            self.message.settle(failures.COMPARISON)
            if opened.notice:
                notice = f"{name_of(opened.path)}: {opened.notice}"
                self.message.show_info(notice, ("Show why", self.menu.show_doctor))

    def _on_frame(self, frame: Frame) -> None:
        self.canvas.show_frame(frame)
        self.mapping.show_frame(frame)
        self.message.settle(failures.RENDERING)
        self._actions.set_picture(True)
        now_s, playing = time.perf_counter(), self.player.state.playing
        if not playing or now_s - self._status_shown_s >= STATUS_INTERVAL_S:
            self._status_shown_s = now_s
            self.status.show_speed(frame.latency_ms, self.player.rate.per_second() if playing else None)

    def _on_emptied(self) -> None:
        mode, model = self.player.state.mode, self.player.model
        reason = ""
        if model is not None:
            reasons = {"number": cannot_write(model.info.classes), "draw": cannot_draw(model.info)}
            reason = reasons.get(mode, "")
        self.canvas.clear(reason or EMPTY[mode])

    def _on_cell_clicked(self, cell: int) -> None:
        if not self.explorer.click_cell(cell) and self.player.state.mode == "number":
            self.number.click_cell(cell)

    def show_unexpected_error(self, message: str, details: str) -> None:
        """Show an error that nothing caught, and offer to copy its details."""
        self.message.show_error(message, ("Copy details", lambda: QGuiApplication.clipboard().setText(details)))

    def _keep_cell(self) -> None:
        if (sample := self.canvas.sample) is not None:
            self.favourites.keep(sample)

    def _copy_cell(self) -> None:
        if (sample := self.canvas.sample) is not None:
            self.copier.copy(sample)

    def _paste(self) -> None:
        """Open the file, or draw the picture, on the clipboard."""
        mime = QGuiApplication.clipboard().mimeData()
        if (files := [Path(url.toLocalFile()) for url in mime.urls() if url.isLocalFile()]) and not files[0].is_dir():
            self.open(files[0])
        elif mime.hasImage():
            self.drawer.bring(png_of(QGuiApplication.clipboard().image()))
        else:
            self.message.show_error("There is no picture on the clipboard.", kind=failures.DRAWING)

    def _make_direction(self, chosen: tuple[Sample, ...], others: tuple[Sample, ...]) -> None:
        self.directions.toggle.setChecked(True)
        self.finder.contrast(chosen, others)

    def _places(self) -> list[Path]:
        return [BUNDLED_MODELS, *map(Path, self.settings.current.recent)]

    def _begin_tour(self) -> None:
        self.settings.change(hint=False)
        self.tour.begin()

    def _show_settings(self) -> None:
        self.hint.setVisible(self.settings.current.hint)

    def _show_favourites(self) -> None:
        QTimer.singleShot(0, lambda: self.side.ensureWidgetVisible(self.favourites))  # after the panel has grown

    def _on_failed(self, failure: Failure) -> None:
        offers: dict[str, Offer] = {
            "open": ("Open another…", self._actions.ask_open),
            "examine": ("Show why", self.menu.show_doctor),
        }
        self.message.show_error(failure.sentence, offers.get(failure.remedy), failures.kind_of(failure.request))
        self.header.show_model(self.player.model.path if self.player.model else None)
        if self.player.model is None:
            self.canvas.set_invitation(INVITATION)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.side.fit(self.width())

    def focusNextPrevChild(self, forward: bool) -> bool:
        return move_focus(self, forward)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Handle the keys that the focused widget did not use."""
        plain = not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        key = QKeySequence(event.key()).toString() if plain else ""
        classes = self.player.model.info.classes if self.player.model else ()
        mode = self.player.state.mode
        if event.modifiers() == Qt.KeyboardModifier.ShiftModifier:
            edit = edit_for_class(event.text(), classes, mode)
        else:
            edit = edit_for_key(key, classes, random.randrange(RANDOM_SEEDS), mode)
        if edit is None:
            super().keyPressEvent(event)
        elif not (event.isAutoRepeat() and key == "Space"):
            before = self.player.state
            self.editor.edit(*edit)
            if edit[0] == "text" and before == self.player.state and before.number.text:
                self.message.show_info(FULL)

    def _play(self) -> None:
        self.game = self.game or GameDialog(self, *self._game_of)
        self.game.begin()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if _dropped(event):
            event.acceptProposedAction()
            self.canvas.invite(True)

    def dragLeaveEvent(self, _event: QDragLeaveEvent) -> None:
        self.canvas.invite(False)

    def dropEvent(self, event: QDropEvent) -> None:
        self.canvas.invite(False)
        if not (paths := _dropped(event)):
            return
        event.acceptProposedAction()
        drop = drop_of(paths, paths[0].is_dir())
        if drop.does == "refuse":
            self.message.show_error(drop.reason, ("Open another…", self._actions.ask_open), failures.OPENING)
        else:  # opened after this event, because the other application waits until the drop is over
            beside = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            take = self.open_beside if beside and drop.does == "open" else self.open
            QTimer.singleShot(0, lambda: take(drop.path))

    def closeEvent(self, event: QCloseEvent) -> None:
        self.task.close_down()
        self.restorer.close_down()
        self.drawer.close_down()
        self.mapping.close_down()
        self.latents.close_down()
        self.favourites.close_down()
        self.training.close_down()
        self.menu.close_down()
        if self.game is not None:
            self.game.close_down()
        self.player.close()
        self.settings.save_on_exit(self)  # after the worker, which may still be saving older settings
        super().closeEvent(event)


def _dropped(event: QDropEvent) -> list[Path]:
    return [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
