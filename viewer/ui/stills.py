"""The page of the export sheet that asks for a picture."""

from __future__ import annotations

from pathlib import Path

from export.files import CannotWrite
from viewer.core.saving import SCALE_MAX, Report, Subject, Wish, largest_scale, save, size_of
from viewer.ui.choices import Choices
from viewer.ui.page import Knob, Page, Work, check_button

SIDE = 1000
"""Pixels, about, of the longer side of a picture until somebody chooses another size."""
FORMATS = {"png": ("PNG", "Pixels"), "svg": ("SVG", "Shapes, sharp at any size")}
PARTS = {"all": ("Everything", "All that is shown"), "cell": ("One cell", "A single picture of the grid")}


class StillPage(Page):
    """Asks for a PNG or an SVG file."""

    def __init__(self) -> None:
        super().__init__()
        self.form = Choices("Format", FORMATS)
        self.form.show_choice("png")
        self.part = Choices("Show", PARTS)
        self.part.show_choice("all")
        self.cell = Knob("Cell", 1, 1, 1, str)
        self.scale = Knob("Size", 1, SCALE_MAX, 1, self._size)
        self.transparent = check_button("Transparent background", "Leave out gaps and the colour of empty pixels")
        self.add("Format", self.form)
        self._parts = self.add("Show", self.part)
        for widget in (self.cell, self.scale, self.transparent):
            self.column.addWidget(widget)
        self.column.addStretch()
        self._form, self._part = "png", "all"
        self.form.chosen.connect(lambda form: self._choose(form, self._part))
        self.part.chosen.connect(lambda part: self._choose(self._form, part))
        self.cell.changed.connect(self.changed)
        self.scale.changed.connect(self.changed)
        self.transparent.clicked.connect(self.changed)

    def show_subject(self, subject: Subject) -> None:
        """Offer its cells."""
        first = self.subject is None
        super().show_subject(subject)
        scene = subject.scene(Wish())
        cells = len(scene.z) if scene is not None else 1
        self.cell.limit(cells)
        if cells == 1:
            self._part = "all"
        self._fit()
        if first:
            self.scale.show_value(max(1, SIDE // max(self._plain_size())))

    def show_cell(self, cell: int) -> None:
        """Offer this cell where one is wanted."""
        self.cell.show_value(cell + 1)

    def wish(self) -> Wish:
        """What is asked for."""
        cell = self.cell.value - 1 if self._part == "cell" else None
        return Wish(self._form, self.scale.value, cell, self._form == "svg" and self.transparent.isChecked())

    def summary(self) -> str:
        """Its format says it all; the size stands beside the slider."""
        return ""

    def obstacle(self) -> str:
        """Where the mode has nothing to show."""
        empty = self.subject is None or self.subject.scene(self.wish()) is None
        return "There is nothing to show yet, and so nothing to export." if empty else ""

    def target(self) -> tuple[str, str]:
        """A picture."""
        return f"digitforge.{self._form}", f"{FORMATS[self._form][0]} pictures (*.{self._form})"

    def work(self, path: Path) -> Work:
        """Write it."""
        return writing(self.subject, self.wish(), path)

    def _choose(self, form: str, part: str) -> None:
        self._form, self._part = form, part
        self._fit()
        self.changed.emit()

    def _fit(self) -> None:
        self.part.show_choice(self._part)
        self.scale.limit(largest_scale(self._plain_size(), moves=False))
        self._parts.setVisible(self.cell.slider.maximum() > 1)
        self.cell.setVisible(self._part == "cell")
        self.transparent.setVisible(self._form == "svg")

    def _plain_size(self) -> tuple[int, int]:
        scene = None if self.subject is None else self.subject.scene(self.wish())
        if self.subject is None or scene is None:
            return 1, 1
        return size_of(self.subject.model.info, scene, self.subject.state.look)

    def _size(self, scale: int) -> str:
        return said_size(self._plain_size(), scale)


def said_size(size: tuple[int, int], scale: int) -> str:
    """How large a picture becomes."""
    return f"{size[0] * scale} × {size[1] * scale} pixels (× {scale})"


def writing(subject: Subject | None, wish: Wish, path: Path) -> Work:
    """What writes a picture or a film."""
    if subject is None:
        raise CannotWrite("No generator is open.")
    known = subject

    def work(report: Report) -> str:
        save(known, wish, path, report)
        return f"Saved {path}, {said_bytes(path.stat().st_size)}."

    return work


def said_bytes(count: int) -> str:
    """A file's size."""
    return f"{count / 2**20:.1f} MB" if count >= 2**20 else f"{max(1, round(count / 2**10))} kB"
