"""The page of the export sheet for a picture."""

from __future__ import annotations

from pathlib import Path

from digitforge.errors import CannotWrite
from viewer.core.files import Report
from viewer.core.files.formats import FORMATS
from viewer.core.files.saving import ExportSpec, Subject, save, size_of
from viewer.ui.export.page import Page, Work
from viewer.ui.export.size_slider import SizeSlider
from viewer.ui.widgets.buttons import toggle_button
from viewer.ui.widgets.choices import Choices
from viewer.ui.widgets.sliders import LabelledSlider

STILLS = {name: each for name, each in FORMATS.items() if not each.animated}
PARTS = {
    "all": ("Everything", "Save all that is shown, as it stands"),
    "cell": ("One cell", "Save a single picture of the grid"),
}


class StillPage(Page):
    """Exports a picture in one of the still formats."""

    def __init__(self) -> None:
        super().__init__()
        self.formats = Choices("Format", {name: (each.title, each.help) for name, each in STILLS.items()})
        self.formats.show_choice("png")
        self.part = Choices("Show", PARTS)
        self.part.show_choice("all")
        self.cell = LabelledSlider("Cell", "Which picture to save, counted row by row", 1, 1, 1, str)
        self.size_slider = SizeSlider()
        self.transparent = toggle_button(
            "Transparent background",
            "Leave out gaps and the colour of empty pixels, so that the paper or slide shows through",
        )
        self.add("Format", self.formats)
        self._parts = self.add("Show", self.part)
        for widget in (self.cell, self.size_slider, self.transparent):
            self.column.addWidget(widget)
        self.column.addStretch()
        self._format, self._part = "png", "all"
        self.formats.chosen.connect(lambda name: self._choose(name, self._part))
        self.part.chosen.connect(lambda part: self._choose(self._format, part))
        self.cell.changed.connect(self.changed)
        self.size_slider.changed.connect(self.changed)
        self.transparent.clicked.connect(self.changed)

    def show_subject(self, subject: Subject) -> None:
        super().show_subject(subject)
        scene = subject.scene(ExportSpec())
        cells = len(scene.z) if scene is not None else 1
        self.cell.show_maximum(cells)
        if cells == 1:
            self._part = "all"
        self._fit()

    def show_cell(self, cell: int) -> None:
        """Choose the cell for an export of one cell."""
        self.cell.show_value(cell + 1)
        self.cell.show_rest(cell + 1)

    def spec(self) -> ExportSpec:
        """Return what to export."""
        cell = self.cell.value - 1 if self._part == "cell" else None
        transparent = STILLS[self._format].has_transparency and self.transparent.isChecked()
        return ExportSpec(self._format, self.size_slider.scale, cell, transparent)

    def summary(self) -> str:
        return ""  # the size is above the slider

    def obstacle(self) -> str:
        empty = self.subject is None or self.subject.scene(self.spec()) is None
        return "There is nothing to export yet." if empty else self.size_slider.obstacle()

    def target(self) -> tuple[str, str]:
        form = STILLS[self._format]
        return f"digitforge{form.suffix}", f"{form.title} pictures (*{form.suffix})"

    def work(self, path: Path) -> Work:
        return writing(self.subject, self.spec(), path)

    def _choose(self, format_name: str, part: str) -> None:
        self._format, self._part = format_name, part
        self._fit()
        self.changed.emit()

    def _fit(self) -> None:
        self.part.show_choice(self._part)
        scene = None if self.subject is None else self.subject.scene(self.spec())
        if self.subject is not None and scene is not None:
            self.size_slider.show_plain(size_of(self.subject.model.info, scene, self.subject.state.look))
        self._parts.setVisible(self.cell.slider.maximum() > 1)
        self.cell.setVisible(self._part == "cell")
        self.transparent.setVisible(STILLS[self._format].has_transparency)


def writing(subject: Subject | None, spec: ExportSpec, path: Path) -> Work:
    """Return the function that writes a picture or an animation."""
    if subject is None:
        raise CannotWrite("No generator is open.")
    known = subject

    def work(report: Report) -> str:
        save(known, spec, path, report)
        return f"Saved {path}, {format_bytes(path.stat().st_size)}."

    return work


def format_bytes(count: float) -> str:
    """Format a file size."""
    if count >= 2**30:
        return f"{count / 2**30:.1f} GB"
    return f"{count / 2**20:.1f} MB" if count >= 2**20 else f"{max(1, round(count / 2**10))} kB"
