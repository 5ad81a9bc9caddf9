from __future__ import annotations

import pytest
import torch

from trainer.config import ImageFormat
from trainer.errors import ConfigError
from trainer.networks import build_discriminator, build_generator
from trainer.presets import configure

MNIST = ImageFormat(1, 28, tuple("0123456789"))


def parameters(module: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def test_quickstart_has_the_recipes_sizes() -> None:
    config = configure("quickstart", {})
    assert parameters(build_generator(config, MNIST)) == pytest.approx(0.94e6, rel=0.01)
    assert parameters(build_discriminator(config, MNIST)) == pytest.approx(0.91e6, rel=0.01)


@pytest.mark.parametrize("images", [MNIST, ImageFormat(3, 32, ("cat", "dog")), ImageFormat(3, 64, ("a",))])
def test_conv_makes_and_takes_its_images(images: ImageFormat) -> None:
    config = configure("quickstart", {"g_width": 8, "d_width": 8})
    y = torch.eye(len(images.classes))[:1].repeat(5, 1)
    generator, discriminator = build_generator(config, images), build_discriminator(config, images)
    made = generator(torch.randn(5, 64), y)
    assert made.shape == (5, images.channels, images.size, images.size)
    assert made.abs().max() <= 1
    assert discriminator(made, y).shape == (5,)


def test_dcgan_is_its_row() -> None:
    config = configure("dcgan", {})
    generator, discriminator = build_generator(config, MNIST), build_discriminator(config, MNIST)
    shapes = [tuple(p.shape) for p in generator.parameters() if p.dim() == 4]
    assert shapes == [(100, 128, 4, 4), (128, 64, 3, 3), (64, 32, 4, 4), (32, 1, 4, 4)]
    shapes = [tuple(p.shape) for p in discriminator.parameters() if p.dim() == 4]
    assert shapes == [(32, 1, 4, 4), (64, 32, 4, 4), (128, 64, 3, 3), (1, 128, 4, 4)]
    assert not any(name.endswith("bias") for name, p in generator.named_parameters() if p.dim() == 4)
    made = generator(torch.rand(5, 100) * 2 - 1)
    assert made.shape == (5, 1, 28, 28)
    assert discriminator(made).shape == (5,)


def test_class_mixtures_are_as_long_as_classes_and_none_is_finite() -> None:
    generator = build_generator(configure("quickstart", {}), MNIST)
    weights = torch.stack([torch.eye(10)[3], torch.full((10,), 0.1), torch.zeros(10)])
    embedded = generator.embedding(weights)  # type: ignore[operator]
    torch.testing.assert_close(embedded[:2].square().mean(dim=1), torch.ones(2), rtol=1e-3, atol=1e-3)
    assert torch.isfinite(generator(torch.randn(3, 64), weights)).all()


@pytest.mark.parametrize("family", ["conv", "dcgan"])
def test_a_class_changes_the_score_only_where_it_is_asked_for(family: str) -> None:
    config = configure("quickstart" if family == "conv" else "dcgan", {})
    discriminator = build_discriminator(config, MNIST).eval()
    images, y = torch.randn(2, 1, 28, 28), torch.eye(10)[:2]
    same = torch.equal(discriminator(images, y), discriminator(images, y.flip(0)))
    assert same == (family == "dcgan")


@pytest.mark.parametrize(
    ("preset", "overrides", "images", "said"),
    [
        ("dcgan", {"conditional": True}, MNIST, "unconditional"),
        ("dcgan", {}, ImageFormat(3, 32, ()), "28x28"),
        ("quickstart", {}, ImageFormat(1, 28, ()), "no labels"),
        ("quickstart", {}, ImageFormat(1, 30, ("a",)), "multiple of 4"),
    ],
)
def test_impossible_networks_are_refused(
    preset: str, overrides: dict[str, object], images: ImageFormat, said: str
) -> None:
    with pytest.raises(ConfigError, match=said):
        build_generator(configure(preset, overrides), images)
