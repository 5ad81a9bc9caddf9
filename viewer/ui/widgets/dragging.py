"""Samples on their way from one part of the window to another."""

from __future__ import annotations

import json

from PySide6.QtCore import QMimeData

from viewer.core.state.samples import Sample

MIME = "application/x-digitforge-sample"


def pack(sample: Sample) -> QMimeData:
    """What hangs at the pointer while `sample` is dragged."""
    mime = QMimeData()
    mime.setData(MIME, json.dumps([sample.seed, sample.index, sample.mix]).encode())
    return mime


def unpack(mime: QMimeData) -> Sample | None:
    """The sample that is dragged, or None where it is something else."""
    if not mime.hasFormat(MIME):
        return None
    try:
        seed, index, mix = json.loads(bytes(mime.data(MIME).data()))
        return Sample(seed, index, tuple((int(number), float(weight)) for number, weight in mix))
    except (ValueError, TypeError):
        return None
