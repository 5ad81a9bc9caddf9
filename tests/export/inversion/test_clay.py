from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from digitforge.errors import ExportError
from export.contract import GeneratorInfo
from export.inversion.clay import Clay, paint
from export.runtime.arrays import Float32
from export.runtime.generator import Generator, open_generator
from export.runtime.latents import latents, one_hot
from proofs.tiny_generator import write_model


def bar(height: int, width: int) -> Float32:
    """Return the cover of a bar across the middle."""
    cover = np.zeros((height, width), np.float32)
    cover[height // 2 - 1 : height // 2 + 1, width // 4 : -width // 4] = 1
    return cover


def shape(
    generator: Generator, strength: float, light: float, label: int = 1, steps: int = 6
) -> tuple[Float32, Float32, Float32]:
    """Paint a bar on a picture; return the picture before and after, and the cover."""
    info = generator.info
    z = latents(info, 5, label, 1)
    y = one_hot([label], len(info.classes)) if info.conditional else None
    image, cover = generator.generate(z, y)[0], bar(info.height, info.width)
    clay = Clay(info, image, z[0], None if y is None else y[0])
    clay.paint(cover, np.full_like(cover, light), strength)
    for _ in range(steps):
        answer = clay.step(generator.generate)
    again = generator.generate(answer.latent[None], None if answer.weights is None else answer.weights[None])[0]
    np.testing.assert_allclose(answer.image, again, atol=1e-4)
    return image, answer.image, cover


def test_paint_covers_the_picture_and_counts_more_than_the_rest() -> None:
    image, cover = np.full((3, 2, 2), 0.5, np.float32), np.array([[1, 0], [0.5, 0]], np.float32)
    target, mask = paint(image, cover, np.array([[0, 1], [1, 1]], np.float32), 0.5)
    np.testing.assert_allclose(target[:, 0, 0], -1)
    np.testing.assert_allclose(target[:, :, 1], 0.5)
    np.testing.assert_allclose(target[:, 1, 0], 0.75)
    assert mask[0, 0] == 1 > mask[1, 0] > mask[0, 1] == mask[1, 1] > 0
    assert paint(image, cover, cover, 1.0)[1][0, 1] < mask[0, 1] < paint(image, cover, cover, 0.0)[1][0, 1]


def test_the_painted_part_changes_the_rest_stays_and_strength_decides_how_much(bundled: Generator) -> None:
    """A bar on four digits, and the mean over them."""
    measured = []
    for strength in (0.0, 0.5, 1.0):
        changes = []
        for label in (0, 1, 5, 7):
            before, after, cover = shape(bundled, strength, light=1.0, label=label)
            change = (after - before)[0]
            changes.append((change[cover > 0].mean(), np.abs(change[cover == 0]).mean()))
        measured.append(np.mean(changes, axis=0))
    painted, rest = np.transpose(measured)
    assert (np.diff(painted) > 0).all()
    assert (np.diff(rest) > 0).all()
    assert painted[1] > 4 * rest[1]


@pytest.mark.parametrize("info", [
    GeneratorInfo(24, "normal", ("a", "b"), 3, 12, 16),
    GeneratorInfo(24, "uniform", (), 1, 12, 12),
], ids=["colour, not square", "uniform, without classes"])  # fmt: skip
@pytest.mark.parametrize("light", [0.0, 1.0], ids=["dark", "light"])
def test_every_kind_of_generator_gives_way(info: GeneratorInfo, light: float, tmp_path: Path) -> None:
    before, after, cover = shape(open_generator(write_model(tmp_path / "g.onnx", info), "cpu"), 0.5, light)
    change = (after - before) * (2 * light - 1)
    assert change[:, cover > 0].mean() > np.abs(change[:, cover == 0]).mean() > 0


def test_uniform_latents_stay_within_their_bounds(tmp_path: Path) -> None:
    info = GeneratorInfo(6, "uniform", (), 1, 12, 12)
    generator = open_generator(write_model(tmp_path / "g.onnx", info), "cpu")
    z = latents(info, 5, 0, 1)
    clay = Clay(info, generator.generate(z, None)[0], z[0], None)
    clay.paint(bar(12, 12), bar(12, 12), 1.0)
    for _ in range(4):
        assert np.abs(clay.step(generator.generate).latent).max() <= 1


def test_latents_that_are_too_long_are_refused() -> None:
    info = GeneratorInfo(600, "normal", (), 1, 4, 4)
    with pytest.raises(ExportError, match="600 numbers"):
        Clay(info, np.zeros((1, 4, 4), np.float32), np.zeros(600, np.float32), None)
