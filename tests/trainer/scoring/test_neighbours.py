from __future__ import annotations

import pytest
import torch
from torch import Tensor

from trainer.scoring import neighbours
from trainer.scoring.neighbours import Overlap, expected_coverage, nearest, overlap, squared_radii


def normal(count: int, features: int, seed: int) -> Tensor:
    return torch.randn(count, features, generator=torch.Generator().manual_seed(seed), dtype=torch.double)


def by_hand(real: Tensor, generated: Tensor, k: int) -> Overlap:
    """The definitions, point by point."""

    def distance(x: Tensor, y: Tensor) -> float:
        return float((x - y).norm())

    def radii(points: Tensor) -> list[float]:
        return [sorted(distance(x, y) for j, y in enumerate(points) if j != i)[k - 1] for i, x in enumerate(points)]

    real_radii, generated_radii = radii(real), radii(generated)
    in_balls = [sum(distance(g, r) <= radius for r, radius in zip(real, real_radii, strict=True)) for g in generated]
    recalled = [any(distance(r, g) <= d for g, d in zip(generated, generated_radii, strict=True)) for r in real]
    covered = [any(distance(r, g) <= radius for g in generated) for r, radius in zip(real, real_radii, strict=True)]
    return Overlap(
        precision=sum(n > 0 for n in in_balls) / len(generated),
        recall=sum(recalled) / len(real),
        density=sum(in_balls) / k / len(generated),
        coverage=sum(covered) / len(real),
    )


@pytest.mark.parametrize("k", [1, 3, 5])
@pytest.mark.parametrize("block", [7, 1000])
def test_points_of_a_plane_by_brute_force(k: int, block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbours, "BLOCK", block)
    real, generated = normal(40, 2, 0), normal(30, 2, 1) * 0.7 + 0.5
    found, expected = overlap(real, generated, k), by_hand(real, generated, k)
    assert vars(found) == pytest.approx(vars(expected))
    assert 0 < found.coverage < 1


def test_a_copy_of_the_set_has_everything() -> None:
    real = normal(200, 3, 0)
    # Each of the balls holds its centre and k others.
    assert vars(overlap(real, real.clone())) == pytest.approx(
        {"precision": 1, "recall": 1, "density": 6 / 5, "coverage": 1}
    )


def test_far_sets_have_nothing() -> None:
    real = normal(50, 3, 0)
    assert overlap(real, real + 100) == Overlap(precision=0, recall=0, density=0, coverage=0)


def test_the_middle_of_a_set_is_dense_and_recalls_nothing() -> None:
    found = overlap(normal(1000, 20, 0), normal(1000, 20, 1) * 0.3)
    assert found.precision == 1
    assert found.density > 10
    assert found.recall == 0


def test_a_few_fixed_points_cover_nearly_nothing() -> None:
    real = normal(1000, 4, 0)
    found = overlap(real, real[:10].repeat(100, 1))
    assert found.precision == 1
    assert found.recall < 0.05
    assert found.coverage < 0.1


@pytest.mark.parametrize("k", [1, 5])
def test_one_distribution_has_the_expected_coverage_and_density_1(k: int) -> None:
    found = [overlap(normal(400, 3, 2 * i), normal(300, 3, 2 * i + 1), k) for i in range(20)]
    assert sum(one.coverage for one in found) / 20 == pytest.approx(expected_coverage(400, 300, k), abs=0.01)
    assert sum(one.density for one in found) / 20 == pytest.approx(1, abs=0.03)


def test_expected_coverage() -> None:
    assert expected_coverage(2, 1, 1) == 0.5  # the nearer of the two others is the generated one
    assert expected_coverage(10**6, 10**6, 5) == pytest.approx(1 - 2**-5, abs=1e-5)


def test_single_precision_agrees() -> None:
    real, generated = normal(500, 64, 0) + 30, normal(500, 64, 1) + 30
    assert vars(overlap(real.float(), generated.float())) == pytest.approx(vars(overlap(real, generated)), abs=0.005)


def test_radii_reach_over_duplicates() -> None:
    points = torch.tensor([[0.0], [0.0], [3.0], [7.0]])
    assert squared_radii(points, 1).tolist() == [0, 0, 9, 16]


@pytest.mark.parametrize("block", [7, 1000])
def test_the_nearest_of_bytes(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbours, "BLOCK", block)
    random = torch.Generator().manual_seed(0)
    images, others = (torch.randint(256, (count, 1, 6, 6), generator=random, dtype=torch.uint8) for count in (20, 50))
    distances, indices = nearest(images, others)
    expected = torch.cdist(images.flatten(1).double(), others.flatten(1).double()).min(dim=1)
    assert indices.tolist() == expected.indices.tolist()
    torch.testing.assert_close(distances.double(), expected.values, rtol=1e-5, atol=0)


def test_a_copy_is_at_no_distance() -> None:
    others = torch.randint(256, (300, 1, 28, 28), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    distances, indices = nearest(others[[3, 200, 299]], others)
    assert indices.tolist() == [3, 200, 299]
    assert distances.tolist() == [0, 0, 0]
