"""One cell, shown large, with what is known about it."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence, QPainter, QPaintEvent
from PySide6.QtWidgets import QFormLayout, QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from viewer.core.picture.caption import Prediction, kind, names, percent
from viewer.core.scene.messages import Frame
from viewer.ui import theme
from viewer.ui.canvas.canvas_base import CanvasBase
from viewer.ui.widgets.buttons import icon_button, make_button
from viewer.ui.widgets.icons import icon
from viewer.ui.widgets.labels import label

FACTS_WIDTH = 216
ROW = 20
"""Height of a row in pixels."""
MOST_BARS = 12
NO_PREDICTION = "No classifier for such pictures."
WHILE_PLAYING = "Classified again when the walk pauses."


class Bars(QWidget):
    """The probabilities of a prediction, one bar per class."""

    def __init__(self) -> None:
        super().__init__()
        self._prediction: Prediction | None = None
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

    def sizeHint(self) -> QSize:
        rows = min(len(self._prediction.classes), MOST_BARS) if self._prediction is not None else 0
        return QSize(theme.px(FACTS_WIDTH), theme.px(ROW) * rows)

    def paintEvent(self, _event: QPaintEvent) -> None:
        if self._prediction is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        left, right = theme.px(3 * theme.SPACE), self.width() - theme.px(7 * theme.SPACE)
        best = self._prediction.best[0]
        shown = list(zip(self._prediction.classes, self._prediction.probabilities, strict=True))[:MOST_BARS]
        for row, (name, probability) in enumerate(shown):
            top = row * theme.px(ROW)
            painter.setPen(theme.TEXT if name == best else theme.MUTED)
            painter.drawText(QRectF(0, top, left, theme.px(ROW)), Qt.AlignmentFlag.AlignVCenter, name)
            number = QRectF(right, top, self.width() - right, theme.px(ROW))
            painter.drawText(number, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, percent(probability))
            painter.setPen(Qt.PenStyle.NoPen)
            for colour, part in ((theme.RAISED, 1.0), (theme.ACCENT if name == best else theme.MUTED, probability)):
                painter.setBrush(colour)
                middle, length = top + theme.px(ROW) / 2, max(part * (right - left), 0.01)
                painter.drawRoundedRect(QRectF(left, middle - 3, length, 6), 3, 3)


class CellView(QWidget):
    """Covers its canvas while a cell is shown large; hidden otherwise."""

    closed = Signal()
    lock_wanted = Signal()
    copy_wanted = Signal()
    keyframe_wanted = Signal()

    def __init__(self, canvas: QWidget) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        self.setAccessibleName("One picture, large")
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)  # Tab goes to its buttons
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.picture = CanvasBase()
        self.picture.setMinimumSize(1, 1)
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
        self.close_button = icon_button("close", "Close this view and see all cells again", "Escape")
        self._arrange()
        self.lock.clicked.connect(self.lock_wanted)
        self.copy.clicked.connect(self.copy_wanted)
        self.keyframe.clicked.connect(self.keyframe_wanted)
        self.close_button.clicked.connect(self.close_cell)
        leave = QAction("Back to all cells", self)
        leave.setShortcut(QKeySequence("Escape"))
        leave.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        leave.triggered.connect(self.close_cell)
        self.addAction(leave)
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
        self._facts = facts
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.SPACE)
        buttons.addWidget(self.lock, 1)
        buttons.addWidget(self.copy, 1)
        side = QWidget()
        side.setFixedWidth(theme.px(FACTS_WIDTH))
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2 * theme.SPACE)
        column.addLayout(head)
        column.addLayout(facts)
        column.addWidget(self.reading)
        column.addWidget(self.bars)
        column.addWidget(self.note)
        column.addStretch()
        column.addLayout(buttons)
        column.addWidget(self.keyframe)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 3 * theme.SPACE, 3 * theme.SPACE, 3 * theme.SPACE)
        row.setSpacing(0)
        row.addWidget(self.picture, 1)
        row.addWidget(side)

    def show_cell(self, alone: Frame, classes: tuple[str, ...], locked: bool | None) -> None:
        """Show a frame of one cell. locked: whether the cell is locked; None if the mode has no locks."""
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
            self._facts.setRowVisible(value, known)
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

    def paintEvent(self, _event: QPaintEvent) -> None:
        QPainter(self).fillRect(self.rect(), theme.CANVAS)
