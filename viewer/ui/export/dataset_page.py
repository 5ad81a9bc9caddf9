"""The page of the export sheet that asks for a labelled data set."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QRegularExpression, Qt
from PySide6.QtGui import QRegularExpressionValidator
from PySide6.QtWidgets import QLineEdit

from digitforge.errors import ExportError
from export.datasets.dataset import write_dataset
from export.datasets.formats import FORMATS
from export.datasets.sampling import MOST_IMAGES, SampleRequest
from export.runtime.generator import open_generator
from viewer.core.files.saving import Report, Subject
from viewer.ui.export.page import Page, Work
from viewer.ui.widgets.choices import Choices
from viewer.ui.widgets.labels import label


class DatasetPage(Page):
    """Asks for as many images as are wanted, with their labels: what `python -m export.sample` makes."""

    def __init__(self) -> None:
        super().__init__()
        self._form = "npz"
        self.form = Choices("Format", {name: (form.title, form.help) for name, form in FORMATS.items()})
        self.form.show_choice(self._form)
        self.count = QLineEdit("10000")
        self.count.setAccessibleName("Number of images")
        self.count.setToolTip(f"1 to {MOST_IMAGES:,}")
        self.count.setValidator(QRegularExpressionValidator(QRegularExpression(r"\d{1,9}"), self))
        self.about = label("", "muted")
        self.about.setWordWrap(True)
        self.about.setTextFormat(Qt.TextFormat.PlainText)
        self.add("Format", self.form)
        self.add("Number of images", self.count)
        self.column.addWidget(self.about)
        self.column.addStretch()
        self.form.chosen.connect(self._choose)
        self.count.textChanged.connect(lambda _: self.changed.emit())

    def show_subject(self, subject: Subject) -> None:
        """Say which seed, classes and psi the images come from."""
        super().show_subject(subject)
        info, state = subject.model.info, subject.state
        for name, form in FORMATS.items():
            self.form.button(name).setEnabled(not form.obstacle(info))
        if FORMATS[self._form].obstacle(info):
            self._form = "npz"
        self.form.show_choice(self._form)
        names = ", ".join(info.classes[digit] for digit in state.digits) or "all classes"
        self.about.setText(
            f"As in the grid: seed {state.seed}, {names + ' in turn, ' if info.conditional else ''}"
            f"truncation {state.truncation:.2f}. Locks, looks and directions do not count."
        )

    def summary(self) -> str:
        """How many."""
        images = f"{int(self.count.text() or 0):,} images"
        return f"{images}, and a sixth as many to test with" if FORMATS[self._form].test_set else images

    def obstacle(self) -> str:
        """Where the number is out of range."""
        fits = 1 <= int(self.count.text() or 0) <= MOST_IMAGES
        return "" if fits else f"The number of images must be between 1 and {MOST_IMAGES:,}."

    def target(self) -> tuple[str, str]:
        """A file, or a new folder."""
        form = FORMATS[self._form]
        return f"digits{form.suffix}", f"{form.title} files (*{form.suffix})" if form.suffix else ""

    def work(self, path: Path) -> Work:
        """Write it; what was stopped goes on where it was."""
        if self.subject is None:
            raise ExportError("No generator is open.")
        model, state, form = self.subject.model, self.subject.state, self._form
        request = SampleRequest(int(self.count.text()), state.seed, state.digits, state.truncation)

        def work(report: Report) -> str:
            report(0, request.count)
            made = write_dataset(open_generator(model.path, "cpu", threads=1), request, path, form, report)
            return f"Saved {request.count:,} images to {path}." if made else f"{path} holds these images already."

        return work

    def _choose(self, form: str) -> None:
        self._form = form
        self.changed.emit()
