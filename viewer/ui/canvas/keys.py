"""The keys of a picture that can be zoomed, panned, and walked over cell by cell."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from viewer.core.picture.fit import WHOLE, View

ZOOM_STEP = 1.25
PAN_STEP = 0.15
"""Part of what is visible."""


def add_action(
    widget: QWidget, text: str, keys: tuple[str, ...], context: Qt.ShortcutContext, slot: Callable[[], None]
) -> QAction:
    """Add an action with keys. context: whether they work on the widget only or in the whole window."""
    action = QAction(text, widget)
    action.setShortcuts([QKeySequence(key) for key in keys])
    action.setShortcutContext(context)
    action.triggered.connect(lambda _checked: slot())
    widget.addAction(action)
    return action


def add_view_actions(
    widget: QWidget,
    step: Callable[[int, int], None],
    open_current: Callable[[], None],
    zoom: Callable[[float], None],
    pan: Callable[[float, float], None],
    set_view: Callable[[View], None],
) -> None:
    """Add the keys that walk over the cells, show one large, zoom and pan."""
    own, window = Qt.ShortcutContext.WidgetWithChildrenShortcut, Qt.ShortcutContext.WindowShortcut
    add_action(widget, "Cell to the left", ("Shift+Left",), own, partial(step, -1, 0))
    add_action(widget, "Cell to the right", ("Shift+Right",), own, partial(step, 1, 0))
    add_action(widget, "Cell above", ("Shift+Up",), own, partial(step, 0, -1))
    add_action(widget, "Cell below", ("Shift+Down",), own, partial(step, 0, 1))
    add_action(widget, "Show the cell large", ("Return", "Enter"), Qt.ShortcutContext.WidgetShortcut, open_current)
    add_action(widget, "Zoom in", ("+", "=", "Ctrl++", "Ctrl+="), window, partial(zoom, ZOOM_STEP))
    add_action(widget, "Zoom out", ("-", "Ctrl+-"), window, partial(zoom, 1 / ZOOM_STEP))
    add_action(widget, "Show the whole picture", ("Ctrl+0",), window, partial(set_view, WHOLE))
    add_action(widget, "Move the view left", ("Ctrl+Left",), own, partial(pan, -PAN_STEP, 0.0))
    add_action(widget, "Move the view right", ("Ctrl+Right",), own, partial(pan, PAN_STEP, 0.0))
    add_action(widget, "Move the view up", ("Ctrl+Up",), own, partial(pan, 0.0, -PAN_STEP))
    add_action(widget, "Move the view down", ("Ctrl+Down",), own, partial(pan, 0.0, PAN_STEP))
