"""Fully connected networks with hidden layers of any width, as in the first GANs on MNIST."""

from __future__ import annotations

from torch import nn

from digitforge.errors import ConfigError
from trainer.config import ImageFormat, TrainConfig
from trainer.networks.dropout import Dropout

SLOPE = 0.2
"""Slope of the LeakyReLU of a layer that sets none."""


def check(config: TrainConfig, image_format: ImageFormat) -> None:  # noqa: ARG001 - all families take both
    """Raise ConfigError if the layers cannot be parsed."""
    parse_layers("g_layers", config.g_layers)
    parse_layers("d_layers", config.d_layers)


def parse_layers(name: str, text: str) -> list[tuple[int, float]]:
    """Parse `256:0.3,512` into widths and LeakyReLU slopes, [(256, 0.3), (512, 0.2)]. Raises ConfigError."""
    try:
        layers = [
            (int(width), float(slope) if colon else SLOPE)
            for width, colon, slope in (part.strip().partition(":") for part in text.split(","))
        ]
    except ValueError:
        layers = []
    if not layers or not all(1 <= width <= 65_536 and 0 <= slope <= 1 for width, slope in layers):
        raise ConfigError(
            f"{name} is {text!r}: write the widths of the hidden layers, as in 256,512, each followed by the slope of "
            "its LeakyReLU if that is not 0.2, as in 256:0.3."
        )
    return layers


def generator(config: TrainConfig, image_format: ImageFormat, inputs: int) -> nn.Sequential:
    """Build the hidden layers, a linear layer to pixels, and tanh."""
    layers: list[nn.Module] = []
    for width, slope in parse_layers("g_layers", config.g_layers):
        layers += [nn.Linear(inputs, width), nn.LeakyReLU(slope)]
        inputs = width
    layers += [
        nn.Linear(inputs, image_format.channels * image_format.size**2),
        nn.Tanh(),
        nn.Unflatten(1, (image_format.channels, image_format.size, image_format.size)),
    ]
    return nn.Sequential(*layers).apply(_initialise)


def discriminator(config: TrainConfig, image_format: ImageFormat) -> tuple[nn.Sequential, nn.Linear]:
    """Build the hidden layers, with dropout after each; the score is linear in the last."""
    layers: list[nn.Module] = [nn.Flatten()]
    inputs = image_format.channels * image_format.size**2
    for width, slope in parse_layers("d_layers", config.d_layers):
        layers += [nn.Linear(inputs, width), nn.LeakyReLU(slope)]
        layers += [Dropout(config.dropout)] if config.dropout else []
        inputs = width
    return nn.Sequential(*layers).apply(_initialise), nn.Linear(inputs, 1).apply(_initialise)


def _initialise(module: nn.Module) -> None:
    """Draw Glorot's uniform weights and set biases to 0, as in Keras.

    torch's weights are smaller, and after five layers hardly anything of the latent is left.
    """
    if isinstance(module, nn.Linear):
        nn.init.xavier_uniform_(module.weight)
        nn.init.zeros_(module.bias)
