"""Arrays as Qt images."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QBuffer, QIODevice, QRectF, Qt
from PySide6.QtGui import QImage, QPainter, QPixmap

from export.runtime.arrays import UInt8
from viewer.core.picture.compose import compose
from viewer.core.picture.look import Look, Rgb32


def image_of(picture: Rgb32) -> QImage:
    """Wrap a composed picture, uint32 [height, width], without copying it. The array must outlive the image."""
    height, width = picture.shape
    stride = picture.strides[0]  # without it Qt assumes lines of its own length
    return QImage(picture.data.cast("B"), width, height, stride, QImage.Format.Format_ARGB32_Premultiplied)


def thumbnail(pixels: UInt8, side: int, look: Look, ratio: float = 1.0) -> QPixmap:
    """Scale one picture, uint8 [h, w] or [h, w, 3], to `side` logical pixels, in the colours of a look.

    ratio: device pixels in a logical one.
    """
    picture = compose(pixels[None], look=replace(look, beside=False))
    image = image_of(picture)
    size = round(side * ratio)
    # `scaled` copies the pixels, so the array may go.
    pixmap = QPixmap.fromImage(
        image.scaled(size, size, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation)
    )
    pixmap.setDevicePixelRatio(ratio)
    return pixmap


def png_of(image: QImage) -> bytes:
    """Return an image as the content of a PNG file."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    QPixmap.fromImage(image).save(buffer, "PNG")
    return bytes(buffer.data().data())


def paint_within(painter: QPainter, pixmap: QPixmap, box: QRectF) -> None:
    """Paint a thumbnail in the middle of a box, as large as fits."""
    size = pixmap.deviceIndependentSize().scaled(box.size(), Qt.AspectRatioMode.KeepAspectRatio)
    shown = QRectF(box.topLeft(), size)
    shown.moveCenter(box.center())
    painter.drawPixmap(shown, pixmap, QRectF(pixmap.rect()))
