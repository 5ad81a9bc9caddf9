"""Digits are found in photographs, and read right by the bundled classifier."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from digitforge.errors import PictureError
from export.inversion.components import Box, label
from export.inversion.normalise import normalise
from export.inversion.photograph import Digit, find_digits, stroke_width, thickened
from export.inversion.pictures import read_picture
from export.runtime.predict import Classifier, open_classifier
from tests.support.digits import mnist_digits
from tests.support.photographs import FONTS, Paper, handwritten, photograph, printed


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return open_classifier(threads=1)


def read(digits: list[Digit], classifier: Classifier) -> list[int]:
    pixels = np.stack([np.round(normalise(digit.ink, 28, 28) * 255).astype(np.uint8) for digit in digits])
    return [int(one) for one in classifier.predict(pixels)[0].argmax(1)]


def png(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


PAPERS = {
    "plain paper, pen": Paper(),
    "lined paper, thin pen, turned by the camera": Paper("lined", thin=True, turn=6),
    "squared paper, pen": Paper("squared", turn=8),
    "plain paper, pencil": Paper(tool="pencil", turn=3),
    "lined paper, pencil": Paper("lined", "pencil"),
    "a dark shadow": Paper(shadow=0.6),
    "a noisy camera": Paper("lined", noise=0.05, jpeg=40),
    "chalk on a board": Paper(board=True),
}


@pytest.mark.parametrize("paper", PAPERS.values(), ids=PAPERS)
def test_handwritten_digits_are_found_and_read(paper: Paper, mnist_dir: Path, classifier: Classifier) -> None:
    pixels, labels = mnist_digits(mnist_dir, 24, seed=5)
    found = right = 0
    for seed, part in enumerate(np.split(np.arange(24), [1, 4, 9, 16])):
        content = photograph([handwritten(pixels[one], paper.thin) for one in part], seed, paper)
        digits = find_digits(read_picture(content))
        found += min(len(digits), len(part))
        if len(digits) == len(part):
            right += sum(a == b for a, b in zip(read(digits, classifier), labels[part], strict=True))
    assert found >= 23
    assert right >= 20


@pytest.mark.skipif(not FONTS, reason="needs fonts of Debian")
@pytest.mark.parametrize("ruling", ["plain", "lined", "squared"])
def test_printed_digits_are_found_and_read(ruling: str, classifier: Classifier) -> None:
    for seed, font in enumerate(FONTS[:: max(len(FONTS) // 3, 1)]):
        content = photograph([printed(character, font) for character in "4071385926"], seed, Paper(ruling))
        assert read(find_digits(read_picture(content)), classifier) == [4, 0, 7, 1, 3, 8, 5, 9, 2, 6], font.name


def test_the_places_are_in_reading_order(mnist_dir: Path) -> None:
    pixels, _ = mnist_digits(mnist_dir, 7)
    digits = find_digits(read_picture(photograph([handwritten(one) for one in pixels], 1, Paper(perspective=0.02))))
    assert len(digits) == 7
    middles = [((box[0] + box[2]) / 2, (box[1] + box[3]) / 2) for box in (digit.box for digit in digits)]
    assert [x for x, _ in middles[:5]] == sorted(x for x, _ in middles[:5])
    assert max(y for _, y in middles[:5]) < min(y for _, y in middles[5:])


@pytest.mark.parametrize("invert", [False, True])
def test_small_pictures_of_one_digit(invert: bool, mnist_dir: Path, classifier: Classifier) -> None:
    pixels, labels = mnist_digits(mnist_dir, 40)
    right = 0
    for digit, number in zip(pixels, labels, strict=True):
        found = find_digits(read_picture(png(255 - digit if invert else digit)))
        right += len(found) == 1 and read(found, classifier) == [number]
    assert right >= 38


def test_strokes_above_each_other_are_one_digit() -> None:
    page = np.full((600, 800), 240, np.uint8)
    page[150:170, 330:450] = 20  # the bar of a five
    page[185:300, 330:350] = 20
    page[280:300, 330:450] = 20
    page[280:420, 440:460] = 20
    page[400:420, 330:450] = 20
    assert len(find_digits(read_picture(png(page)))) == 1


def test_transparent_pictures(mnist_dir: Path, classifier: Classifier) -> None:
    pixels, labels = mnist_digits(mnist_dir, 1)
    alpha = Image.fromarray(pixels[0]).resize((280, 280), Image.Resampling.BICUBIC)
    for ink in (0, 255):
        file = io.BytesIO()
        Image.merge("LA", (Image.new("L", alpha.size, ink), alpha)).save(file, "PNG")
        assert read(find_digits(read_picture(file.getvalue())), classifier) == [labels[0]]


@pytest.mark.parametrize("kind", ["white", "noise"])
def test_a_picture_without_a_digit(kind: str) -> None:
    page = np.full((300, 400), 255, np.uint8)
    if kind == "noise":
        page = np.random.default_rng(0).integers(0, 255, (300, 400)).astype(np.uint8)
    with pytest.raises(PictureError, match=r"No digit was found in cat\.png: write it larger"):
        find_digits(read_picture(png(page)), "cat.png")


@pytest.mark.timeout(20)
def test_a_large_texture_is_given_up_soon() -> None:
    page = np.random.default_rng(0).integers(0, 255, (1600, 1600)).astype(np.uint8)
    with pytest.raises(PictureError, match="No digit was found"):
        find_digits(read_picture(png(page)))


def test_too_many_marks() -> None:
    page = np.full((900, 900), 255, np.uint8)
    for row in range(20, 880, 60):
        for column in range(20, 880, 60):
            page[row : row + 36, column : column + 8] = 0
    with pytest.raises(PictureError, match="more than 64 marks"):
        find_digits(read_picture(png(page)))


def test_thin_strokes_become_wider_and_wide_ones_stay() -> None:
    thin = np.zeros((160, 160), np.float32)
    thin[10:150, 78:82] = 1
    assert stroke_width(thin) < 6
    assert 12 < stroke_width(thickened(thin)) < 24
    wide = np.zeros((160, 160), np.float32)
    wide[10:150, 60:90] = 1
    assert np.array_equal(thickened(wide), wide)


def test_the_parts_of_a_mask() -> None:
    mask = np.array([[1, 0, 1, 0], [0, 1, 0, 0], [0, 0, 0, 0], [1, 1, 0, 1]], bool)
    labels, boxes, areas = label(mask)
    assert len(boxes) == 3
    assert sorted(areas) == [1, 2, 3]
    assert Box(0, 0, 2, 3) in boxes
    assert np.array_equal(labels > 0, mask)
    assert labels[0, 0] == labels[1, 1] == labels[0, 2]
    assert label(np.zeros((3, 3), bool))[1] == []


def test_the_parts_of_a_spiral_and_of_noise() -> None:
    """Every part has its own number, as flooding finds them."""
    rng = np.random.default_rng(1)
    mask = rng.random((60, 70)) < 0.35
    labels, _, areas = label(mask)
    seen = np.zeros(mask.shape, bool)
    count = 0
    for start in zip(*np.nonzero(mask), strict=True):
        if seen[start]:
            continue
        count += 1
        stack, size = [start], 0
        seen[start] = True
        while stack:
            row, column = stack.pop()
            size += 1
            assert labels[row, column] == labels[start]
            for y in range(max(row - 1, 0), min(row + 2, 60)):
                for x in range(max(column - 1, 0), min(column + 2, 70)):
                    if mask[y, x] and not seen[y, x]:
                        seen[y, x] = True
                        stack.append((y, x))
        assert areas[labels[start] - 1] == size
    assert len(areas) == count
