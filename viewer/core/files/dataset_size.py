"""Estimate the size of a data set from a few of its images."""

from __future__ import annotations

import io
import zlib

from PIL import Image

from export.datasets.dataset import parts_of
from export.datasets.formats import FORMATS
from export.datasets.sampling import SampleRequest, sample_images
from export.runtime.generator import Generator

SAMPLE = 256
"""Images that an estimate generates: one block of a data set."""


def bytes_per_image(generator: Generator, request: SampleRequest) -> dict[str, float]:
    """Return about how many bytes an image and its label take in each format, from the first SAMPLE images.

    Headers, the card and the file system's blocks are not counted.
    """
    ((pixels, labels),) = sample_images(generator, request, 0, SAMPLE)
    pngs = 0
    for image in pixels:
        file = io.BytesIO()
        Image.fromarray(image).save(file, "PNG")
        pngs += len(file.getvalue())
    packed = len(zlib.compress(pixels.tobytes())) + len(zlib.compress(labels.astype("<i8").tobytes()))
    plain = pixels.nbytes + labels.astype("u1").nbytes
    return {name: total / SAMPLE for name, total in (("npz", packed), ("idx", plain), ("png", pngs))}


def images_of(request: SampleRequest, form: str) -> int:
    """Return the number of images that a request has in a format, with those of a test set."""
    return sum(part.count for part in parts_of(request, FORMATS[form]))
