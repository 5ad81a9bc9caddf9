"""Samples as the content of a drag and drop."""

from __future__ import annotations

import json

from PySide6.QtCore import QMimeData

from viewer.core.plain import from_plain, to_plain
from viewer.core.state.samples import Sample

MIME = "application/x-digitforge-sample"


def pack(sample: Sample) -> QMimeData:
    """Return the MIME data of a drag that carries a sample."""
    mime = QMimeData()
    mime.setData(MIME, json.dumps(to_plain(sample)).encode())
    return mime


def unpack(mime: QMimeData) -> Sample | None:
    """Return the sample that a drag carries, or None if it carries something else."""
    if not mime.hasFormat(MIME):
        return None
    try:
        sample = from_plain(Sample, json.loads(bytes(mime.data(MIME).data())), "sample")
    except ValueError:
        return None
    assert isinstance(sample, Sample)
    return sample
