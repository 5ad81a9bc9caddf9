"""A small plot of logged values over the images seen."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from viewer.core.run.curves import Curve, span
from viewer.ui import theme

HEIGHT = 9 * theme.SPACE
"""Height in pixels of the curves, which does not grow with the text."""
HEAD = 2 * theme.SPACE
"""Height of the line with the title and the names of the curves."""
FOOT = theme.SPACE
"""Height of the band in which stages are marked."""
SWATCH = 3 * theme.SPACE
"""Width of the sample of a curve before its name, and of the gap before the sample."""
GUTTER = 6 * theme.SPACE
"""Width of the band with the scale of the values."""
FONT_PIXELS = 11


@dataclass(frozen=True)
class Line:
    """One curve of a plot."""

    key: str
    """Key of the log."""
    name: str
    colour: QColor
    """One of the theme's colours."""
    dashed: bool = False


class Plot(QWidget):
    """Draws curves, marks the stages, and reports where it is clicked."""

    pressed = Signal(float)
    """The user clicks or drags: the images seen at the pointer."""

    def __init__(self, title: str, lines: Sequence[Line], logarithmic: bool = False) -> None:
        super().__init__()
        self.setAccessibleName(title)
        self.setToolTip("Click to go to the nearest stage")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.lines = tuple(lines)
        self._title = title
        self._logarithmic = logarithmic
        self._curves: Mapping[str, Curve] = {}
        self._last = 0.0
        self._stages: tuple[int, ...] = ()
        self._shown: int | None = None

    def sizeHint(self) -> QSize:
        return QSize(24 * theme.SPACE, HEIGHT + theme.px(HEAD + FOOT))

    def show_curves(self, curves: Mapping[str, Curve], last: float) -> None:
        """Draw those of these curves that the plot has lines for. last: images seen at the right edge."""
        self._curves = {line.key: curves[line.key] for line in self.lines if line.key in curves}
        self._last = last
        values = (f"{line.name} {self._value(line):.3g}" for line in self.lines if line.key in self._curves)
        self.setAccessibleDescription(", ".join(values))
        self.update()

    def show_stages(self, stages: tuple[int, ...], shown: int | None) -> None:
        """Mark the stages and the one that is shown, each by its images seen."""
        self._stages, self._shown = stages, shown
        self.update()

    def _value(self, line: Line) -> float:
        values = self._curves[line.key].values
        return values[-1] if values else math.nan

    def _area(self) -> QRectF:
        left, top = theme.px(GUTTER), theme.px(HEAD)
        return QRectF(left, top, self.width() - left - 1, self.height() - top - theme.px(FOOT))

    def _x(self, images: float) -> float:
        area = self._area()
        return area.left() + area.width() * min(images / self._last, 1.0) if self._last else area.left()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = painter.font()
        font.setPixelSize(theme.px(FONT_PIXELS))
        painter.setFont(font)
        self._paint_head(painter)
        area = self._area()
        painter.setPen(QPen(theme.LINE, 1))
        painter.drawLine(area.topLeft(), area.topRight())
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        values = [value for curve in self._curves.values() for value in map(self._scaled, curve.values)]
        if values:
            low, high = span(values, None if self._logarithmic else 0.0)
            painter.save()
            painter.setClipRect(area)
            for line in self.lines:
                if line.key in self._curves:
                    self._paint_curve(painter, line, low, high)
            painter.restore()
            self._paint_scale(painter, low, high)
        self._paint_stages(painter)

    def _paint_head(self, painter: QPainter) -> None:
        box = QRectF(0, 0, self.width(), theme.px(HEAD) - 2)
        painter.setPen(theme.MUTED)
        painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, self._title)
        width = painter.fontMetrics().horizontalAdvance
        left, right = width(self._title) + theme.SPACE, float(self.width())
        drawn = [line for line in self.lines if line.key in self._curves]
        texts = [f"{line.name} {self._value(line):.2g}" for line in drawn]
        if sum(width(text) + theme.px(SWATCH) for text in texts) > right - left:
            texts = [line.name for line in drawn]  # no room for the values
        for line, text in reversed(list(zip(drawn, texts, strict=True))):
            right -= width(text)
            if right - theme.px(SWATCH) < left - theme.SPACE:
                break
            painter.setPen(theme.TEXT)
            painter.drawText(QRectF(right, 0, self.width(), theme.px(HEAD) - 2), Qt.AlignmentFlag.AlignVCenter, text)
            painter.setPen(self._pen(line, 2.5))
            painter.drawLine(QPointF(right - 14, theme.px(HEAD) / 2 - 1), QPointF(right - 4, theme.px(HEAD) / 2 - 1))
            right -= theme.px(SWATCH)

    def _paint_curve(self, painter: QPainter, line: Line, low: float, high: float) -> None:
        area, curve = self._area(), self._curves[line.key]
        points = [
            QPointF(self._x(images), area.bottom() - (self._scaled(value) - low) / (high - low) * area.height())
            for images, value in zip(curve.images, curve.values, strict=True)
        ]
        painter.setPen(self._pen(line, 1.5))
        painter.drawPolyline(QPolygonF(points))
        if len(points) == 1:
            painter.drawEllipse(points[0], 1, 1)

    def _paint_scale(self, painter: QPainter, low: float, high: float) -> None:
        area = QRectF(0, theme.px(HEAD), theme.px(GUTTER) - 4, self._area().height())
        painter.setPen(theme.MUTED)
        for value, side in ((high, Qt.AlignmentFlag.AlignTop), (low, Qt.AlignmentFlag.AlignBottom)):
            text = f"{10**value if self._logarithmic else value:.2g}"
            painter.drawText(area, side | Qt.AlignmentFlag.AlignRight, text)

    def _paint_stages(self, painter: QPainter) -> None:
        bottom = self._area().bottom()
        painter.setPen(QPen(theme.MUTED, 1))
        for images in self._stages:
            x = self._x(images)
            painter.drawLine(QPointF(x, bottom + 2), QPointF(x, bottom + 5))
        if self._shown is not None:
            x = self._x(self._shown)
            painter.setPen(QPen(theme.ACCENT, 1.5))
            painter.drawLine(QPointF(x, theme.px(HEAD)), QPointF(x, bottom + 4))
            painter.setBrush(theme.ACCENT)
            painter.drawEllipse(QPointF(x, bottom + 4), 3, 3)

    def _scaled(self, value: float) -> float:
        return math.log10(max(value, 1e-9)) if self._logarithmic else value

    @staticmethod
    def _pen(line: Line, width: float) -> QPen:
        style = Qt.PenStyle.DotLine if line.dashed else Qt.PenStyle.SolidLine
        return QPen(line.colour, width, style, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._press(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._press(event)

    def _press(self, event: QMouseEvent) -> None:
        area = self._area()
        if area.width() > 0:
            part = (event.position().x() - area.left()) / area.width()
            self.pressed.emit(min(max(part, 0.0), 1.0) * self._last)
