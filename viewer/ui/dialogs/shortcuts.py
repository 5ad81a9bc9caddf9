"""The list of keys, collected from the actions and buttons of the window and from the table of its plain keys."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QAbstractButton, QGridLayout, QWidget

from viewer.core.state.keys import KEYS
from viewer.ui import theme
from viewer.ui.dialogs.scrolling import ScrollingDialog
from viewer.ui.widgets.labels import label

WIDTH, HEIGHT = 72 * theme.SPACE, 76 * theme.SPACE
OWN = (Qt.ShortcutContext.WidgetShortcut, Qt.ShortcutContext.WidgetWithChildrenShortcut)
"""Contexts of the keys that work only while the canvas has the focus."""
Section = tuple[str, list[tuple[str, str]]]
"""A title, and pairs of keys and what they do."""


def keys_of(window: QWidget, lists: tuple[QWidget, ...]) -> list[Section]:
    """Return every key of a window. lists: widgets with keys of their own, which their tooltips describe."""
    everywhere, canvas = dict[str, str](), dict[str, str]()
    for action in window.findChildren(QAction):
        keys = ", ".join(_native(key) for key in action.shortcuts())
        if keys and action.text():
            section = canvas if action.shortcutContext() in OWN else everywhere
            section.setdefault(keys, action.iconText().rstrip("…"))
    modes = {
        _native(button.shortcut()): button.toolTip().split(" (")[0]
        for button in window.findChildren(QAbstractButton)
        if not button.shortcut().isEmpty()
    }
    sections: list[Section] = [
        ("Pictures", [(key, what) for key, what in KEYS]),
        ("Modes", sorted(modes.items())),
        ("Everywhere", sorted(everywhere.items())),
        ("On the picture", list(canvas.items())),
    ]
    sections += [(one.accessibleName(), _of_tip(one.toolTip())) for one in lists]
    return [(title, rows) for title, rows in sections if rows]


def _native(key: QKeySequence) -> str:
    return key.toString(QKeySequence.SequenceFormat.NativeText)


def _of_tip(tip: str) -> list[tuple[str, str]]:
    """Parse a tooltip such as "Left, Right: select. Delete: remove."."""
    parts = (part.partition(": ") for part in tip.rstrip(".").split(". "))
    return [(keys, what[:1].upper() + what[1:]) for keys, colon, what in parts if colon]


class ShortcutSheet(ScrollingDialog):
    """Lists the keys by section."""

    def __init__(self, parent: QWidget, sections: list[Section]) -> None:
        super().__init__(parent, "Keyboard", "Keys", WIDTH, HEIGHT)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        table = QWidget()
        grid = QGridLayout(table)
        grid.setContentsMargins(0, 0, theme.SPACE, 0)
        grid.setHorizontalSpacing(3 * theme.SPACE)
        grid.setVerticalSpacing(theme.SPACE)
        grid.setColumnStretch(1, 1)
        place = 0
        for title, rows in sections:
            grid.addWidget(label(title, "title"), place, 0, 1, 2)
            for keys, what in rows:
                place += 1
                grid.addWidget(label(keys, "value"), place, 0)
                text = label(what, "plain")
                text.setWordWrap(True)
                grid.addWidget(text, place, 1)
            place += 1
            grid.setRowMinimumHeight(place, 2 * theme.SPACE)
            place += 1
        grid.setRowStretch(place, 1)
        self.show_content(table)
        self.add_close_button()
