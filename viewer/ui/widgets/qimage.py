"""From arrays to what Qt paints."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QImage, QPainter, QPixmap

from export.runtime.arrays import UInt8
from viewer.core.picture.compose import compose


def thumbnail(pixels: UInt8, side: int, ratio: float = 1.0) -> QPixmap:
    """One picture, uint8 [h, w] or [h, w, 3], scaled to `side` logical pixels on a screen of that pixel ratio."""
    packed = compose(pixels[None])
    height, width = packed.shape
    image = QImage(packed.data.cast("B"), width, height, packed.strides[0], QImage.Format.Format_RGB32)
    size = round(side * ratio)
    # `scaled` makes a copy, so that nothing refers to the array any more.
    pixmap = QPixmap.fromImage(
        image.scaled(size, size, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation)
    )
    pixmap.setDevicePixelRatio(ratio)
    return pixmap


def paint_within(painter: QPainter, pixmap: QPixmap, box: QRectF) -> None:
    """Paint a thumbnail in the middle of a box, as large as it fits."""
    size = pixmap.deviceIndependentSize().scaled(box.size(), Qt.AspectRatioMode.KeepAspectRatio)
    shown = QRectF(box.topLeft(), size)
    shown.moveCenter(box.center())
    painter.drawPixmap(shown, pixmap, QRectF(pixmap.rect()))
