"""One cell, shown large, with what is known about it."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from viewer.core.picture.caption import Prediction, kind, names, percent
from viewer.core.scene.messages import Frame
from viewer.ui import theme
from viewer.ui.canvas.clay_tools import ClayTools
from viewer.ui.canvas.keys import add_action
from viewer.ui.canvas.painted_picture import PaintedPicture
from viewer.ui.widgets.buttons import icon_button, make_button
from viewer.ui.widgets.icons import icon
from viewer.ui.widgets.labels import label

FACTS_WIDTH = 216
ROW = 20
"""Height of a row in pixels."""
MOST_BARS = 12
NAME_WIDTH, NUMBER_WIDTH = 3 * theme.SPACE, 7 * theme.SPACE
"""Width of the class before a bar, and of the probability behind it, in pixels."""
GUTTER = 2 * theme.SPACE
"""Pixels between two columns of bars."""
LOW = 78 * theme.SPACE
"""Height in pixels below which the bars are in two columns, with less space around everything."""
LEAST_FOR_ALL = 58 * theme.SPACE
"""Height in pixels below which the button that the menu of the cell has, too, gives way."""
LEAST_FOR_PICTURE = 14 * theme.SPACE
"""Width in pixels that the picture needs beside the facts; where there is less, it is above them."""
ABOVE_FACTS = 18 * theme.SPACE
"""Least height of a picture above the facts in pixels: a message of four lines covers it, and no heading below."""
LARGEST = 16_777_215
"""Qt's limit for the height of a widget without one."""
NO_PREDICTION = "No classifier for such pictures."
WHILE_PLAYING = "Classified again when the walk pauses."


