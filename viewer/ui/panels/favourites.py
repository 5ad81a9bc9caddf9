"""The favourites: small pictures whose recipes can be shown again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QMimeData, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QIcon, QImage, QKeyEvent, QPixmap
from PySide6.QtWidgets import QHBoxLayout, QListWidget, QListWidgetItem, QSizePolicy, QToolButton

from digitforge.errors import DigitforgeError
from export.runtime.generator import Generator
from viewer.core.files import Report, favourites
from viewer.core.files.favourites import Favourite
from viewer.core.files.saving import Subject, copied
from viewer.core.scene.messages import Answer
from viewer.core.state.samples import Sample
from viewer.engine.background import Background
from viewer.engine.player import Player
from viewer.ui import theme
from viewer.ui.widgets.buttons import make_button
from viewer.ui.widgets.card import FoldingPanel
from viewer.ui.widgets.dragging import pack
from viewer.ui.widgets.icons import icon
from viewer.ui.widgets.labels import label
from viewer.ui.widgets.literal import literal_tip

SIDE = 64
"""Size of a picture in pixels."""
COLUMNS, MOST_ROWS = 3, 3
"""Columns, and most rows before the list scrolls."""
FAVOURITE = Qt.ItemDataRole.UserRole
Found = tuple[Favourite, QImage]


class Gallery(QListWidget):
    """The list of favourites. Favourites of a single sample can be dragged."""

    def __init__(self) -> None:
        super().__init__()
        self.setViewMode(QListWidget.ViewMode.IconMode)
        self.setMovement(QListWidget.Movement.Static)
        self.setResizeMode(QListWidget.ResizeMode.Adjust)
        self.setIconSize(QSize(SIDE, SIDE))
        self.setGridSize(QSize(SIDE + theme.SPACE, SIDE + 3 * theme.SPACE))
        self.setUniformItemSizes(True)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setEditTriggers(QListWidget.EditTrigger.EditKeyPressed)
        self.setDragEnabled(True)
        self.setAccessibleName("Favourites")
        self.setToolTip("Click or Enter: show it again. F2: rename it. Delete: remove it.")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def fit(self) -> None:
        """Adapt the height to the number of favourites."""
        rows = min(-(-self.count() // COLUMNS), MOST_ROWS)
        self.setFixedHeight(rows * self.gridSize().height() + theme.SPACE)

    def mimeData(self, items: list[QListWidgetItem]) -> QMimeData:  # type: ignore[override]
        locks = items[0].data(FAVOURITE).recipe.state.locks
        alone = items[0].data(FAVOURITE).recipe.state.cells == 1 and len(locks) == 1
        return pack(locks[0][1]) if alone else QMimeData()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.text().isprintable() and event.text():
            event.ignore()  # letters are keys of the window; QListWidget would search for names
        else:
            super().keyPressEvent(event)


class FavouritesPanel(FoldingPanel):
    """Keeps and shows favourites. Their folder is read when the panel is unfolded for the first time."""

    notified = Signal(str, object)
    """A message, and the Offer to show with it."""
    failed = Signal(str)
    """An error message."""
    shown = Signal()
    """The user asked to see the panel."""
    elsewhere = Signal(object)
    """Path of a favourite to show that was made with another generator."""

    def __init__(self, player: Player, folder: Path) -> None:
        super().__init__("Favourites", "Show what you kept, to see it again as it was (Ctrl+D keeps what is shown)")
        self._player = player
        self._folder = folder
        self._background: Background | None = None
        self._loaded = False
        self._early: list[Found] = []
        """Favourites that were kept before the folder was read."""
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.list = Gallery()
        self.nothing = label("Nothing yet: Ctrl+D keeps what is shown.", "muted")
        self.nothing.setWordWrap(True)
        self.inside.addWidget(self.nothing)
        self.inside.addWidget(self.list)
        pen, dustbin = icon("rename"), icon("clear")
        tip = "Rename the selected favourite, to find it again"
        self.rename = make_button(QToolButton, "", tip, "F2", role="fold", picture=pen, picture_side=18)
        tip = "Remove the selected favourite; a message then offers to undo it"
        self.remove = make_button(QToolButton, "", tip, "Delete", role="fold", picture=dustbin, picture_side=18)
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE // 2)
        row.addStretch()
        row.addWidget(self.rename)
        row.addWidget(self.remove)
        self.inside.addLayout(row)
        self.list.itemClicked.connect(self._bring_back)
        self.list.itemActivated.connect(self._bring_back)
        self.list.itemChanged.connect(self._name)
        self.list.currentItemChanged.connect(self._offer)
        self.rename.clicked.connect(lambda: self.list.editItem(self.list.currentItem()))
        self.remove.clicked.connect(self._remove)
        player.answered.connect(self._on_answered)
        self.toggle.toggled.connect(self._load)
        self._offer()

    def keep(self, sample: Sample | None = None) -> None:
        """Keep what is shown, or a single sample."""
        model = self._player.model
        if model is None:
            return
        state = self._player.state if sample is None else favourites.alone(self._player.state, sample)
        subject, folder = Subject(model, state, self._player.directions), self._folder

        name = favourites.name_of(state, model.info.classes)

        def make(generator: Generator) -> Found:
            favourite = favourites.keep(folder, name, copied(generator, subject, favourites.SIDE))
            return favourite, _thumbnail(favourite.path)

        self._player.ask("favourite", make)

    def close_down(self) -> None:
        """Wait until the thread has ended, and delete the removed favourites for good."""
        if self._background is not None:
            self._background.cancel()
            self._background.wait()
        favourites.forget_removed(self._folder)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and self.list.hasFocus():
            self._remove()
        else:
            super().keyPressEvent(event)

    def _load(self, unfolded: bool) -> None:
        if unfolded and self._background is None:
            folder = self._folder

            def read(report: Report) -> tuple[list[Found], str]:
                found, sentence = favourites.load(folder, report)
                return [(one, _thumbnail(one.path)) for one in found], sentence

            self._background = Background(read, "favourites")
            self._background.succeeded.connect(self._show_all)
            self._background.failed.connect(self.failed)
            self._background.start()

    def _show_all(self, read: tuple[list[Found], str]) -> None:
        found, sentence = read
        for favourite, image in found:
            self._add(self.list.count(), favourite, image)
        self._loaded = True
        for favourite, image in self._early:
            self._add(0, favourite, image)
        self._offer()
        if sentence:
            self.failed.emit(sentence)

    def _add(self, place: int, favourite: Favourite, image: QImage) -> None:
        shown = (self.list.item(number).data(FAVOURITE).path for number in range(self.list.count()))
        if favourite.path in shown:  # it was kept before the folder was read, and then found there
            return
        item = QListWidgetItem(QIcon(QPixmap.fromImage(image)), favourite.name)
        item.setData(FAVOURITE, favourite)
        item.setToolTip(literal_tip(favourite.name))
        item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
        self.list.insertItem(place, item)

    def _offer(self) -> None:
        some = self.list.count() > 0
        self.nothing.setVisible(not some)
        self.list.setVisible(some)
        self.list.fit()
        for button in (self.rename, self.remove):
            button.setVisible(some)
            button.setEnabled(self.list.currentItem() is not None)
        self.value.setText(str(self.list.count() or ""))

    def _on_answered(self, answer: Answer) -> None:
        if answer.name != "favourite":
            return
        favourite, image = answer.value
        if self._loaded:
            self._add(0, favourite, image)
            self._offer()
        else:
            self._early.append((favourite, image))
        self.toggle.setChecked(True)
        self.notified.emit(f"Kept as “{favourite.name}”.", ("Show", self._show_list))

    def _show_list(self) -> None:
        self.toggle.setChecked(True)
        self.shown.emit()

    def _bring_back(self, item: QListWidgetItem) -> None:
        favourite: Favourite = item.data(FAVOURITE)
        model = self._player.model
        if model is not None and model.is_named(favourite.recipe.model.sha256):
            kept = replace(favourite.recipe.state, playing=False)
            self.edited.emit("favourite", lambda _: kept)
            if kept.all_locked and kept.cells == 1:
                unlock = ("Unlock", lambda: self.edited.emit("unlocking", lambda state: state.unlocked()))
                self.notified.emit("This cell is locked, so that other seeds and classes do not change it.", unlock)
        else:
            self.elsewhere.emit(favourite.path)

    def _name(self, item: QListWidgetItem) -> None:
        favourite: Favourite = item.data(FAVOURITE)
        if item.text() == favourite.name:
            return
        named = self._try(lambda: favourites.rename(favourite, item.text())) or favourite
        with QSignalBlocker(self.list):
            item.setData(FAVOURITE, named)
            item.setToolTip(literal_tip(named.name))
            item.setText(named.name)

    def _remove(self) -> None:
        item = self.list.currentItem()
        if self.list.currentRow() < 0:
            return
        favourite: Favourite = item.data(FAVOURITE)
        away = self._try(lambda: favourites.remove(favourite))
        if away is None:
            return
        place, image = self.list.currentRow(), item.icon().pixmap(SIDE).toImage()
        self.list.takeItem(place)
        self._offer()

        def put_back() -> None:
            if (back := self._try(lambda: favourites.put_back(away))) is not None:
                self._add(place, back, image)
                self._offer()

        self.notified.emit(f"Removed “{favourite.name}”.", ("Undo", put_back))

    def _try(self, change: Callable[[], Favourite]) -> Favourite | None:
        try:
            return change()
        except DigitforgeError as error:
            self.failed.emit(str(error))
            return None


def _thumbnail(path: Path) -> QImage:
    image = QImage(str(path))
    return image.scaled(
        2 * SIDE, 2 * SIDE, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
    )
