"""The keys, read off what they do: from the actions and buttons of the window, and from its keyboard sheet."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import (
    QAbstractButton,
    QGridLayout,
    QWidget,
)

from viewer.core.state.keys import KEYS
from viewer.ui import theme
from viewer.ui.dialogs.scrolling import ScrollingDialog
from viewer.ui.widgets.labels import label

WIDTH, HEIGHT = 72 * theme.SPACE, 76 * theme.SPACE
Section = tuple[str, list[tuple[str, str]]]
"""A title, and keys with what they do."""


def keys_of(window: QWidget, lists: tuple[QWidget, ...]) -> list[Section]:
    """Every key of a window. lists: controls with keys of their own, which stand in their tooltips."""
    everywhere, canvas = dict[str, str](), dict[str, str]()
    for action in window.findChildren(QAction):
        keys = ", ".join(_spelt(key) for key in action.shortcuts())
        if keys and action.text():
            own = action.shortcutContext() in (
                Qt.ShortcutContext.WidgetShortcut, Qt.ShortcutContext.WidgetWithChildrenShortcut,
            )  # fmt: skip
            (canvas if own else everywhere).setdefault(keys, action.iconText().rstrip("…"))
    modes = {
        _spelt(button.shortcut()): button.toolTip().split(" (")[0]
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


def _spelt(key: QKeySequence) -> str:
    return key.toString(QKeySequence.SequenceFormat.NativeText)


def _of_tip(tip: str) -> list[tuple[str, str]]:
    """ "Left, Right: select. Delete: remove." as keys and what they do."""
    parts = (part.partition(": ") for part in tip.rstrip(".").split(". "))
    return [(keys, what[:1].upper() + what[1:]) for keys, colon, what in parts if colon]


class ShortcutSheet(ScrollingDialog):
    """Opens beside the window and stops nothing."""

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
                said = label(what, "plain")
                said.setWordWrap(True)
                grid.addWidget(said, place, 1)
            place += 1
            grid.setRowMinimumHeight(place, 2 * theme.SPACE)
            place += 1
        grid.setRowStretch(place, 1)
        self.show_content(table)
        self.add_close_button()
