"""Fully connected networks with hidden layers of any widths, as in the first GANs on MNIST."""

from __future__ import annotations

from torch import nn

from digitforge.errors import ConfigError
from trainer.config import ImageFormat, TrainConfig
from trainer.networks.dropout import Dropout

SLOPE = 0.2
"""Of a LeakyReLU where a layer names none."""


def check(config: TrainConfig, images: ImageFormat) -> None:  # noqa: ARG001 - every family takes both
    """Raise ConfigError where the layers cannot be read."""
    parse_layers("g_layers", config.g_layers)
    parse_layers("d_layers", config.d_layers)


def parse_layers(name: str, text: str) -> list[tuple[int, float]]:
    """Read `256:0.3,512`: widths and LeakyReLU slopes, [(256, 0.3), (512, 0.2)]. Raises ConfigError."""
    try:
        layers = [
            (int(width), float(slope) if colon else SLOPE)
            for width, colon, slope in (part.strip().partition(":") for part in text.split(","))
        ]
    except ValueError:
        layers = []
    if not layers or not all(1 <= width <= 65_536 and 0 <= slope <= 1 for width, slope in layers):
        raise ConfigError(
            f"{name} is {text!r}: write widths of hidden layers with commas between, as in 256,512, "
            "each with the slope of its LeakyReLU where it is not 0.2, as in 256:0.3."
        )
    return layers


def generator(config: TrainConfig, images: ImageFormat, inputs: int) -> nn.Sequential:
    """Hidden layers -> pixels; tanh."""
    layers: list[nn.Module] = []
    for width, slope in parse_layers("g_layers", config.g_layers):
        layers += [nn.Linear(inputs, width), nn.LeakyReLU(slope)]
        inputs = width
    layers += [
        nn.Linear(inputs, images.channels * images.size**2),
        nn.Tanh(),
        nn.Unflatten(1, (images.channels, images.size, images.size)),
    ]
    return nn.Sequential(*layers).apply(_initialise)


def discriminator(config: TrainConfig, images: ImageFormat) -> tuple[nn.Sequential, nn.Linear]:
    """Pixels -> hidden layers, dropout after each; the score is linear in the last."""
    layers: list[nn.Module] = [nn.Flatten()]
    inputs = images.channels * images.size**2
    for width, slope in parse_layers("d_layers", config.d_layers):
        layers += [nn.Linear(inputs, width), nn.LeakyReLU(slope)]
        layers += [Dropout(config.dropout)] if config.dropout else []
        inputs = width
    return nn.Sequential(*layers).apply(_initialise), nn.Linear(inputs, 1).apply(_initialise)


def _initialise(module: nn.Module) -> None:
    """Glorot's uniform weights and no biases, as in Keras: torch's are smaller, and five layers lose the latent."""
    if isinstance(module, nn.Linear):
        nn.init.xavier_uniform_(module.weight)
        nn.init.zeros_(module.bias)
