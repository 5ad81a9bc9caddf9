"""Samples in a drag and drop."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QMimeData

from viewer.core.state.samples import Sample, held_sample
from viewer.ui.widgets.dragging import MIME, pack, unpack


def test_a_sample_survives() -> None:
    sample = Sample(2**62 + 1, 7, ((3, 0.25), (9, 0.75)))
    assert unpack(pack(sample)) == sample
    held = held_sample(np.array([0.1, -2.5], np.float32), np.array([0.0, 0.3], np.float32), "between seeds 3 and 4")
    assert unpack(pack(held)) == held


def test_anything_else_is_no_sample() -> None:
    text, damaged = QMimeData(), QMimeData()
    text.setText("7")
    damaged.setData(MIME, b'{"seed": "two"}')
    assert unpack(text) is None
    assert unpack(damaged) is None
