"""The page of the export sheet for a data set."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QRegularExpression
from PySide6.QtGui import QRegularExpressionValidator
from PySide6.QtWidgets import QLineEdit

from digitforge.errors import ExportError
from export.datasets.dataset import write_dataset
from export.datasets.formats import FORMATS
from export.datasets.sampling import MOST_IMAGES, SampleRequest
from export.runtime.generator import open_generator
from viewer.core.files import Report
from viewer.core.files.dataset_size import images_of
from viewer.core.files.saving import Subject
from viewer.core.state.view_state import ViewState
from viewer.ui.export.page import Page, Work
from viewer.ui.export.still_page import format_bytes
from viewer.ui.widgets.choices import Choices
from viewer.ui.widgets.labels import label


class DatasetPage(Page):
    """Exports any number of images with their labels, as `python -m export.sample` does."""

    def __init__(self) -> None:
        super().__init__()
        self._format = "npz"
        self._bytes_per_image: dict[str, float] = {}
        self.formats = Choices("Format", {name: (form.title, form.help) for name, form in FORMATS.items()})
        self.formats.show_choice(self._format)
        self.count = QLineEdit("10000")
        self.count.setAccessibleName("Number of images")
        self.count.setToolTip(f"How many images to make, 1 to {MOST_IMAGES:,}: more train better and take longer")
        self.count.setValidator(QRegularExpressionValidator(QRegularExpression(r"\d{1,9}"), self))
        self.about = label("", "muted")
        self.about.setWordWrap(True)
        self.add("Format", self.formats)
        self.add("Number of images", self.count)
        self.column.addWidget(self.about)
        self.column.addStretch()
        self.formats.chosen.connect(self._choose)
        self.count.textChanged.connect(lambda _: self.changed.emit())

    def show_subject(self, subject: Subject) -> None:
        super().show_subject(subject)
        self._bytes_per_image = {}
        info, state = subject.model.info, subject.state
        for name, form in FORMATS.items():
            self.formats.button(name).setEnabled(not form.obstacle(info))
        if FORMATS[self._format].obstacle(info):
            self._format = "npz"
        self.formats.show_choice(self._format)
        names = ", ".join(info.classes[digit] for digit in state.digits) or "all classes"
        self.about.setText(
            f"As in the grid: seed {state.seed}, {names + ' in turn, ' if info.conditional else ''}"
            f"variety {state.truncation:.2f}. Locks, look and directions are not used."
        )

    def request(self) -> SampleRequest:
        """Return the images to make. Raises ExportError if there are too few or too many."""
        state = ViewState() if self.subject is None else self.subject.state
        return SampleRequest(int(self.count.text() or 0), state.seed, state.digits, state.truncation)

    def show_sizes(self, bytes_per_image: dict[str, float]) -> None:
        """Show about how large the file or folder will be. bytes_per_image: see `dataset_size`."""
        self._bytes_per_image = bytes_per_image
        self.changed.emit()

    def summary(self) -> str:
        request = self.request()
        images = f"{request.count:,} images"
        if FORMATS[self._format].test_set:
            images += ", and a sixth as many for testing"
        each = self._bytes_per_image.get(self._format)
        return images if each is None else f"{images} · about {format_bytes(each * images_of(request, self._format))}"

    def obstacle(self) -> str:
        fits = 1 <= int(self.count.text() or 0) <= MOST_IMAGES
        return "" if fits else f"The number of images must be between 1 and {MOST_IMAGES:,}."

    def target(self) -> tuple[str, str]:
        form = FORMATS[self._format]
        return f"digits{form.suffix}", f"{form.title} files (*{form.suffix})" if form.suffix else ""

    def work(self, path: Path) -> Work:
        if self.subject is None:
            raise ExportError("No generator is open.")
        model, format_name, request = self.subject.model, self._format, self.request()

        def work(report: Report) -> str:
            report(0, request.count)
            made = write_dataset(open_generator(model.path, "cpu", threads=1), request, path, format_name, report)
            return f"Saved {request.count:,} images to {path}." if made else f"{path} already contains these images."

        return work

    def _choose(self, format_name: str) -> None:
        self._format = format_name
        self.changed.emit()
