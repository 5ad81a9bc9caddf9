from __future__ import annotations

from pathlib import Path

import pytest
import torch

from trainer.data import datasets
from trainer.scoring.pixels import entropy, histogram, smooth, total_variation, wasserstein


def plain(*levels: int) -> torch.Tensor:
    """An image of one grey level for each."""
    return torch.tensor(levels, dtype=torch.uint8)[:, None, None, None].expand(-1, 1, 4, 4)


def test_the_bins_of_a_histogram() -> None:
    ramp = torch.arange(256, dtype=torch.uint8)[None]
    assert histogram(ramp, 256).tolist() == [1 / 256] * 256
    assert histogram(ramp, 2).tolist() == [0.5, 0.5]
    assert sorted({round(256 * share) for share in histogram(ramp).tolist()}) == [5, 6]
    assert histogram(plain(0, 0, 0, 255)).tolist() == [0.75] + [0] * 48 + [0.25]


def test_distances_of_histograms() -> None:
    black, grey, white = (histogram(plain(level), 256) for level in (0, 10, 255))
    assert total_variation(black, black) == wasserstein(black, black) == 0
    assert total_variation(black, grey) == total_variation(black, white) == 1
    assert wasserstein(black, grey) == pytest.approx(10)
    assert wasserstein(black, white) == pytest.approx(255)
    half = histogram(plain(0, 255), 256)
    assert total_variation(black, half) == 0.5
    assert wasserstein(half, black) == pytest.approx(127.5)
    coarse = [histogram(plain(level)) for level in (0, 255)]
    assert wasserstein(coarse[0], coarse[1]) == pytest.approx(49 * 256 / 50)


def test_entropies_in_bits() -> None:
    assert entropy(plain(0, 128, 255)) == 0  # of each image, not of all together
    checks = torch.tensor([0, 255], dtype=torch.uint8).repeat(8).view(1, 1, 4, 4)
    assert entropy(checks) == pytest.approx(1)
    assert entropy(torch.cat([checks, plain(7)])) == pytest.approx(0.5)
    assert entropy(torch.arange(256, dtype=torch.uint8).view(1, 16, 16)) == pytest.approx(8)


def test_entropy_of_mnist(mnist_dir: Path) -> None:
    images = torch.from_numpy(datasets.load("mnist", mnist_dir, "test").images.copy())
    assert entropy(images) == pytest.approx(1.605, abs=0.001)
    assert entropy(smooth(images[:2000], 0.9)) > 3


def test_the_filter_is_gaussian() -> None:
    point = torch.zeros(1, 1, 21, 21, dtype=torch.uint8)
    point[..., 10, 10] = 255
    profile = torch.exp(-(torch.arange(-10, 11) ** 2) / (2 * 1.5**2))
    profile /= profile.sum()
    torch.testing.assert_close(
        smooth(point, 1.5)[0, 0].double(), (255 * torch.outer(profile, profile)).double(), atol=0.51, rtol=0
    )


def test_the_filter_keeps_plain_images_up_to_their_edges() -> None:
    assert torch.equal(smooth(plain(0, 100, 255), 0.5), plain(0, 100, 255))
