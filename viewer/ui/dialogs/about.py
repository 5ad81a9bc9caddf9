"""The About dialog: versions, licences, and the provenance of the open generator."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

import onnxruntime
import PySide6
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from viewer.core.files.provenance import Fact, readable
from viewer.core.run.stages import file_name_of
from viewer.core.scene.messages import Opened
from viewer.ui import theme
from viewer.ui.dialogs.scrolling import ScrollingDialog
from viewer.ui.widgets.buttons import make_button
from viewer.ui.widgets.icons import icon
from viewer.ui.widgets.labels import label

WIDTH, HEIGHT = 64 * theme.SPACE, 72 * theme.SPACE
LICENCES = (
    ("numpy", "BSD-3-Clause"),
    ("onnx", "Apache-2.0"),
    ("Pillow", "MIT-CMU"),
)
"""Distributions and licences, except Qt's and onnxruntime's, whose distributions have several names."""


def parts() -> list[Fact]:
    """Return the name, version and licence of digitforge and of the libraries that are installed."""
    found = [
        ("digitforge", f"{_version('digitforge') or 'from source'} · MIT"),
        ("Qt, PySide6", f"{PySide6.__version__} · LGPL-3.0"),
        ("onnxruntime", f"{onnxruntime.__version__} · MIT"),
    ]
    for name, licence in LICENCES:
        if number := _version(name):
            found.append((name, f"{number} · {licence}"))
    return found


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:  # for example a clone of the repository that is not installed
        return ""


class AboutDialog(ScrollingDialog):
    """Shows facts about the program and the open generator."""

    def __init__(self, parent: QWidget, opened: Opened | None) -> None:
        super().__init__(parent, "About digitforge", "About", WIDTH, HEIGHT)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, theme.SPACE, 0)
        column.setSpacing(theme.SPACE)
        column.addWidget(label("digitforge", "brand"))
        column.addWidget(_text("Trains image generators, exports them to ONNX and explores them.", "muted"))
        column.addSpacing(theme.SPACE)
        column.addLayout(_facts(parts()))
        if opened is not None and opened.info.provenance:
            short, long = readable(opened.info.provenance)
            column.addSpacing(theme.SPACE)
            column.addWidget(label("The open generator", "title"))
            column.addLayout(_facts([("File", file_name_of(opened.path)), *short]))
            for name, text in long:
                _add_folded(column, name, text)
        column.addStretch()
        self.show_content(inside)
        self.add_close_button()


def _facts(facts: list[Fact]) -> QGridLayout:
    grid = QGridLayout()
    grid.setHorizontalSpacing(2 * theme.SPACE)
    grid.setVerticalSpacing(theme.SPACE // 2)
    grid.setColumnStretch(1, 1)
    for place, (name, value) in enumerate(facts):
        grid.addWidget(label(name, "muted"), place, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(_text(value, "plain"), place, 1)
    return grid


def _add_folded(column: QVBoxLayout, name: str, text: str) -> None:
    """Add a button that shows and hides a long text below it."""
    tip = f"Show or hide {name.lower()}, for those who want to know more"
    button = make_button(QPushButton, name, tip, name=f"Show {name.lower()}", picture=icon("expand", theme.MUTED))
    button.setCheckable(True)
    button.setAutoDefault(False)
    shown = _text(text, "plain")
    shown.hide()
    button.toggled.connect(shown.setVisible)
    column.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)
    column.addWidget(shown)


def _text(text: str, role: str) -> QLabel:
    result = label(text, role)
    result.setWordWrap(True)
    result.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return result
