"""Sliders. What is only shown emits no signal; what the user does emits one."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QAction, QMouseEvent
from PySide6.QtWidgets import QHBoxLayout, QSlider, QStyle, QVBoxLayout, QWidget

from viewer.ui import theme
from viewer.ui.widgets.labels import label
from viewer.ui.widgets.literal import literal_tip
from viewer.ui.widgets.wheel import need_focus_for_wheel

HANDLE_WIDTH = 16
"""Pixels, as in the style sheet."""


class Slider(QSlider):
    """A horizontal slider whose handle jumps to the pointer on a click and can be dragged from there.

    A double click, or Reset in its menu, resets it.
    """

    def __init__(self, lowest: int, highest: int, name: str, tip: str, rest: int) -> None:
        """name: for screen readers; tip: the tooltip; rest: the value to which it is reset."""
        super().__init__(Qt.Orientation.Horizontal)
        self.setRange(lowest, highest)
        self.setAccessibleName(name)
        self._rest = rest
        action = QAction("Reset", self)
        action.triggered.connect(self._reset)
        self.addAction(action)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        self.show_tip(tip)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        need_focus_for_wheel(self)

    def show_tip(self, tip: str) -> None:
        """Change the tooltip, which also says how to reset."""
        self.setToolTip(literal_tip(f"{tip}; double-click to reset"))

    def show_rest(self, rest: int) -> None:
        """Change the value to which the slider is reset."""
        self._rest = rest

    def show_value(self, value: int) -> None:
        """Move the handle without emitting a signal."""
        with QSignalBlocker(self):
            self.setValue(value)

    def show_maximum(self, highest: int) -> None:
        """Change the maximum, and with it a value above it, without emitting a signal."""
        with QSignalBlocker(self):
            self.setMaximum(highest)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            handle = theme.px(HANDLE_WIDTH)
            x, room = round(event.position().x()) - handle // 2, self.width() - handle
            self.setValue(QStyle.sliderValueFromPosition(self.minimum(), self.maximum(), x, room))
        super().mousePressEvent(event)  # takes hold of the handle, which is under the pointer now

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._reset()

    def _reset(self) -> None:
        if self.value() == self._rest:
            self.valueChanged.emit(self._rest)  # what the slider stands for may have values between its steps
        self.setValue(self._rest)


class LabelledSlider(QWidget):
    """A slider with its name and its value above it."""

    changed = Signal()
    """The user moved the slider."""

    def __init__(self, name: str, tip: str, low: int, high: int, value: int, to_text: Callable[[int], str]) -> None:
        """tip: the tooltip; to_text: formats the value."""
        super().__init__()
        self._to_text = to_text
        self._value = label("", "value")
        self.slider = Slider(low, high, name, tip, value)
        lay_out_slider(self, name, self.slider, self._value)
        self.slider.valueChanged.connect(self._on_moved)
        self.show_value(value)

    @property
    def value(self) -> int:
        """The slider's value."""
        return self.slider.value()

    def show_value(self, value: int) -> None:
        """Show a value without emitting a signal."""
        self.slider.show_value(value)
        self.show_text()

    def show_maximum(self, highest: int) -> None:
        """Change the maximum, and with it a value above it, without emitting a signal."""
        self.slider.show_maximum(highest)
        self.show_text()

    def show_rest(self, rest: int) -> None:
        """Change the value to which the slider is reset."""
        self.slider.show_rest(rest)

    def show_text(self) -> None:
        """Format the value again, where its text depends on something else that changed."""
        self._value.setText(self._to_text(self.value))

    def _on_moved(self, _value: int) -> None:
        self.show_text()
        self.changed.emit()


def lay_out_slider(widget: QWidget, name: str, slider: QWidget, *values: QWidget) -> None:
    """Lay out `widget` as a slider below its name and the widgets that show its value."""
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
