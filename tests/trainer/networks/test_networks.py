from __future__ import annotations

import copy
import math
from itertools import pairwise
from typing import Any

import pytest
import torch
from torch import nn

from digitforge.errors import ConfigError
from trainer.config import ImageFormat
from trainer.losses import zero_centred_penalty
from trainer.networks import build_discriminator, build_generator
from trainer.networks.conditioning import FullRange
from trainer.networks.dropout import Dropout
from trainer.networks.residual import Residual
from trainer.presets import PRESETS, configure

DIGITS = tuple("0123456789")
MNIST = ImageFormat(1, 28, DIGITS)


def parameters(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def test_networks_are_those_of_the_published_rows() -> None:
    def both(preset: str) -> tuple[int, int]:
        config = configure(preset, {})
        return parameters(build_generator(config, MNIST)), parameters(build_discriminator(config, MNIST))

    assert both("digits") == (942_273, 911_585)
    assert both("quickstart") == (438_689, 911_585), "half the width in the generator alone"

    def dense(*widths: int) -> int:
        return sum((before + 1) * after for before, after in pairwise(widths))

    assert both("mlp") == (dense(100, 256, 512, 1024, 784), dense(784, 1024, 512, 256, 1))
    assert both("mlp-dropout") == (dense(100, 256, 512, 1024, 784), dense(784, 1024, 512, 256, 128, 1))
    deep_g, deep_d = (100, 256, 512, 1024, 1024, 1024, 784), (784, 1024, 1024, 1024, 512, 256, 128, 1)
    assert both("mlp-dropout-deep") == (dense(*deep_g), dense(*deep_d))
    assert both("dense-bn") == (dense(100, 6272) + 2 * 128 + dense(6272, 784), dense(784, 128, 1))
    upsample_g = dense(100, 6272) + (9 * 128 + 1) * 128 + 256 + (9 * 128 + 1) * 64 + 128 + 9 * 64 + 1
    upsample_d = (9 + 1) * 32 + (9 * 32 + 1) * 64 + (9 * 64 + 1) * 128 + (9 * 128 + 1) * 256 + 2 * (64 + 128 + 256)
    assert both("conv-upsample") == (upsample_g, upsample_d + 4 * 4 * 256 + 1)
    dcgan_g = 16 * 100 * 128 + 9 * 128 * 64 + 16 * 64 * 32 + 16 * 32 + 2 * (128 + 64 + 32)
    assert both("dcgan") == (dcgan_g, 16 * 32 + 16 * 32 * 64 + 9 * 64 * 128 + 16 * 128 + 2 * (64 + 128))


def test_a_generator_with_its_full_range_makes_true_black_and_white() -> None:
    made = FullRange()(torch.tensor([-3.0, -0.5, 0.0, 3.0]))
    assert made.tolist() == [-1, pytest.approx(-1.2 * math.tanh(0.5)), 0, 1]


def slopes(module: nn.Module) -> list[float]:
    return [layer.negative_slope for layer in module.modules() if isinstance(layer, nn.LeakyReLU)]


def test_slopes_dropout_and_momentum_are_the_published_ones() -> None:
    config = configure("mlp-dropout", {})
    assert slopes(build_generator(config, MNIST)) == [0.3, 0.3, 0.2]
    discriminator = build_discriminator(config, MNIST)
    assert [layer.p for layer in discriminator.modules() if isinstance(layer, nn.Dropout)] == [0.3] * 4
    config = configure("conv-upsample", {})
    generator, discriminator = build_generator(config, MNIST), build_discriminator(config, MNIST)
    assert slopes(discriminator) == [0.2, 0.2, 0.25, 0.25]
    momenta = [
        [layer.momentum for layer in network.modules() if isinstance(layer, nn.BatchNorm2d)]
        for network in (generator, discriminator)
    ]
    assert momenta == [pytest.approx([0.22] * 2), pytest.approx([0.2] * 3)]


@pytest.mark.parametrize("classes", [(), ("a", "b", "c")], ids=["unconditional", "conditional"])
@pytest.mark.parametrize(("channels", "size"), [(1, 28), (3, 32), (1, 64)])
@pytest.mark.parametrize("preset", PRESETS)
def test_every_family_makes_every_kind_of_image(
    preset: str, channels: int, size: int, classes: tuple[str, ...]
) -> None:
    images = ImageFormat(channels, size, classes)
    config = configure(preset, {"conditional": bool(classes), "g_width": 8, "d_width": 8})
    if preset == "dcgan" and size != 28:
        with pytest.raises(ConfigError, match="--image-size 28"):
            build_generator(config, images)
        return
    z = torch.randn(4, config.latent_size)
    y = torch.eye(3)[[0, 1, 2, 0]] if classes else None
    made = build_generator(config, images)(z, y)
    assert made.shape == (4, channels, size, size)
    assert made.abs().max() <= 1
    assert build_discriminator(config, images)(made, y).shape == (4,)


@pytest.mark.parametrize("blocks", [1, 3])
def test_residual_networks_begin_as_what_passes_their_blocks_by(blocks: int) -> None:
    torch.manual_seed(0)
    config = configure("quickstart", {"network": "residual", "blocks": blocks, "g_width": 8, "d_width": 8})
    generator, discriminator = build_generator(config, MNIST), build_discriminator(config, MNIST)
    networks = (generator, discriminator)
    found = [module for network in networks for module in network.modules() if isinstance(module, Residual)]
    assert len(found) == 4 * blocks
    for block in found:
        maps = torch.randn(2, block.first.in_channels, 7, 7)
        assert torch.equal(block(maps), maps)
    z, y = torch.randn(4, config.latent_size), torch.eye(10)[:4]
    made = generator(z, y)
    assert made.shape == (4, 1, 28, 28)
    discriminator(made, y).sum().backward()
    assert all(block.last.weight.grad is not None and block.last.weight.grad.any() for block in found)
    with pytest.raises(ConfigError, match="28 or 32"):
        build_generator(config, ImageFormat(1, 30, DIGITS))


@pytest.mark.parametrize("preset", PRESETS)
def test_recomputed_activations_change_nothing(preset: str) -> None:
    config = configure(preset, {})
    torch.manual_seed(0)
    plain = build_generator(config, MNIST), build_discriminator(config, MNIST)
    again = copy.deepcopy(plain)
    for network in again:
        network.body.recompute = True
    z, y = torch.randn(4, config.latent_size), torch.eye(10)[:4] if config.conditional else None
    results = []
    for generator, discriminator in (plain, again):
        torch.manual_seed(1)  # of the dropout
        images = generator(z, y)
        discriminator(images, y).sum().backward()
        images = images.detach().requires_grad_()
        scores = discriminator(images, y)
        (scores.mean() + zero_centred_penalty(scores, images)).backward()
        grads = [weight.grad for network in (generator, discriminator) for weight in network.parameters()]
        buffers = [buffer for network in (generator, discriminator) for buffer in network.buffers()]
        results.append([*grads, *buffers])
    assert len(results[0]) == len(results[1]) > 0
    for mine, theirs in zip(*results, strict=True):
        assert mine is not None
        assert theirs is not None
        assert torch.equal(mine, theirs), "gradients, and BatchNorm's statistics"


def test_recomputing_keeps_less() -> None:
    def kept(recompute: bool) -> int:
        generator = build_generator(configure("mlp", {"g_layers": ",".join(["64"] * 16)}), MNIST)
        generator.body.recompute = recompute
        sizes: list[int] = []

        def keep(tensor: torch.Tensor) -> torch.Tensor:
            sizes.append(tensor.numel())
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
            generator(torch.randn(512, 100)).sum()
        return sum(sizes)

    assert kept(recompute=True) < kept(recompute=False) / 3


def test_spectral_norm_divides_every_layer() -> None:
    torch.manual_seed(0)
    discriminator = build_discriminator(configure("quickstart", {"spectral_norm": True}), MNIST)
    for _ in range(200):
        discriminator(torch.randn(2, 1, 28, 28), torch.eye(10)[:2])
    layers = [layer for layer in discriminator.modules() if isinstance(layer, nn.Linear | nn.Conv2d)]
    assert len(layers) == 6
    for layer in layers:
        assert torch.linalg.matrix_norm(layer.weight.flatten(1), 2).item() == pytest.approx(1, abs=0.02)


def test_dropout_drops_as_many_as_asked_and_keeps_the_mean() -> None:
    torch.manual_seed(0)
    layer, x = Dropout(0.3), torch.ones(333, 301)
    dropped = layer(x)
    assert dropped.unique().tolist() == pytest.approx([0, 1 / 0.7])
    assert (dropped == 0).float().mean().item() == pytest.approx(0.3, abs=4 * (0.21 / x.numel()) ** 0.5)
    rows, columns = ((dropped == 0).float().mean(dim=side) for side in (0, 1))
    assert max(rows.std().item() / (0.21 / 333) ** 0.5, columns.std().item() / (0.21 / 301) ** 0.5) < 1.2
    assert not torch.equal(layer(x), dropped)
    torch.manual_seed(0)
    assert torch.equal(layer(x), dropped)
    assert torch.equal(layer.eval()(x), x)


def test_self_attention_begins_as_nothing_and_mixes_places() -> None:
    from trainer.networks.attention import SelfAttention

    torch.manual_seed(0)
    layer = SelfAttention(16)
    x = torch.randn(2, 16, 5, 4)
    assert torch.equal(layer(x), x)
    layer.gain.data.fill_(1.0)
    moved = x.clone()
    moved[:, :, 0, 0] += 1
    assert not torch.allclose((layer(moved) - moved)[:, :, 4, 3], (layer(x) - x)[:, :, 4, 3])
    config: dict[str, Any] = {"self_attention": True}
    networks = (
        build_generator(configure("quickstart", config), MNIST),
        build_discriminator(configure("quickstart", config), MNIST),
    )
    assert all(any(isinstance(module, SelfAttention) for module in network.modules()) for network in networks)


def test_class_mixtures_are_as_long_as_classes() -> None:
    embedding = build_generator(configure("quickstart", {}), MNIST).embedding
    assert embedding is not None
    embedded = embedding(torch.stack([torch.eye(10)[3], torch.full((10,), 0.1)]))
    torch.testing.assert_close(embedded.square().mean(dim=1), torch.ones(2), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("conditional", [True, False])
def test_a_class_changes_the_score_only_where_it_is_asked_for(conditional: bool) -> None:
    discriminator = build_discriminator(configure("quickstart", {"conditional": conditional}), MNIST).eval()
    images, y = torch.randn(2, 1, 28, 28), torch.eye(10)[:2]
    assert torch.equal(discriminator(images, y), discriminator(images, y.flip(0))) != conditional


def test_classes_need_labels() -> None:
    with pytest.raises(ConfigError, match="no labels"):
        build_generator(configure("quickstart", {}), ImageFormat(1, 28, ()))


def test_no_class_is_a_mode_of_its_own() -> None:
    torch.manual_seed(0)
    config = configure("quickstart", {})
    generator, discriminator = build_generator(config, MNIST).eval(), build_discriminator(config, MNIST)
    none = torch.zeros(2, 10)
    images = generator(torch.randn(2, 64), none)
    assert images.isfinite().all()
    assert torch.equal(discriminator(images, none), discriminator.score(discriminator.body(images)).squeeze(1))


@pytest.mark.parametrize("layers", ["", "256,", "256:x", "0", "256:2", "a"])
def test_layers_that_cannot_be_read_are_refused(layers: str) -> None:
    with pytest.raises(ConfigError, match="g_layers is"):
        build_generator(configure("mlp", {"g_layers": layers}), MNIST)


@pytest.mark.parametrize("preset", ["dense-bn", "conv-upsample"])
def test_sizes_that_do_not_halve_twice_are_refused(preset: str) -> None:
    with pytest.raises(ConfigError, match="multiple of 4, not 30"):
        build_generator(configure(preset, {}), ImageFormat(1, 30, DIGITS))


@pytest.mark.parametrize("network", ["conv", "residual"])
@pytest.mark.parametrize(
    ("size", "nearest"), [(8, "12."), (30, "28 or 32."), (36, "32 or 48."), (100, "96 or 112."), (600, "512.")]
)
def test_sizes_that_are_not_doubled_are_refused_with_the_nearest(network: str, size: int, nearest: str) -> None:
    config = configure("quickstart", {"network": network})
    with pytest.raises(ConfigError, match=rf"28, 32, 48, 64, 96 or 128 pixels .*, not {size}: .* {nearest}$"):
        build_discriminator(config, ImageFormat(1, size, DIGITS))


@pytest.mark.parametrize("network", ["conv", "residual"])
def test_each_doubling_adds_few_parameters(network: str) -> None:
    config = configure("quickstart", {"network": network})
    for build in (build_generator, build_discriminator):
        counts = [parameters(build(config, ImageFormat(1, size, DIGITS))) for size in (32, 64, 128)]
        assert counts[0] < counts[1] * 1.01 < counts[2] * 1.02 < counts[0] * 1.1


def test_self_attention_is_on_maps_of_one_size() -> None:
    from trainer.networks.attention import SelfAttention

    config = configure("quickstart", {"self_attention": True})
    for size, side in ((28, 14), (64, 16), (128, 16)):
        generator = build_generator(config, ImageFormat(1, size, DIGITS))
        (layer,) = (module for module in generator.modules() if isinstance(module, SelfAttention))
        sides: list[int] = []
        layer.register_forward_hook(lambda _module, inputs, _output, sides=sides: sides.append(inputs[0].shape[2]))
        generator(torch.randn(2, 64), torch.eye(10)[:2])
        assert sides == [side]
    with pytest.raises(ConfigError, match="24 pixels or more, not 14: use --self-attention false"):
        build_generator(config, ImageFormat(1, 14, DIGITS))
