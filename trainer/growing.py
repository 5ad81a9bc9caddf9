"""Grow networks of `conv` and `residual` to larger images: the earlier network is the lower half of the new one.

Each doubling of the image adds a level beside it (`trainer.networks.depth`). The new levels begin as enlarging and
averaging: the grown generator makes the earlier images, enlarged, and the grown discriminator scores an image as the
earlier one scored it at half the size. Both then learn on from there. (Karras et al. 2018, "Progressive growing of
GANs", fade new levels in instead.)

Two channels carry each colour past an activation, its values and their negatives, because
relu(x) - relu(-x) = x, and leaky_relu(x) - leaky_relu(-x) = (1 + slope) x. The other channels begin random, and unused.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from trainer.config import ImageFormat, TrainConfig
from trainer.networks import build_discriminator
from trainer.networks.conditioning import Discriminator, Generator
from trainer.networks.depth import Quadrupling, Quartering, image_step, widths_of
from trainer.seeding import Draws

FAMILIES = ("conv", "residual")
SAMPLES = 256
"""Generated images that the statistics of new BatchNorm layers are measured on."""
DOUBLING = torch.outer(*[torch.tensor([0.25, 0.75, 0.75, 0.25])] * 2)
"""Kernel of a transposed convolution that enlarges maps bilinearly."""
HALVING = F.pad(torch.full((2, 2), 0.25), (1, 1, 1, 1))
"""Kernel of a convolution that averages 2x2 pixels."""


def levels_between(before: ImageFormat, after: ImageFormat) -> int:
    """Return how many levels deeper the networks for the images `after` are."""
    return len(widths_of(1, after.size)) - len(widths_of(1, before.size))


def can_grow(before: ImageFormat, after: ImageFormat) -> bool:
    """Return whether networks for the images `before` are the lower half of those for the images `after`."""
    steps = image_step(before.size), image_step(after.size)
    return steps[0] == 2 and (levels_between(before, after), steps[1]) > (0, 2)


def aligned(
    tensors: Mapping[str, Tensor], config: TrainConfig, before: ImageFormat, discriminator: Discriminator
) -> dict[str, Tensor]:
    """Rename the layers of a discriminator of another depth. They are numbered from the image on, and match at the end.

    tensors, config, before: of the earlier discriminator. discriminator: the new one.
    """
    with torch.device("meta"):
        shift = len(discriminator.body) - len(build_discriminator(config, before).body)
    renamed = {}
    for name, tensor in tensors.items():
        part, _, rest = name.partition(".")
        number, _, rest = rest.partition(".")
        renamed[f"body.{int(number) + shift}.{rest}" if part == "body" else name] = tensor
    return renamed


def image_layer(network: Generator | Discriminator, levels: int, colours: int) -> tuple[str, torch.Size]:
    """Return the name of the layer that takes the place of the earlier network's beside the image.

    Also returns the shape of the earlier layer's weight. network: the new one, deeper by `levels`. colours: of its
    images.
    """
    layers = _layers(network)
    if isinstance(network, Generator):
        name, layer = layers[-levels - 1]
        return name, torch.Size([layer.in_channels, colours, 4, 4])
    name, layer = layers[levels]
    return name, torch.Size([layer.out_channels, colours, 4, 4])


@torch.no_grad()
def grow(network: Generator | Discriminator, levels: int, weight: Tensor, bias: Tensor, distribution: str) -> list[str]:
    """Let the layers of the highest `levels` compute what the earlier network's layer beside the image did.

    network: a generator or discriminator that has the earlier network's other layers. weight, bias: of that layer,
    with the shape that `image_layer` returns. distribution: of the latents.
    Returns the names of the tensors that it sets; empty if the layers are too narrow for it.
    """
    layers = [layer for _, layer in _layers(network)]
    layers = layers[-levels - 1 :] if isinstance(network, Generator) else layers[: levels + 1]
    colours = weight.shape[1]
    carried = 2 * colours
    if levels and carried > min(layer.out_channels for layer in layers[:-1]):
        return []
    gain = 1 + max((layer.negative_slope for layer in network.modules() if isinstance(layer, nn.LeakyReLU)), default=0)
    signs = torch.tensor([[1.0, -1], [-1, 1]]).kron(torch.eye(colours)).to(weight)
    doubled = torch.cat([weight, -weight], dim=1)
    if not levels:  # the image is four times as large as the largest maps instead of twice
        _set(layers[0], weight, bias)
    elif isinstance(network, Generator):
        first, *others = layers
        first.weight[:, :carried], _bias(first)[:carried] = doubled, torch.cat([bias, -bias])
        for layer in others:
            made = colours if layer is others[-1] else carried
            kernel = weight.new_zeros(layer.in_channels, made, 4, 4)
            kernel[:carried] = signs[:, :made, None, None] * DOUBLING.to(weight) / gain
            _set(layer, kernel, weight.new_zeros(made))
        _calibrate(network, first, carried, distribution)
    else:
        *others, last = layers
        for layer in others:
            seen = colours if layer is others[0] else carried
            kernel = weight.new_zeros(carried, seen if seen == colours else layer.in_channels, 4, 4)
            kernel[:, :seen] = signs[:, :seen, None, None] * HALVING.to(weight) / (1 if seen == colours else gain)
            _set(layer, kernel, weight.new_zeros(carried))
        last.weight.zero_()
        last.weight[:, :carried] = doubled / gain
        _bias(last).copy_(bias)
    body = list(network.body)
    ends = sorted(body.index(layer) for layer in (layers[0], layers[-1]))
    return [f"body.{place}.{name}" for place in range(ends[0], ends[1] + 1) for name in body[place].state_dict()]


def _layers(network: nn.Module) -> list[tuple[str, nn.Conv2d | nn.ConvTranspose2d]]:
    """Return the layers that change the size of the maps, by name, in order."""
    return [
        (name, layer)
        for name, layer in network.named_modules()
        if isinstance(layer, Quadrupling | Quartering)
        or (isinstance(layer, nn.Conv2d | nn.ConvTranspose2d) and layer.stride == (2, 2))
    ]


def _set(layer: nn.Conv2d | nn.ConvTranspose2d, kernel: Tensor, bias: Tensor) -> None:
    """Set the first output channels of a layer that doubles or halves to a kernel of 4x4, and to a bias.

    kernel: [in, out, 4, 4] for a transposed convolution or `Quadrupling`, else [out, in, 4, 4]. A layer that quadruples
    makes each pixel of that four times, and one that quarters sees the mean of each four.
    """
    if isinstance(layer, nn.ConvTranspose2d):
        layer.weight[:, : len(bias)] = kernel
    elif isinstance(layer, Quadrupling | Quartering):
        # Spread to 8x8, padded to 12x12: the offsets of three maps' places, and 4x4 pixels at each.
        kernel = F.pad(kernel.repeat_interleave(2, -2).repeat_interleave(2, -1), (2, 2, 2, 2))
        kernel = kernel.unflatten(3, (3, 4)).unflatten(2, (3, 4))  # [., ., offset, pixel, offset, pixel]
        if isinstance(layer, Quadrupling):
            bias = bias.repeat_interleave(4**2)
            layer.weight.copy_(kernel.flip(2, 4).permute(1, 3, 5, 0, 2, 4).flatten(0, 2))
        else:
            layer.weight[: len(bias)] = kernel.permute(0, 1, 3, 5, 2, 4).flatten(1, 3) / 2**2
    else:
        layer.weight[: len(bias)] = kernel
    _bias(layer)[: len(bias)] = bias


def _bias(layer: nn.Conv2d | nn.ConvTranspose2d) -> Tensor:
    assert layer.bias is not None
    return layer.bias


def _calibrate(generator: Generator, first: nn.Module, carried: int, distribution: str) -> None:
    """Let new BatchNorm layers pass the carried channels unchanged: those behind the layer `first`."""
    body = list(generator.body)
    norms = [layer for layer in body[body.index(first) :] if isinstance(layer, nn.BatchNorm2d)]
    if not norms:
        return

    def measure(norm: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        assert isinstance(norm, nn.BatchNorm2d)
        assert norm.running_mean is not None
        assert norm.running_var is not None
        variance, mean = torch.var_mean(inputs[0].float(), dim=(0, 2, 3), correction=0)  # bf16 under autocast
        norm.running_mean.copy_(mean)
        norm.running_var.copy_(variance)
        norm.weight[:carried], norm.bias[:carried] = (variance + norm.eps).sqrt()[:carried], mean[:carried]

    device, embedding, linear = next(generator.parameters()).device, generator.embedding, body[0]
    assert isinstance(linear, nn.Linear)
    classes, embedded = (0, 0) if embedding is None else embedding.weight.shape
    draws = Draws(device, 0, 0, SAMPLES, slice(None))
    z = draws.latents("growing", linear.in_features - embedded, distribution)
    y = F.one_hot(torch.arange(SAMPLES, device=device) % classes, classes).float() if classes else None
    handles = [norm.register_forward_pre_hook(measure) for norm in norms]
    was_training = generator.training
    generator.eval()(z, y)
    generator.train(was_training)
    for handle in handles:
        handle.remove()
