"""The export sheet: writes what is shown as a picture, an animation or a data set."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QPushButton,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from digitforge.errors import DigitforgeError
from viewer.core.files.saving import Subject
from viewer.core.scene.directions import Directions
from viewer.ui import theme
from viewer.ui.export.animation_page import AnimationPage
from viewer.ui.export.dataset_page import DatasetPage
from viewer.ui.export.page import Page
from viewer.ui.export.preview import Preview
from viewer.ui.export.still_page import StillPage
from viewer.ui.widgets.buttons import make_button
from viewer.ui.widgets.choices import Choices
from viewer.ui.widgets.labels import label

PAGES = {
    "picture": ("Picture", "Save what is shown as a picture, to print it or to put it on a slide"),
    "animation": ("Animation", "Save what is shown as a moving picture or a video"),
    "data": ("Data set", "Save many images with their labels, to train other programs with them"),
}
WIDTH = 55 * theme.SPACE


class ExportSheet(QDialog):
    """Asks what to write and where. The window runs the export. The pages scroll where the window is low."""

    export_requested = Signal(str, object)
    """The name of the file and the Work that writes it."""

    preview_wanted = Signal(object, object)
    """The Subject and the ExportSpec to preview."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Export")
        self.setFixedWidth(theme.px(WIDTH))
        self.folder = Path()
        """The folder of the last export."""
        self.stills, self.animations, self.dataset = StillPage(), AnimationPage(), DatasetPage()
        self.pages: dict[str, Page] = {"picture": self.stills, "animation": self.animations, "data": self.dataset}
        self.kind = Choices("Export", PAGES)
        self.stack = QStackedWidget()
        for page in self.pages.values():
            self.stack.addWidget(page)
            page.changed.connect(self._describe)
        self.preview = Preview()
        self.summary = label("", "muted")
        self.summary.setWordWrap(True)
        self._close = make_button(QPushButton, "Close", "Close this sheet without saving", "Escape")
        self.export = make_button(
            QPushButton, "Export…", "Choose where to save it, and save it", name="Export", role="primary"
        )
        self.export.setDefault(True)
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.SPACE)
        buttons.addWidget(self.summary, 1)
        buttons.addWidget(self._close)
        buttons.addWidget(self.export)
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * theme.SPACE, 3 * theme.SPACE, 3 * theme.SPACE, 3 * theme.SPACE)
        column.setSpacing(3 * theme.SPACE)
        column.addWidget(self.kind)
        contents = QWidget()
        inside = QVBoxLayout(contents)
        inside.setContentsMargins(0, 0, theme.SPACE, 0)
        inside.setSpacing(3 * theme.SPACE)
        inside.addWidget(self.preview)
        inside.addWidget(self.stack, 1)
        self.area = QScrollArea()
        self.area.setWidget(contents)
        self.area.setWidgetResizable(True)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        column.addWidget(self.area, 1)
        column.addLayout(buttons)
        self.kind.chosen.connect(self.show_page)
        self._close.clicked.connect(self.reject)
        self.export.clicked.connect(self._ask)
        self.show_page("picture")

    def showEvent(self, event: QShowEvent) -> None:
        """Take the height of the highest page, so that the sheet stays as it is, or as much as the window has."""
        contents, parent = self.area.widget(), self.parentWidget()
        assert contents is not None
        assert parent is not None
        around = self.sizeHint().height() - self.area.sizeHint().height()
        preview = 0 if self.preview.isVisibleTo(self) else self.preview.height() + 3 * theme.SPACE
        wanted = around + contents.sizeHint().height() + preview
        self.resize(self.width(), min(wanted, parent.height() - 2 * theme.SPACE))
        super().showEvent(event)

    def show_subject(self, subject: Subject, directions: Directions | None, cell: int | None) -> None:
        """Offer what can be written of a subject. cell: the current cell, or None."""
        self.animations.show_directions(directions)
        for page in self.pages.values():
            page.show_subject(subject)
        if cell is not None:
            self.stills.show_cell(cell)
        self._describe()

    def show_page(self, name: str) -> None:
        """Switch to another page."""
        self.kind.show_choice(name)
        self.stack.setCurrentWidget(self.pages[name])
        self._describe()

    @property
    def page(self) -> Page:
        """The page that is shown."""
        return next(page for page in self.pages.values() if page is self.stack.currentWidget())

    def write(self, path: Path) -> None:
        """Emit `export_requested` for a file. The format's suffix is appended to `path` if it has another one."""
        suffix = Path(self.page.target()[0]).suffix
        if path.suffix.lower() != suffix:
            path = path.with_name(path.name + suffix)
        self.folder = path.parent
        self.export_requested.emit(path.name, self.page.work(path))
        self.accept()

    def _ask(self) -> None:
        name, kinds = self.page.target()
        where = str(self.folder / name)
        options = QFileDialog.Option(0) if kinds else QFileDialog.Option.ShowDirsOnly
        chosen, _ = QFileDialog.getSaveFileName(self, "Export", where, kinds, options=options)
        if chosen:
            try:
                self.write(Path(chosen))
            except DigitforgeError as error:
                self.summary.setText(str(error))

    def _describe(self) -> None:
        obstacle = self.page.obstacle()
        self.summary.setText(obstacle or self.page.summary())
        self.export.setEnabled(not obstacle)
        subject, spec = self.page.subject, None if obstacle else self.page.spec()
        self.preview.setVisible(spec is not None)
        if subject is not None and spec is not None:
            self.preview_wanted.emit(subject, spec)
