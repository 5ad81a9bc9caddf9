"""Chooses how pictures are shown: colours, inversion, pixels as squares, Gaussian smoothing."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QLinearGradient, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton

from viewer.core.picture.look import COLOUR_MAPS, SMOOTHING_MAX, colour_table
from viewer.core.scene.messages import Opened
from viewer.core.state.view_state import ViewState
from viewer.ui import theme
from viewer.ui.widgets.buttons import toggle_button
from viewer.ui.widgets.card import Panel
from viewer.ui.widgets.labels import label
from viewer.ui.widgets.sliders import Slider

STEPS = 20
"""Slider steps per pixel of sigma."""
STOPS = 9
"""Colours in the gradient of a swatch."""
SWATCH_HEIGHT = 28
"""Height of a swatch in pixels."""

TIP = "Paint the grey levels in the colours “{}”, to bring out faint strokes or just for beauty"


class Swatch(QPushButton):
    """A button that shows a colour map as a gradient."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setCheckable(True)
        self.setAccessibleName(f"Colours: {name}")
        self.setToolTip(TIP.format(name))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setProperty("role", "class")
        self.setFixedHeight(theme.px(SWATCH_HEIGHT))
        self.setMinimumWidth(SWATCH_HEIGHT)
        self._colours = [int(colour) & 0xFFFFFF for colour in colour_table(name, False)[:: 255 // (STOPS - 1)]]

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect()).adjusted(3, 3, -3, -3)
        gradient = QLinearGradient(box.topLeft(), box.topRight())
        for stop, colour in enumerate(self._colours):
            gradient.setColorAt(stop / (len(self._colours) - 1), colour)
        painter.setOpacity(1.0 if self.isEnabled() else 0.25)
        painter.setPen(QPen(theme.LINE, 1))
        painter.setBrush(gradient)
        painter.drawRoundedRect(box, 4, 4)
        if self.isChecked() or self.hasFocus():
            painter.setPen(QPen(theme.TEXT if self.hasFocus() else theme.ACCENT, 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 6, 6)


BESIDE_TIP = "Show each picture twice, without smoothing and with it, to see what smoothing does"
SMOOTHING_TIP = "Soften the pictures to hide noise; the number is the width σ of a Gaussian filter, in pixels"


class LookPanel(Panel):
    """Edits the Look."""

    def __init__(self) -> None:
        super().__init__("Look")
        self._group = QButtonGroup(self)
        self._grey = True
        self.swatches = {name: Swatch(name) for name in COLOUR_MAPS}
        swatches = QHBoxLayout()
        swatches.setSpacing(theme.SPACE // 2)
        for name, swatch in self.swatches.items():
            self._group.addButton(swatch)
            swatches.addWidget(swatch, 1)
            swatch.clicked.connect(partial(self._edit, "colours", colour_map=name))
        self.invert = toggle_button("Invert", "Swap dark and bright, for dark ink on bright paper", "I")
        self.squares = toggle_button(
            "Squares", "Show each pixel as a square, to see what the generator really makes", "P"
        )
        self.beside = toggle_button("Before | after", BESIDE_TIP)
        self.invert.clicked.connect(lambda on: self._edit("inversion", invert=on))
        self.squares.clicked.connect(lambda on: self._edit("squares", squares=on))
        self.beside.clicked.connect(lambda on: self._edit("before and after", beside=on))
        toggles = QHBoxLayout()
        toggles.setSpacing(6)
        toggles.addWidget(self.invert, 1)
        toggles.addWidget(self.squares, 1)
        toggles.addWidget(self.beside, 1)
        self.slider = Slider(0, round(SMOOTHING_MAX * STEPS), "Smoothing", SMOOTHING_TIP, 0)
        self.slider.setPageStep(STEPS // 4)
        self.slider.valueChanged.connect(lambda position: self._edit("smoothing", smoothing=position / STEPS))
        self.sigma = label("", "value")
        words = QHBoxLayout()
        words.addWidget(label("Smoothing", "title"))
        words.addStretch()
        words.addWidget(self.sigma)
        self.body.addLayout(swatches)
        self.body.addLayout(toggles)
        self.body.addLayout(words)
        self.body.addWidget(self.slider)

    def show_model(self, opened: Opened) -> None:
        grey = opened.info.channels == 1
        for swatch in self.swatches.values():
            swatch.setVisible(grey)
        self._grey = grey

    def show_state(self, state: ViewState) -> None:
        look = state.look
        self.swatches[look.colour_map].setChecked(True)
        self.value.setText(look.colour_map if self._grey else "own colours")
        self.invert.setChecked(look.invert)
        self.squares.setChecked(look.squares)
        self.beside.setChecked(look.doubled)
        self.beside.setEnabled(look.smoothing > 0.0)
        self.beside.setToolTip(BESIDE_TIP if look.smoothing else f"{BESIDE_TIP}. Raise Smoothing first")
        self.slider.show_value(round(look.smoothing * STEPS))
        self.sigma.setText(f"{look.smoothing:.2f} px" if look.smoothing else "none")

    def _edit(self, what: str, _checked: bool = False, **changes: str | bool | float) -> None:
        self.edited.emit(what, lambda state: state.with_look(replace(state.look, **changes)))
