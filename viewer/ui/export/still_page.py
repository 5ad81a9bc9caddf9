"""The page of the export sheet that asks for a picture."""

from __future__ import annotations

from pathlib import Path

from digitforge.errors import CannotWrite
from viewer.core.files.saving import ExportSpec, Report, Subject, save, size_of
from viewer.ui.export.page import LabelledSlider, Page, Work
from viewer.ui.export.size_slider import SizeSlider
from viewer.ui.widgets.buttons import toggle_button
from viewer.ui.widgets.choices import Choices

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
        self.cell = LabelledSlider("Cell", 1, 1, 1, str)
        self.size_slider = SizeSlider()
        self.transparent = toggle_button("Transparent background", "Leave out gaps and the colour of empty pixels")
        self.add("Format", self.form)
        self._parts = self.add("Show", self.part)
        for widget in (self.cell, self.size_slider, self.transparent):
            self.column.addWidget(widget)
        self.column.addStretch()
        self._form, self._part = "png", "all"
        self.form.chosen.connect(lambda form: self._choose(form, self._part))
        self.part.chosen.connect(lambda part: self._choose(self._form, part))
        self.cell.changed.connect(self.changed)
        self.size_slider.changed.connect(self.changed)
        self.transparent.clicked.connect(self.changed)

    def show_subject(self, subject: Subject) -> None:
        """Offer its cells."""
        super().show_subject(subject)
        scene = subject.scene(ExportSpec())
        cells = len(scene.z) if scene is not None else 1
        self.cell.limit(cells)
        if cells == 1:
            self._part = "all"
        self._fit()

    def show_cell(self, cell: int) -> None:
        """Offer this cell where one is wanted."""
        self.cell.show_value(cell + 1)

    def spec(self) -> ExportSpec:
        """What is asked for."""
        cell = self.cell.value - 1 if self._part == "cell" else None
        return ExportSpec(
            self._form, self.size_slider.scale, cell, self._form == "svg" and self.transparent.isChecked()
        )

    def summary(self) -> str:
        """Its format says it all; the size stands above the slider."""
        return ""

    def obstacle(self) -> str:
        """Where the mode has nothing to show, or nothing of that size."""
        empty = self.subject is None or self.subject.scene(self.spec()) is None
        return "There is nothing to show yet, and so nothing to export." if empty else self.size_slider.obstacle()

    def target(self) -> tuple[str, str]:
        """A picture."""
        return f"digitforge.{self._form}", f"{FORMATS[self._form][0]} pictures (*.{self._form})"

    def work(self, path: Path) -> Work:
        """Write it."""
        return writing(self.subject, self.spec(), path)

    def _choose(self, form: str, part: str) -> None:
        self._form, self._part = form, part
        self._fit()
        self.changed.emit()

    def _fit(self) -> None:
        self.part.show_choice(self._part)
        scene = None if self.subject is None else self.subject.scene(self.spec())
        if self.subject is not None and scene is not None:
            self.size_slider.show_plain(size_of(self.subject.model.info, scene, self.subject.state.look))
        self._parts.setVisible(self.cell.slider.maximum() > 1)
        self.cell.setVisible(self._part == "cell")
        self.transparent.setVisible(self._form == "svg")


def writing(subject: Subject | None, spec: ExportSpec, path: Path) -> Work:
    """What writes a picture or a film."""
    if subject is None:
        raise CannotWrite("No generator is open.")
    known = subject

    def work(report: Report) -> str:
        save(known, spec, path, report)
        return f"Saved {path}, {said_bytes(path.stat().st_size)}."

    return work


def said_bytes(count: int) -> str:
    """A file's size."""
    return f"{count / 2**20:.1f} MB" if count >= 2**20 else f"{max(1, round(count / 2**10))} kB"
