"""One cell of a frame, as a frame of its own."""

from __future__ import annotations

from dataclasses import replace

from viewer.core.picture.compose import compose
from viewer.core.scene.requests import Frame


def cell_of(frame: Frame, cell: int) -> Frame:
    """A frame that shows this cell alone, in the same look."""
    one, scene = slice(cell, cell + 1), frame.scene
    weights = None if scene.y is None else scene.y[one]
    alone = replace(scene, z=scene.z[one], y=weights, columns=1, samples=scene.samples[one])
    pixels = frame.pixels[one]
    return replace(frame, picture=compose(pixels, 1, frame.look), pixels=pixels, scene=alone)
