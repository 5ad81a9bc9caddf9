"""Paints the frames, the padlocks and the caption over the cells of the canvas."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen

from viewer.core.picture.caption import SEPARATOR
from viewer.ui import theme

CAPTION_HEIGHT = 20
"""Height of the line about a cell in pixels."""
CAPTION_PADDING = 12
"""Pixels at both ends of the line."""
LEAST_FOR_PADLOCK = 30.0
"""Least size in pixels of a cell with a padlock. Smaller cells are locked by key, and show a corner instead."""


def padlock_box(cell: QRectF) -> QRectF | None:
    """Return where a cell's padlock is, or None if the cell is too small for one."""
    side = min(cell.width(), cell.height())
    if side < LEAST_FOR_PADLOCK:
        return None
    size = min(max(side / 4, 14.0), 26.0)
    inset = size / 5
    return QRectF(cell.right() - size - inset, cell.top() + inset, size, size)


def paint_frame(painter: QPainter, cell: QRectF, colour: QColor, width: float = 2.0) -> None:
    """Paint a line around a cell, just outside it."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(colour, width))
    painter.drawRoundedRect(cell.adjusted(-width / 2, -width / 2, width / 2, width / 2), width, width)


def paint_focus_ring(painter: QPainter, area: QRect) -> None:
    """Paint a line around a whole widget that has the focus, just inside it."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(theme.ACCENT, 2))
    painter.drawRoundedRect(QRectF(area).adjusted(2, 2, -2, -2), 6, 6)


def paint_padlock(painter: QPainter, cell: QRectF, *, locked: bool) -> None:
    """Paint a padlock: closed in the accent colour, or open and grey. Small cells get a corner instead, if locked."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    box = padlock_box(cell)
    if box is None:
        if locked:
            side = min(cell.width(), cell.height()) / 3
            corner = cell.topRight()
            painter.setBrush(theme.ACCENT)
            painter.drawPolygon([corner, corner - QPointF(side, 0), corner + QPointF(0, side)])
        return
    painter.setBrush(theme.ACCENT if locked else theme.RAISED)
    painter.drawRoundedRect(box, box.width() / 4, box.width() / 4)
    ink = theme.ON_ACCENT if locked else theme.TEXT
    unit = box.width() / 24
    painter.save()
    painter.translate(box.topLeft())
    painter.scale(unit, unit)
    painter.setBrush(ink)
    painter.drawRoundedRect(QRectF(6.5, 11, 11, 8), 1.5, 1.5)
    shackle = QPainterPath(QPointF(8.7, 11))
    shackle.lineTo(8.7, 8.5)
    shackle.arcTo(QRectF(8.7, 5.2, 6.6, 6.6), 180, -180)
    if locked:
        shackle.lineTo(15.3, 11)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(ink, 2))
    painter.drawPath(shackle)
    painter.restore()


def paint_caption(painter: QPainter, box: QRect, text: str) -> None:
    """Paint the line about a cell in the middle of `box`, without its first parts where they do not fit."""
    font = painter.font()
    font.setPixelSize(theme.px(12))
    painter.setFont(font)
    room = box.width() - 2 * CAPTION_PADDING
    text = painter.fontMetrics().elidedText(_fitting(text, painter, room), Qt.TextElideMode.ElideRight, room)
    width = painter.fontMetrics().horizontalAdvance(text) + 2 * CAPTION_PADDING
    pill = QRectF(0, 0, width, box.height())
    pill.moveCenter(QRectF(box).center())
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.RAISED)
    painter.drawRoundedRect(pill, pill.height() / 2, pill.height() / 2)
    painter.setPen(theme.TEXT)
    painter.drawText(pill, Qt.AlignmentFlag.AlignCenter, text)


def _fitting(text: str, painter: QPainter, room: int) -> str:
    while painter.fontMetrics().horizontalAdvance(text) > room and SEPARATOR in text:
        text = text.split(SEPARATOR, 1)[1]
    return text
