"""The tools for shaping a picture: light or dark, the brush, and how strongly the paint pulls."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from viewer.core.picture.look import Look, colour_table
from viewer.core.state.clay import START_STRENGTH, Clay
from viewer.core.state.drawing import START_THICKNESS, THICKNESS_RANGE
from viewer.ui import theme
from viewer.ui.widgets.buttons import make_button
from viewer.ui.widgets.choices import Choices
from viewer.ui.widgets.icons import icon
from viewer.ui.widgets.labels import label
from viewer.ui.widgets.sliders import LabelledSlider

STEPS = 1000
"""Slider steps per side of the picture."""
PAINTS = {
    "light": ("Lighter", "Paint where the picture is to be lighter (E)"),
    "dark": ("Darker", "Paint where the picture is to be darker (E)"),
}
HOW = "Paint on the picture: what you paint pulls, and the rest stays as it is, as far as the generator can."


class ClayTools(QWidget):
    """Edits how a picture is painted on."""

    tool_chosen = Signal(float, bool)
    """The thickness, and whether the brush paints pixels as dark as they are."""
    strength_chosen = Signal(float)
    restart_wanted = Signal()
    """The user wants the picture as it was before."""
    done = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._thickness, self._dark, self._turned = START_THICKNESS, False, False
        self.paint = Choices("Paint", PAINTS)
        self.paint.chosen.connect(self._choose)
        low, high = (round(limit * STEPS) for limit in THICKNESS_RANGE)
        self.brush = LabelledSlider(
            "Brush", "How wide the brush paints ([ and ])", low, high, round(START_THICKNESS * STEPS),
            lambda value: f"{value / STEPS:.0%}",
        )  # fmt: skip
        self.strength = LabelledSlider(
            "Strength",
            "How much the paint counts: at the right, the rest of the picture gives way to it",
            0,
            100,
            round(START_STRENGTH * 100),
            lambda value: f"{value}%",
        )
        self.restart = make_button(
            QPushButton, "Start again", "Have the picture as it was; Undo brings the paint back", picture=icon("clear")
        )
        self.finish = make_button(
            QPushButton, "Done", "Leave the clay; the picture stays as it is", "Escape", role="primary"
        )
        self.how = label(HOW, "muted")
        self.where = label("", "muted")
        for text in (self.how, self.where):
            text.setWordWrap(True)
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.SPACE)
        buttons.addWidget(self.restart, 1)
        buttons.addWidget(self.finish, 1)
        column = self._column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.how)
        column.addWidget(self.paint)
        column.addWidget(self.brush)
        column.addWidget(self.strength)
        column.addLayout(buttons)
        column.addWidget(self.where)
        self.brush.changed.connect(lambda: self.tool_chosen.emit(self.brush.value / STEPS, self._dark))
        self.strength.changed.connect(lambda: self.strength_chosen.emit(self.strength.value / 100))
        self.restart.clicked.connect(self.restart_wanted)
        self.finish.clicked.connect(self.done)
        self.show_tool(self._thickness, self._dark)

    def show_space(self, space: int) -> None:
        """Leave so many pixels between the controls."""
        self._column.setSpacing(space)

    def show_clay(self, clay: Clay, look: Look, where: str) -> None:
        """Show what is being shaped. where: where the result goes."""
        light, dark = (colour_table(look.colour_map, look.invert)[level] for level in (255, 0))
        self._turned = _brightness(int(light)) < _brightness(int(dark))
        self.strength.show_value(round(clay.strength * 100))
        self.restart.setEnabled(bool(clay.strokes))
        self.where.setText(where)
        self.show_tool(self._thickness, self._dark)

    def show_tool(self, thickness: float, dark: bool) -> None:
        """Show what the picture is painted on with."""
        self._thickness, self._dark = thickness, dark
        self.paint.show_choice("dark" if dark != self._turned else "light")
        self.brush.show_value(round(thickness * STEPS))

    def _choose(self, name: str) -> None:
        self.tool_chosen.emit(self._thickness, (name == "dark") != self._turned)


def _brightness(colour: int) -> float:
    """Return how bright a colour is, 0xAARRGGBB."""
    red, green, blue = (colour >> shift & 0xFF for shift in (16, 8, 0))
    return 0.3 * red + 0.59 * green + 0.11 * blue
