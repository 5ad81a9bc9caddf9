"""What the pages of the export sheet are made of."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from viewer.core.files.saving import Report, Subject
from viewer.ui import theme
from viewer.ui.widgets.labels import label
from viewer.ui.widgets.sliders import Slider

Work = Callable[[Report], str]
"""Writes a file and says so in one sentence; runs on a thread of its own."""


class Page(QWidget):
    """Asks what is to be written."""

    changed = Signal()
    """By a person."""

    def __init__(self) -> None:
        super().__init__()
        self.subject: Subject | None = None
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(2 * theme.SPACE)

    def show_subject(self, subject: Subject) -> None:
        """Offer what can be written of this."""
        self.subject = subject

    def summary(self) -> str:
        """What would be written, in one line."""
        raise NotImplementedError

    def obstacle(self) -> str:
        """Why nothing can be written, in one sentence; empty where it can."""
        return ""

    def target(self) -> tuple[str, str]:
        """A name for the file and the filter of the file dialog; no filter means a new folder."""
        raise NotImplementedError

    def work(self, path: Path) -> Work:
        """What writes the file."""
        raise NotImplementedError

    def add(self, title: str, *widgets: QWidget) -> QWidget:
        """Widgets side by side under a title; returns what holds both, so that it can be hidden."""
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACE // 2)
        column.addWidget(label(title, "title"))
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE)
        for widget in widgets:
            row.addWidget(widget)
        column.addLayout(row)
        self.column.addWidget(holder)
        return holder


class LabelledSlider(QWidget):
    """A slider with its name and its value above it."""

    changed = Signal()
    """By a person."""

    def __init__(self, name: str, low: int, high: int, value: int, shown: Callable[[int], str]) -> None:
        """shown: the value as text."""
        super().__init__()
        self._shown = shown
        self._value = label("", "value")
        self.slider = Slider(low, high, name)
        self.slider.setToolTip(name)
        arrange(self, name, self.slider, self._value)
        self.slider.valueChanged.connect(self._choose)
        self.show_value(value)

    @property
    def value(self) -> int:
        """Where it stands."""
        return self.slider.value()

    def show_value(self, value: int) -> None:
        """Stand somewhere without telling anybody."""
        self.slider.show_value(value)
        self.show_text()

    def show_text(self) -> None:
        """Say again what the value means."""
        self._value.setText(self._shown(self.value))

    def limit(self, high: int) -> None:
        """Go no further than this, without telling anybody."""
        self.slider.show_maximum(high)
        self.show_text()

    def _choose(self, _value: int) -> None:
        self.show_text()
        self.changed.emit()


def arrange(widget: QWidget, name: str, slider: QWidget, *values: QWidget) -> None:
    """Lay a slider out in `widget`, below its name and what it stands at."""
    head = QHBoxLayout()
    head.setSpacing(theme.SPACE // 2)
    head.addWidget(label(name, "title"))
    head.addStretch()
    for value in values:
        head.addWidget(value)
    column = QVBoxLayout(widget)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    column.addLayout(head)
    column.addWidget(slider)
