"""Icons drawn as vectors: sharp at every scale, and in the colours of the present theme."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QIconEngine, QPainter, QPainterPath, QPen, QPixmap, QPolygonF

from viewer.ui import theme

_SIDE = 24.0
"""Side of the square that the drawings below fill."""


def _polygon(painter: QPainter, *points: tuple[float, float]) -> None:
    painter.drawPolygon(QPolygonF([QPointF(x, y) for x, y in points]))


def _line(painter: QPainter, *points: tuple[float, float]) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPolyline(QPolygonF([QPointF(x, y) for x, y in points]))


def _play(painter: QPainter) -> None:
    _polygon(painter, (8, 5.5), (18.5, 12), (8, 18.5))


def _pause(painter: QPainter) -> None:
    painter.drawRoundedRect(QRectF(7, 6, 3, 12), 1, 1)
    painter.drawRoundedRect(QRectF(14, 6, 3, 12), 1, 1)


def _previous(painter: QPainter) -> None:
    _line(painter, (14.5, 6.5), (9, 12), (14.5, 17.5))


def _next(painter: QPainter) -> None:
    _line(painter, (9.5, 6.5), (15, 12), (9.5, 17.5))


def _random(painter: QPainter) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(QRectF(4.5, 4.5, 15, 15), 3.5, 3.5)
    painter.setBrush(painter.pen().color())
    painter.setPen(Qt.PenStyle.NoPen)
    for x, y in ((8.7, 8.7), (15.3, 8.7), (12, 12), (8.7, 15.3), (15.3, 15.3)):
        painter.drawEllipse(QPointF(x, y), 1.35, 1.35)


def _open(painter: QPainter) -> None:
    _line(painter, (4, 18.5), (4, 6), (9.5, 6), (11.5, 8.5), (20, 8.5), (20, 18.5), (4, 18.5))


def _save(painter: QPainter) -> None:
    _line(painter, (12, 4.5), (12, 14.5))
    _line(painter, (7.5, 10.5), (12, 15), (16.5, 10.5))
    _line(painter, (5, 19), (19, 19))


def _copy(painter: QPainter) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(QRectF(4.5, 4.5, 11, 11), 2, 2)
    _line(painter, (8.5, 19.5), (17.5, 19.5), (19.5, 17.5), (19.5, 8.5))


def _close(painter: QPainter) -> None:
    _line(painter, (7.5, 7.5), (16.5, 16.5))
    _line(painter, (16.5, 7.5), (7.5, 16.5))


def _swap(painter: QPainter) -> None:
    _line(painter, (5, 9), (19, 9), (15.5, 5.5))
    _line(painter, (19, 15), (5, 15), (8.5, 18.5))


def _grid(painter: QPainter) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for x, y in ((4.5, 4.5), (13.5, 4.5), (4.5, 13.5), (13.5, 13.5)):
        painter.drawRoundedRect(QRectF(x, y, 6, 6), 1.2, 1.2)


def _path(painter: QPainter) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawEllipse(QPointF(5.5, 17), 2.2, 2.2)
    painter.drawEllipse(QPointF(18.5, 7), 2.2, 2.2)
    route = QPainterPath(QPointF(7.7, 17))
    route.cubicTo(QPointF(14, 17), QPointF(10, 7), QPointF(16.3, 7))
    painter.drawPath(route)


def _pad(painter: QPainter) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(QRectF(4.5, 4.5, 15, 15), 2, 2)
    painter.setBrush(painter.pen().color())
    painter.drawEllipse(QPointF(14.5, 10), 1.8, 1.8)


def _number(painter: QPainter) -> None:
    _line(painter, (5, 19), (19, 19))
    _line(painter, (7, 15), (8, 11), (15.5, 3.8), (18.2, 6.5), (11, 14), (7, 15))


def _training(painter: QPainter) -> None:
    _line(painter, (12, 5.5), (21, 9.8), (12, 14), (3, 9.8), (12, 5.5))
    hood = QPainterPath(QPointF(7, 12.2))
    hood.lineTo(QPointF(7, 16.2))
    hood.cubicTo(QPointF(9.5, 19), QPointF(14.5, 19), QPointF(17, 16.2))
    hood.lineTo(QPointF(17, 12.2))
    painter.drawPath(hood)


def _draw(painter: QPainter) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(QRectF(4.5, 4.5, 15, 15), 2, 2)
    route = QPainterPath(QPointF(8, 14.5))
    route.cubicTo(QPointF(9.5, 6), QPointF(12.5, 8), QPointF(11.5, 12))
    route.cubicTo(QPointF(10.5, 17), QPointF(14.5, 17), QPointF(16, 10))
    painter.drawPath(route)


def _near(painter: QPainter) -> None:
    painter.drawRoundedRect(QRectF(8.75, 8.75, 6.5, 6.5), 1.5, 1.5)
    painter.setPen(Qt.PenStyle.NoPen)
    for x, y in ((4.5, 4.5), (12, 4), (19.5, 4.5), (4, 12), (20, 12), (4.5, 19.5), (12, 20), (19.5, 19.5)):
        painter.drawEllipse(QPointF(x, y), 1.6, 1.6)


def _clay(painter: QPainter) -> None:
    _line(painter, (19.5, 4.5), (11.5, 12.5))
    bristles = QPainterPath(QPointF(11, 12))
    bristles.cubicTo(QPointF(7, 11.5), QPointF(7.5, 16), QPointF(4.5, 18.5))
    bristles.cubicTo(QPointF(8, 20), QPointF(13, 18.5), QPointF(12.5, 13.5))
    bristles.closeSubpath()
    painter.setBrush(painter.pen().color())
    painter.drawPath(bristles)


def _map(painter: QPainter) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    for x, y, radius in (
        (6.5, 7, 2.2),
        (11, 5.5, 1.6),
        (9.5, 10, 1.8),
        (17.5, 9, 1.9),
        (15, 17, 2.4),
        (19, 15, 1.5),
        (7, 18, 1.6),
    ):
        painter.drawEllipse(QPointF(x, y), radius, radius)


def _undo(painter: QPainter) -> None:
    _line(painter, (8.5, 5), (4.5, 9), (8.5, 13))
    arc = QPainterPath(QPointF(4.8, 9))
    arc.cubicTo(QPointF(12, 9), QPointF(19, 8), QPointF(19, 14))
    arc.cubicTo(QPointF(19, 18), QPointF(15, 18.5), QPointF(11, 18.5))
    painter.drawPath(arc)


def _redo(painter: QPainter) -> None:
    painter.translate(_SIDE, 0)
    painter.scale(-1, 1)
    _undo(painter)


def _add(painter: QPainter) -> None:
    _line(painter, (12, 5.5), (12, 18.5))
    _line(painter, (5.5, 12), (18.5, 12))


def _remove(painter: QPainter) -> None:
    _line(painter, (5.5, 12), (18.5, 12))


def _clear(painter: QPainter) -> None:
    _line(painter, (4.5, 7), (19.5, 7))
    _line(painter, (9.5, 7), (9.5, 4.5), (14.5, 4.5), (14.5, 7))
    _line(painter, (6.5, 7), (7.5, 19.5), (16.5, 19.5), (17.5, 7))


def _keep(painter: QPainter) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    right = ((12, 4.2), (14.4, 9.2), (19.9, 9.9), (15.9, 13.7), (16.9, 19.1))
    left = ((12, 16.5), (7.1, 19.1), (8.1, 13.7), (4.1, 9.9), (9.6, 9.2))
    _polygon(painter, *right, *left)


def _menu(painter: QPainter) -> None:
    for y in (6.5, 12, 17.5):
        _line(painter, (5, y), (19, y))


def _rename(painter: QPainter) -> None:
    _line(painter, (5.5, 18.5), (6.5, 14.5), (15.5, 5), (19, 8.5), (9.5, 17.5), (5.5, 18.5))


def _expand(painter: QPainter) -> None:
    _line(painter, (6.5, 9.5), (12, 15), (17.5, 9.5))


def _collapse(painter: QPainter) -> None:
    _line(painter, (6.5, 14.5), (12, 9), (17.5, 14.5))


def _lock(painter: QPainter) -> None:
    painter.drawRoundedRect(QRectF(6, 11, 12, 8.5), 1.5, 1.5)
    _line(painter, (8.5, 11), (8.5, 8.5))
    painter.drawArc(QRectF(8.5, 5, 7, 7), 0, 180 * 16)
    _line(painter, (15.5, 8.5), (15.5, 11))


def _unlock(painter: QPainter) -> None:
    painter.drawRoundedRect(QRectF(6, 11, 12, 8.5), 1.5, 1.5)
    _line(painter, (8.5, 11), (8.5, 7.5))
    painter.drawArc(QRectF(8.5, 4, 7, 7), 0, 180 * 16)


def _history(painter: QPainter) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawEllipse(QPointF(12, 12), 7.5, 7.5)
    _line(painter, (12, 8), (12, 12.3), (15, 14))


_DRAWINGS: dict[str, Callable[[QPainter], None]] = {
    "play": _play,
    "pause": _pause,
    "previous": _previous,
    "next": _next,
    "random": _random,
    "open": _open,
    "save": _save,
    "copy": _copy,
    "close": _close,
    "swap": _swap,
    "grid": _grid,
    "path": _path,
    "pad": _pad,
    "number": _number,
    "training": _training,
    "draw": _draw,
    "near": _near,
    "clay": _clay,
    "map": _map,
    "undo": _undo,
    "redo": _redo,
    "add": _add,
    "remove": _remove,
    "clear": _clear,
    "lock": _lock,
    "unlock": _unlock,
    "history": _history,
    "keep": _keep,
    "menu": _menu,
    "rename": _rename,
    "expand": _expand,
    "collapse": _collapse,
}


class _Engine(QIconEngine):
    """Paints an icon whenever Qt needs its pixels."""

    def __init__(self, name: str, colour: QColor, checked: QColor | None) -> None:
        super().__init__()
        self._draw = _DRAWINGS[name]
        self._name, self._colour, self._checked = name, colour, checked

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        on = state == QIcon.State.On and self._checked is not None
        colour = theme.FAINT if mode == QIcon.Mode.Disabled else self._checked if on else self._colour
        assert colour is not None
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.translate(rect.topLeft())
        painter.scale(rect.width() / _SIDE, rect.height() / _SIDE)
        painter.setPen(QPen(colour, 1.9, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
        painter.setBrush(colour)
        self._draw(painter)
        painter.restore()

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        pixmap = QPixmap(size)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        self.paint(painter, QRect(QPoint(0, 0), size), mode, state)
        painter.end()
        return pixmap

    def clone(self) -> QIconEngine:
        copy = _Engine(self._name, self._colour, self._checked)
        _CLONES.append(copy)
        return copy


_CLONES: list[_Engine] = []
"""Keeps the clones alive: Qt owns them, but PySide6 would delete them first."""


def icon(name: str, colour: QColor = theme.TEXT, checked: QColor | None = None) -> QIcon:
    """Return an icon by name; raises KeyError. checked: its colour while the button is checked.

    Pass the theme's own colour objects: they change with the theme, and the icon reads them whenever it is painted.
    """
    return QIcon(_Engine(name, colour, checked))
