"""Samples in a drag and drop."""

from __future__ import annotations

from PySide6.QtCore import QMimeData

from viewer.core.state.samples import Sample
from viewer.ui.widgets.dragging import MIME, pack, unpack


def test_a_sample_survives() -> None:
    sample = Sample(2**62 + 1, 7, ((3, 0.25), (9, 0.75)))
    assert unpack(pack(sample)) == sample


def test_anything_else_is_no_sample() -> None:
    text, damaged = QMimeData(), QMimeData()
    text.setText("7")
    damaged.setData(MIME, b'[1, "two"]')
    assert unpack(text) is None
    assert unpack(damaged) is None