class Bars(QWidget):
    """The probabilities of a prediction, one bar per class."""

    def __init__(self) -> None:
        super().__init__()
        self._prediction: Prediction | None = None
        self._columns = 1
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_prediction(self, prediction: Prediction | None) -> None:
        """Show the probabilities of a prediction, or none."""
        self._prediction = prediction
        self.setVisible(prediction is not None)
        if prediction is not None:
            name, probability = prediction.best
            self.setAccessibleName(f"Predicted {name}, {percent(probability)}")
            self.updateGeometry()
            self.update()

    def show_columns(self, columns: int) -> None:
        """Arrange the bars in so many columns."""
        if columns != self._columns:
            self._columns = columns
            self.updateGeometry()
            self.update()

    @property
    def _rows(self) -> int:
        bars = min(len(self._prediction.classes), MOST_BARS) if self._prediction is not None else 0
        return -(-bars // self._columns)

    def sizeHint(self) -> QSize:
        return QSize(theme.px(FACTS_WIDTH), theme.px(ROW) * self._rows)

    def minimumSizeHint(self) -> QSize:
        return QSize(0, self.sizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        if self._prediction is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        column_width = (self.width() + GUTTER) / self._columns - GUTTER
        best = self._prediction.best[0]
        shown = list(zip(self._prediction.classes, self._prediction.probabilities, strict=True))[:MOST_BARS]
        for place, (name, probability) in enumerate(shown):
            column, row = divmod(place, self._rows)
            start, top = column * (column_width + GUTTER), row * theme.px(ROW)
            left = start + theme.px(NAME_WIDTH if self._columns == 1 else NAME_WIDTH // 2)
            right = start + column_width - theme.px(NUMBER_WIDTH)
            painter.setPen(theme.TEXT if name == best else theme.MUTED)
            painter.drawText(QRectF(start, top, left - start, theme.px(ROW)), Qt.AlignmentFlag.AlignVCenter, name)
            number = QRectF(right, top, theme.px(NUMBER_WIDTH), theme.px(ROW))
            painter.drawText(number, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, percent(probability))
            painter.setPen(Qt.PenStyle.NoPen)
            for colour, part in ((theme.RAISED, 1.0), (theme.ACCENT if name == best else theme.MUTED, probability)):
                painter.setBrush(colour)
                middle, length = top + theme.px(ROW) / 2, max(part * (right - left), 0.01)
                painter.drawRoundedRect(QRectF(left, middle - 3, length, 6), 3, 3)


class CellView(QWidget):
    """Covers its canvas while a cell is shown large; hidden otherwise."""

    closed = Signal()
    clay_wanted = Signal()
    near_wanted = Signal()
    shaping_left = Signal()
    """The user pressed Escape while the picture was being shaped."""
    lock_wanted = Signal()
    copy_wanted = Signal()
    keyframe_wanted = Signal()
    real_wanted = Signal()

    def __init__(self, canvas: QWidget) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        self.setAccessibleName("One picture, large")
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)  # Tab goes to its buttons
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.picture = PaintedPicture()
        self.tools = ClayTools()
        self.picture.setMinimumSize(1, 1)
        self.picture.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
        self.name = label("", "plain")
        self.name.setStyleSheet(f"font-size: {theme.px(28)}px; font-weight: 700;")
        self.seed, self.index, self.origin, self.class_name = (label("", "value") for _ in range(4))
        self.name.setWordWrap(True)
        self.origin.setWordWrap(True)
        self.note = label("", "muted")
        self.note.setWordWrap(True)
        self.reading = label("A classifier reads:", "title")
        self.bars = Bars()
        self.lock = make_button(
            QPushButton,
            "Lock",
            "Keep this picture in its cell while the others change, to compare it with them",
            "L",
            picture=icon("lock"),
        )
        self.copy = make_button(
            QPushButton, "Copy", "Copy this picture to the clipboard, to paste it elsewhere", picture=icon("copy")
        )
        self.keyframe = make_button(
            QPushButton,
            "Add to the timeline",
            "Make this picture a keyframe, so that Morph passes through it",
            picture=icon("add"),
        )
        self.clay = make_button(
            QPushButton, "Clay", "Paint on this picture, and the generator follows", "Ctrl+B", picture=icon("clay")
        )
        self.near = make_button(
            QPushButton, "More", "See variations of this picture, to go on from one of them", "Ctrl+M",
            name="More like this", picture=icon("near"),
        )  # fmt: skip
        self.real = make_button(
            QPushButton,
            "Is it a copy?",
            "Compare it with the nearest real pictures that the generator learned from",
        )
        self.close_button = icon_button("close", "Close this view and see all cells again", "Escape")
        self._arrange()
        self.lock.clicked.connect(self.lock_wanted)
        self.copy.clicked.connect(self.copy_wanted)
        self.keyframe.clicked.connect(self.keyframe_wanted)
        self.clay.clicked.connect(self.clay_wanted)
        self.near.clicked.connect(self._leave_for_near)
        self.close_button.clicked.connect(self._leave)
        self.real.clicked.connect(self.real_wanted)
        add_action(self, "Back to all cells", ("Escape",), Qt.ShortcutContext.WidgetWithChildrenShortcut, self._leave)
        self.hide()

    def _arrange(self) -> None:
        head = QHBoxLayout()
        head.addWidget(self.name, 1)
        head.addWidget(self.close_button)
        facts = QFormLayout()
        facts.setVerticalSpacing(theme.SPACE)
        facts.setHorizontalSpacing(2 * theme.SPACE)
        for text, value in (
            ("Seed", self.seed),
            ("Sample", self.index),
            ("From", self.origin),
            ("Class", self.class_name),
        ):
            facts.addRow(label(text, "muted"), value)
            value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._rows = facts
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.SPACE)
        buttons.addWidget(self.lock, 1)
        buttons.addWidget(self.copy, 1)
        changes = QHBoxLayout()
        changes.setSpacing(theme.SPACE)
        changes.addWidget(self.clay, 1)
        changes.addWidget(self.near, 1)
        self.facts = QWidget()
        """What is known about the cell, beside or below the picture."""
        column = self._column = QVBoxLayout(self.facts)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(head)
        self._about = QWidget()
        about = self._about_column = QVBoxLayout(self._about)
        about.setContentsMargins(0, 0, 0, 0)
        about.addLayout(facts)
        about.addWidget(self.reading)
        about.addWidget(self.bars)
        about.addWidget(self.note)
        about.addStretch()
        about.addWidget(self.real)
        about.addLayout(buttons)
        about.addLayout(changes)
        about.addWidget(self.keyframe)
        column.addWidget(self._about, 1)
        column.addWidget(self.tools)
        column.addStretch()
        self.tools.hide()
        inside = QWidget()
        inside.setObjectName("large")
        self._row = QBoxLayout(QBoxLayout.Direction.LeftToRight, inside)
        self._row.setSpacing(0)
        self._row.addWidget(self.picture, 1)
        self._row.addWidget(self.facts)
        scroll = QScrollArea()  # where even the closest arrangement does not fit
        scroll.setObjectName("large")
        scroll.setWidget(inside)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(scroll)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        low = self.height() < theme.px(LOW)
        narrow = self.width() < theme.px(FACTS_WIDTH + LEAST_FOR_PICTURE)
        space = theme.SPACE if low else 2 * theme.SPACE
        margin = 2 * theme.SPACE if low or narrow else 3 * theme.SPACE
        self._row.setDirection(QBoxLayout.Direction.TopToBottom if narrow else QBoxLayout.Direction.LeftToRight)
        self._row.setContentsMargins(margin if narrow else 0, margin, margin, margin)
        self._column.setSpacing(space)
        self._rows.setVerticalSpacing(space // 2)
        self._about_column.setSpacing(space)
        self.real.setVisible(self.height() >= theme.px(LEAST_FOR_ALL))
        self.tools.show_space(space)
        self.bars.show_columns(2 if low and not narrow else 1)
        above = max(min(theme.px(ABOVE_FACTS), 2 * self.height() // 3), min(self.width(), self.height() // 2))
        # A height that can vary would not count where the area is to be made high enough for the text.
        self.picture.setMinimumHeight(above if narrow else 1)
        self.picture.setMaximumHeight(above if narrow else LARGEST)
        vertical = QSizePolicy.Policy.Fixed if narrow else QSizePolicy.Policy.Ignored
        self.picture.setSizePolicy(QSizePolicy.Policy.Expanding, vertical)
        self.facts.setMinimumWidth(0 if narrow else theme.px(FACTS_WIDTH))
        self.facts.setMaximumWidth(self.width() if narrow else theme.px(FACTS_WIDTH))
        self.keyframe.setText("Timeline" if narrow else "Add to the timeline")

    def show_cell(self, alone: Frame, classes: tuple[str, ...], locked: bool | None) -> None:
        """Show a frame of one cell. locked: whether the cell is locked; None if the mode has no locks."""
        if self.picture.painting:
            return
        sample = alone.scene.sample(0)
        name = kind(sample, classes).removeprefix("class ") if sample.mix else ""
        self.picture.show_frame(alone)
        self.name.setText(", ".join(names(sample, classes)) or "Sample")
        self.seed.setText(str(sample.seed))
        self.index.setText(str(sample.index))
        self.origin.setText(sample.origin.removeprefix("between "))
        self.class_name.setText(name)
        for value, known in (
            (self.seed, not sample.held),
            (self.index, not sample.held),
            (self.origin, bool(sample.origin)),
            (self.class_name, bool(name)),
        ):
            self._rows.setRowVisible(value, known)
        self.lock.setVisible(locked is not None)
        text = "Unlock" if locked else "Lock"
        if self.lock.text() != text:
            self.lock.setText(text)
            self.lock.setAccessibleName(text)
            self.lock.setIcon(icon(text.lower()))

    def show_prediction(self, prediction: Prediction | None, note: str) -> None:
        """Show the prediction, or a note when there is none."""
        self.reading.setVisible(prediction is not None)
        self.bars.show_prediction(prediction)
        self.note.setText(note)
        self.note.setVisible(bool(note))

    def show_shaping(self, shaping: bool) -> None:
        """Offer the tools to shape the picture, or what is known about it. The picture is then shown by others."""
        self.picture.set_painting(shaping)
        self._about.setVisible(not shaping)
        self.tools.setVisible(shaping)
        if shaping:
            self.name.setText("Clay")
            self.picture.setFocus()
        elif self.isVisible():
            self.setFocus()

    def open_cell(self) -> None:
        """Cover the canvas and take the focus."""
        self.setGeometry(self._canvas.rect())
        self.show()
        self.raise_()
        self._canvas.setFocusProxy(self)  # Tab passes by what is covered
        self.setFocus()

    def close_cell(self) -> None:
        """Show the canvas again and give it the focus."""
        self._canvas.setFocusProxy(None)  # type: ignore[arg-type]
        self.hide()
        self._canvas.setFocus()
        self.closed.emit()

    def _leave(self) -> None:
        if self.picture.painting:
            self.shaping_left.emit()
        else:
            self.close_cell()

    def _leave_for_near(self) -> None:
        self.near_wanted.emit()
        self.close_cell()

    def paintEvent(self, _event: QPaintEvent) -> None:
        QPainter(self).fillRect(self.rect(), theme.CANVAS)
