"""The order in which Tab goes through a window: that in which it is read, also where widgets are added later."""

from __future__ import annotations

from collections.abc import Iterator
from operator import itemgetter

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLayout, QScrollArea, QWidget


def move_focus(window: QWidget, forward: bool) -> bool:
    """Move the focus to the next widget in reading order, or to the one before; returns False if there is none."""
    order = [one for one in _in_reading_order(window) if one.isVisibleTo(window)]
    focused = QApplication.focusWidget()
    place = order.index(focused) if focused in order else -1 if forward else 0
    others = order[place + 1 :] + order[: place + 1] if forward else order[:place][::-1] + order[place:][::-1]
    target = next((one for one in others if _takes_focus(one)), None)
    if target is None:
        return False
    reason = Qt.FocusReason.TabFocusReason if forward else Qt.FocusReason.BacktabFocusReason
    target.setFocus(reason)
    parent = target.parentWidget()
    while parent is not None:
        if isinstance(parent, QScrollArea):
            parent.ensureWidgetVisible(target)
        parent = parent.parentWidget()
    return True


def _takes_focus(widget: QWidget) -> bool:
    by_tab = bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus)
    return by_tab and widget.isEnabled() and widget.focusProxy() is None


def _in_reading_order(widget: QWidget) -> Iterator[QWidget]:
    """Yield a widget and all that it holds: first what its layout holds, then what lies over it."""
    yield widget
    children = [one for one in widget.children() if isinstance(one, QWidget) and not one.isWindow()]
    seen: set[QWidget] = set()
    if (layout := widget.layout()) is not None:
        for child in _laid_out(layout, children):
            seen.add(child)
            yield from _in_reading_order(child)
    if isinstance(widget, QScrollArea) and (inside := widget.widget()) is not None:
        yield from _in_reading_order(inside)
        return
    for other in children:
        if other not in seen:
            yield from _in_reading_order(other)


def _laid_out(layout: QLayout, widgets: list[QWidget]) -> Iterator[QWidget]:
    """Yield those of the widgets that a layout, or one inside it, holds, in its order.

    `itemAt` would leave a Python object for each item. When Qt deletes the item and reuses its memory for a widget,
    Shiboken takes one for the other, and the program crashes.
    """
    places: list[tuple[int, QWidget | QLayout]] = [(layout.indexOf(one), one) for one in widgets]
    places += [(layout.indexOf(one), one) for one in layout.children() if isinstance(one, QLayout)]
    for place, one in sorted(places, key=itemgetter(0)):
        if isinstance(one, QLayout):
            yield from _laid_out(one, widgets)
        elif place >= 0:
            yield one
