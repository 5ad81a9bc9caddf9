"""From arrays to what Qt paints."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QImage, QPainter, QPixmap

from export.runtime.arrays import UInt8
from viewer.core.picture.compose import compose
from viewer.core.picture.look import Rgb32


def image_of(picture: Rgb32) -> QImage:
    """Wrap a composed picture, uint32 [height, width], without a copy: keep the array as long as the image."""
    height, width = picture.shape
    stride = picture.strides[0]  # without it Qt assumes lines of its own length
    return QImage(picture.data.cast("B"), width, height, stride, QImage.Format.Format_ARGB32_Premultiplied)


def thumbnail(pixels: UInt8, side: int, ratio: float = 1.0) -> QPixmap:
    """One picture, uint8 [h, w] or [h, w, 3], scaled to `side` logical pixels on a screen of that pixel ratio."""
    picture = compose(pixels[None])
    image = image_of(picture)
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
