"""The real pictures nearest to a cell, as a dialog: is it a copy?"""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QVBoxLayout, QWidget

from export.contract import GeneratorInfo
from export.runtime.arrays import UInt8
from viewer.core.picture.look import PLAIN, Look
from viewer.core.real.nearest import Found, of_class, verdict, verdict_by_shape
from viewer.core.real.pictures import RealPictures
from viewer.engine.real import NearestSearch, Nearness, RealStore
from viewer.ui import theme
from viewer.ui.dialogs.scrolling import ScrollingDialog
from viewer.ui.widgets.labels import label
from viewer.ui.widgets.qimage import thumbnail

WIDTH, HEIGHT = 78 * theme.SPACE, 66 * theme.SPACE
SIDE = 76
"""Size in pixels of a picture."""


class NearestDialog(ScrollingDialog):
    """Shows a picture beside the real ones that are nearest to it, and says whether it is a copy."""

    def __init__(self, parent: QWidget, store: RealStore) -> None:
        super().__init__(parent, "Nearest real pictures", "Nearest real pictures", WIDTH, HEIGHT)
        self.search = NearestSearch(store)
        self.nearness: Nearness | None = None
        """What was found last."""
        self._pixels: UInt8 | None = None
        self._look = PLAIN
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setFixedHeight(theme.SPACE // 2)
        self.footer.addWidget(self.progress, 1)
        self.add_close_button()
        self.search.found.connect(self._show)
        self.search.failed.connect(self._fail)
        self.search.progressed.connect(self._on_progressed)
        self.search.finished.connect(self.progress.hide)
        self.finished.connect(self.search.close_down)
        self._show_sentence("")

    def show_nearest(self, info: GeneratorInfo, pixels: UInt8, look: Look) -> None:
        """Open the dialog, and search for the neighbours of a picture, uint8 [h, w] or [h, w, 3]."""
        self._pixels, self._look, self.nearness = pixels, Look(look.colour_map, look.invert), None
        self._show_sentence("Looking at the real pictures …")
        self.progress.setRange(0, 0)
        self.progress.show()
        self.open()
        self.search.search(info, pixels)

    def _on_progressed(self, done: int, of: int) -> None:
        if of:
            self.progress.setRange(0, of)
            self.progress.setValue(done)

    def _fail(self, sentence: str) -> None:
        self.progress.hide()
        self._show_sentence(sentence)

    def _show_sentence(self, sentence: str) -> None:
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, theme.SPACE, 0)
        self.answer = _wrapped(sentence, "plain")
        """The verdict, or a sentence in its place."""
        column.addWidget(self.answer)
        column.addStretch()
        self.show_content(content)

    def _show(self, nearness: Nearness) -> None:
        self.nearness = nearness
        real, pixels = nearness.pictures, self._pixels
        assert pixels is not None
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, theme.SPACE, 0)
        column.setSpacing(theme.SPACE)
        self.answer = _wrapped(verdict(nearness.pixels, real.title, _class(real, nearness.pixels)), "value")
        head = QHBoxLayout()
        head.setSpacing(2 * theme.SPACE)
        head.addWidget(self._picture(pixels, "The generated picture"))
        head.addWidget(self.answer, 1)
        column.addLayout(head)
        column.addSpacing(theme.SPACE)
        self._add_row(column, "Nearest by their pixels", real, nearness.pixels)
        column.addWidget(_wrapped(_usual(nearness.pixels, real), "muted"))
        column.addSpacing(theme.SPACE)
        if nearness.shape is not None:
            self._add_row(column, "Nearest by their shape, as a classifier sees it", real, nearness.shape)
            column.addWidget(
                _wrapped(verdict_by_shape(nearness.shape, real.title, _class(real, nearness.shape)), "muted")
            )
        if real.assumed:
            column.addWidget(
                _wrapped(
                    f"The file does not say what this generator learned from. These are pictures of {real.title}.",
                    "muted",
                )
            )
        column.addStretch()
        self.show_content(content)

    def _add_row(self, column: QVBoxLayout, title: str, real: RealPictures, found: Found) -> None:
        column.addWidget(label(title, "title"))
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE)
        for place, distance in zip(found.rows, found.distances, strict=True):
            cell = QVBoxLayout()
            cell.setSpacing(theme.SPACE // 2)
            of = of_class(real.classes[real.labels[place]])
            what = f"Training picture {place:,} of {real.title}{of}, at a distance of {distance:.3f}"
            cell.addWidget(self._picture(real.pixels[place], what))
            number = label(f"{distance:.3f}", "muted")
            number.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            cell.addWidget(number)
            row.addLayout(cell)
        row.addStretch()
        column.addLayout(row)

    def _picture(self, pixels: UInt8, what: str) -> QLabel:
        shown = QLabel()
        shown.setPixmap(thumbnail(pixels, theme.px(SIDE), self._look, self.devicePixelRatioF()))
        shown.setFixedSize(theme.px(SIDE), theme.px(SIDE))
        shown.setAccessibleName(what)
        shown.setToolTip(what)
        return shown


def _wrapped(text: str, role: str) -> QLabel:
    line = label(text, role)
    line.setWordWrap(True)
    line.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return line


def _class(real: RealPictures, found: Found) -> str:
    return real.classes[found.label]


def _usual(found: Found, real: RealPictures) -> str:
    """Say what a distance means."""
    return (
        f"0 is the same picture. Half of the real pictures{of_class(_class(real, found))} have no other one nearer "
        f"than {found.usual:.3f}."
    )
