"""The tools for drawing: pen and eraser, thickness, pictures of digits, and what the generator is given."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QButtonGroup, QGridLayout, QHBoxLayout, QLabel, QPushButton, QWidget

from export.runtime.arrays import UInt8
from viewer.core.draw.search import cannot_draw
from viewer.core.picture.look import PLAIN
from viewer.core.scene.messages import Opened
from viewer.core.state.drawing import START_THICKNESS, THICKNESS_RANGE
from viewer.core.state.view_state import ViewState
from viewer.ui import theme
from viewer.ui.widgets.buttons import make_button, toggle_button
from viewer.ui.widgets.card import Panel
from viewer.ui.widgets.choices import Choices
from viewer.ui.widgets.icons import icon
from viewer.ui.widgets.labels import label
from viewer.ui.widgets.qimage import thumbnail
from viewer.ui.widgets.sliders import LabelledSlider

STEPS = 1000
"""Slider steps per side of the sheet."""
TARGET_SIDE = 56
"""Size in pixels of the picture that the generator is given."""
DIGIT_SIDE = 32
COLUMNS = 5
TOOLS = {
    "pen": ("Pen", "Draw: with the mouse, a pen or a finger (E)"),
    "eraser": ("Eraser", "Remove what was drawn; a pen's other end does the same (E)"),
}
CHANGED = "Variety or Directions change the answer at the right."


class DrawPanel(Panel):
    """Edits how the sheet is drawn on."""

    tool_chosen = Signal(float, bool)
    """The thickness, and whether it is the eraser."""
    clear_wanted = Signal()
    """The user wants an empty sheet."""
    picture_wanted = Signal()
    """The user wants to open a picture."""
    digit_chosen = Signal(int)
    """The user chose another digit of the photograph."""

    def __init__(self) -> None:
        super().__init__("Draw")
        self._reason = ""
        self._look = PLAIN
        self._given: UInt8 | None = None
        self._found: tuple[UInt8, ...] = ()
        self._thickness, self._eraser = START_THICKNESS, False
        self.tool = Choices("Tool", TOOLS)
        self.tool.chosen.connect(lambda name: self.tool_chosen.emit(self._thickness, name == "eraser"))
        low, high = (round(limit * STEPS) for limit in THICKNESS_RANGE)
        self.thickness = LabelledSlider(
            "Thickness", "How wide the pen draws ([ and ])", low, high, round(START_THICKNESS * STEPS),
            lambda value: f"{value / STEPS:.0%}",
        )  # fmt: skip
        self.thickness.changed.connect(lambda: self.tool_chosen.emit(self.thickness.value / STEPS, self._eraser))
        self.clear = make_button(
            QPushButton, "Clear", "Start again with an empty sheet; Undo brings the drawing back", "Delete"
        )
        self.clear.clicked.connect(self.clear_wanted)
        self.open = make_button(
            QPushButton, "Picture…", "Open a picture or a photograph of handwritten digits", picture=icon("open")
        )
        self.open.clicked.connect(self.picture_wanted)
        self.target = QLabel()
        self.target.setFixedSize(theme.px(TARGET_SIDE), theme.px(TARGET_SIDE))
        self.target.setAccessibleName("What the generator is given")
        self.target.setToolTip("What the generator is given: the drawing, reduced to its pixels")
        self.normalised = toggle_button(
            "Centre", "Scale and centre the digit, as those that the generator learned from"
        )
        self.normalised.clicked.connect(self._normalise)
        self.note = label("", "muted")
        self.note.setWordWrap(True)
        self._digits = QWidget()
        self._grid = QGridLayout(self._digits)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(theme.SPACE // 2)
        self.digits = QButtonGroup(self)
        self.digits.idClicked.connect(self.digit_chosen)
        self.which = label("", "title")
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.SPACE)
        buttons.addWidget(self.clear, 1)
        buttons.addWidget(self.open, 1)
        given = QHBoxLayout()
        given.setSpacing(2 * theme.SPACE)
        given.addWidget(self.target)
        given.addWidget(self.normalised, 1)
        self.body.addWidget(self.tool)
        self.body.addWidget(self.thickness)
        self.body.addLayout(buttons)
        self.body.addWidget(self.which)
        self.body.addWidget(self._digits)
        self.body.addLayout(given)
        self.body.addWidget(self.note)
        self.show_tool(self._thickness, self._eraser)
        self.show_digits(())

    def show_model(self, opened: Opened) -> None:
        reason = self._reason = cannot_draw(opened.info)
        for widget in (self.tool, self.thickness, self.clear, self.open, self.normalised):
            widget.setEnabled(not reason)

    def show_state(self, state: ViewState) -> None:
        if state.look != self._look:
            self._look = state.look
            self._show_pictures()
        self.normalised.setChecked(state.drawing.normalised)
        self.clear.setEnabled(not self._reason and state.drawing != state.drawing.cleared())
        changed = state.truncation != 1.0 or any(state.amounts) or bool(state.shifts)
        self.note.setText(self._reason or (CHANGED if changed and state.drawing.answer is not None else ""))
        self.note.setVisible(bool(self.note.text()))

    def show_target(self, pixels: UInt8) -> None:
        """Show what the generator is given, uint8 [h, w]."""
        self._given = pixels
        self._show_pictures()

    def show_digits(self, pictures: Sequence[UInt8]) -> None:
        """Offer the digits of a photograph, uint8 [h, w] each, of which the first is taken; nothing for one digit."""
        for button in self.digits.buttons():
            self.digits.removeButton(button)
            self._grid.removeWidget(button)
            button.deleteLater()
        self._found = tuple(pictures)
        several = len(pictures) > 1
        self._digits.setVisible(several)
        self.which.setVisible(several)
        if not several:
            return
        self.which.setText(f"{len(pictures)} digits were found: choose one")
        for place in range(len(pictures)):
            button = toggle_button(
                "", f"Take digit {place + 1} of the picture", name=f"Digit {place + 1}", role="class"
            )
            button.setIconSize(QSize(theme.px(DIGIT_SIDE), theme.px(DIGIT_SIDE)))
            button.setMinimumWidth(0)
            self.digits.addButton(button, place)
            self._grid.addWidget(button, place // COLUMNS, place % COLUMNS, Qt.AlignmentFlag.AlignLeft)
        self.digits.button(0).setChecked(True)
        self._show_pictures()

    def _show_pictures(self) -> None:
        look, ratio = self._look, self.devicePixelRatioF()
        if self._given is not None:
            self.target.setPixmap(thumbnail(self._given, theme.px(TARGET_SIDE), look, ratio))
        for button, pixels in zip(self.digits.buttons(), self._found, strict=False):
            button.setIcon(QIcon(thumbnail(pixels, theme.px(DIGIT_SIDE), look, ratio)))

    def show_tool(self, thickness: float, eraser: bool) -> None:
        """Show what the sheet is drawn on with."""
        self._thickness, self._eraser = thickness, eraser
        self.tool.show_choice("eraser" if eraser else "pen")
        self.thickness.show_value(round(thickness * STEPS))

    def _normalise(self, on: bool) -> None:
        self.edited.emit("centring", lambda state: state.with_drawing(state.drawing.with_normalised(on)))
