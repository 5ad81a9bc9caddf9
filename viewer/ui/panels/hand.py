"""The user's own hand: pictures of the digits that it consists of."""

from __future__ import annotations

from PySide6.QtCore import QSize, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QGridLayout, QPushButton, QVBoxLayout, QWidget

from viewer.core.picture.look import PLAIN, Look
from viewer.core.scene.cells import row_of
from viewer.core.state.number import MOST_DRAWN, Number
from viewer.core.state.samples import Sample
from viewer.engine.player import Player
from viewer.engine.previews import Previews
from viewer.ui import theme
from viewer.ui.widgets.buttons import make_button
from viewer.ui.widgets.labels import label
from viewer.ui.widgets.literal import literal_tip
from viewer.ui.widgets.qimage import thumbnail

SIDE = 32
"""Size of a picture in pixels."""
COLUMNS = 4


class HandView(QWidget):
    """Shows the samples of the user's own hand. A click takes one out. It is hidden while there are none."""

    removed = Signal(int)
    """The user takes the sample at this place out of the hand."""

    def __init__(self, player: Player) -> None:
        super().__init__()
        self._drawn: tuple[Sample, ...] = ()
        self._look = PLAIN
        self._previews = Previews(player, "your hand")
        self._previews.rendered.connect(self._show_pictures)
        self.buttons = [self._button(place) for place in range(MOST_DRAWN)]
        grid = QGridLayout()
        grid.setSpacing(theme.SPACE // 2)
        for place, button in enumerate(self.buttons):
            grid.addWidget(button, place // COLUMNS, place % COLUMNS)
        grid.setColumnStretch(COLUMNS, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACE // 2)
        note = label("Written from these: click one to take it out", "muted")
        note.setWordWrap(True)
        column.addWidget(note)
        column.addLayout(grid)
        self.hide()

    def _button(self, place: int) -> QPushButton:
        button = make_button(QPushButton, "", "Take this picture out of your hand", role="icon")
        button.setIconSize(QSize(theme.px(SIDE), theme.px(SIDE)))
        button.clicked.connect(lambda: self.removed.emit(place))
        return button

    def show_number(self, number: Number, classes: tuple[str, ...], look: Look) -> None:
        """Show the samples of a number's hand. classes: the generator's."""
        drawn = self._drawn = number.drawn
        self.setVisible(bool(drawn))
        for place, button in enumerate(self.buttons):
            button.setVisible(place < len(drawn))
            if place < len(drawn):
                number_of = drawn[place].label
                name = "" if number_of is None or number_of >= len(classes) else classes[number_of]
                button.setToolTip(literal_tip(f"Take this {name} out of your hand"))
                button.setAccessibleName(f"Take {name} out of your hand")
        if drawn:
            self._previews.show(drawn, lambda info: row_of(info, drawn))
        if look != self._look:
            self._look = look
            self._show_pictures()

    def _show_pictures(self) -> None:
        pixels, scene = self._previews.pixels, self._previews.scene
        if pixels is None or scene is None or scene.shown != self._drawn:
            return
        for button, picture in zip(self.buttons, pixels, strict=False):
            button.setIcon(QIcon(thumbnail(picture, theme.px(SIDE), self._look, self.devicePixelRatioF())))
