"""The base class of the export sheet's pages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from viewer.core.files import Report
from viewer.core.files.saving import ExportSpec, Subject
from viewer.ui import theme
from viewer.ui.widgets.labels import label

Work = Callable[[Report], str]
"""Writes a file on a thread of its own, and returns a message about it."""


class Page(QWidget):
    """One kind of export: what to write, and how."""

    changed = Signal()
    """The user changed a choice."""

    def __init__(self) -> None:
        super().__init__()
        self.subject: Subject | None = None
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(2 * theme.SPACE)

    def show_subject(self, subject: Subject) -> None:
        """Offer what can be written of a subject."""
        self.subject = subject

    def spec(self) -> ExportSpec | None:
        """Return what to preview; None if nothing can be."""
        return None

    def summary(self) -> str:
        """Describe in one line what would be written."""
        raise NotImplementedError

    def obstacle(self) -> str:
        """Say why nothing can be written; empty if it can."""
        return ""

    def target(self) -> tuple[str, str]:
        """Return a file name and the filter of the file dialog. An empty filter means a new folder."""
        raise NotImplementedError

    def work(self, path: Path) -> Work:
        """Return the function that writes the file."""
        raise NotImplementedError

    def add(self, title: str, *widgets: QWidget) -> QWidget:
        """Add widgets side by side under a title; returns the widget that holds them, so that it can be hidden."""
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
