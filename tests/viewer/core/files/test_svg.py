"""SVG files, drawn again from their paths."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np
import pytest

from viewer.core.files.svg import svg
from viewer.core.picture.compose import GAP_COLOUR
from viewer.core.picture.look import Rgb32

NAMESPACE = "{http://www.w3.org/2000/svg}"
BLACK = 0xFF000000


def drawn(content: bytes) -> tuple[Rgb32, int]:
    """The picture at scale 1, 0 where nothing is drawn, and how often a pixel is drawn over."""
    root = ElementTree.fromstring(content)  # noqa: S314 - our own
    _, _, width, height = map(int, root.attrib["viewBox"].split())
    picture, covered = np.zeros((height, width), np.uint32), np.zeros((height, width), int)
    for path in root.iter(f"{NAMESPACE}path"):
        for shape in re.findall(r"M(\d+) (\d+)h(\d+)v(\d+)H\1z", path.attrib["d"]):
            x, y, right, down = map(int, shape)
            picture[y : y + down, x : x + right] = 0xFF000000 | int(path.attrib["fill"][1:], 16)
            covered[y : y + down, x : x + right] += 1
    return picture, int((covered - 1).clip(min=0).sum())


@pytest.mark.parametrize("levels", [1, 2, 5, 200])
def test_the_paths_draw_the_picture(rng: np.random.Generator, levels: int) -> None:
    picture = (BLACK | rng.integers(0, levels, (9, 13)) * 0x010101).astype(np.uint32)
    picture[:, 5] = 0
    content = svg(picture, 7, "{}")
    root = ElementTree.fromstring(content)  # noqa: S314 - our own
    assert (root.attrib["width"], root.attrib["height"]) == ("91", "63")
    np.testing.assert_array_equal(drawn(content)[0], np.where(picture == 0, GAP_COLOUR, picture))


def test_clear_pixels_are_left_out_and_none_is_drawn_twice(rng: np.random.Generator) -> None:
    picture = (BLACK | rng.integers(0, 3, (9, 13))).astype(np.uint32)
    picture[2] = 0
    found, twice = drawn(svg(picture, 1, "{}", BLACK))
    np.testing.assert_array_equal(found, np.where(picture == BLACK, 0, picture))
    assert twice == 0


def test_equal_pixels_are_one_shape() -> None:
    picture = np.full((20, 30), BLACK, np.uint32)
    picture[4:12, 5:9] = 0xFFFFFFFF
    assert svg(picture, 1, "{}").count(b"M") == 2


def test_a_recipe_may_hold_anything() -> None:
    root = ElementTree.fromstring(svg(np.full((1, 1), BLACK, np.uint32), 1, '{"a":"<&>\'"}'))  # noqa: S314 - our own
    assert "".join(root.itertext()).strip() == '{"a":"<&>\'"}'
