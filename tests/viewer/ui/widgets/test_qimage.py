"""Arrays as Qt images."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication

from viewer.core.picture.look import PLAIN
from viewer.ui.widgets.qimage import image_of, thumbnail


def test_every_pixel_is_where_it_was() -> None:
    picture = np.uint32(0xFF000000) | np.arange(15, dtype=np.uint32).reshape(3, 5)  # an odd width: lines of 20 bytes
    image = image_of(picture)
    assert (image.width(), image.height()) == (5, 3)
    assert [[image.pixel(x, y) for x in range(5)] for y in range(3)] == picture.tolist()


@pytest.mark.usefixtures("qapp")
def test_a_thumbnail_keeps_the_proportions() -> None:
    assert QApplication.instance() is not None
    pixmap = thumbnail(np.full((10, 20), 255, np.uint8), 40, PLAIN, ratio=2.0)
    assert (pixmap.width(), pixmap.height(), pixmap.devicePixelRatio()) == (80, 40, 2.0)
    assert pixmap.toImage().pixel(40, 20) == 0xFFFFFFFF
