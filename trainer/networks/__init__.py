"""Networks built from settings by name: one file per family."""

from __future__ import annotations

from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

from digitforge.errors import ConfigError
from trainer.config import ImageFormat, TrainConfig
from trainer.networks import conv, dcgan, dense, mlp, residual, upsample
from trainer.networks.conditioning import ClassEmbedding, Discriminator, Generator

FAMILIES = {"mlp": mlp, "dense": dense, "upsample": upsample, "dcgan": dcgan, "conv": conv, "residual": residual}
"""By `config.network`. A family says what it can make (`check`), and builds the layers of both networks."""


def check_network(config: TrainConfig, images: ImageFormat) -> None:
    """Raise ConfigError where the family cannot make such images."""
    if config.conditional and not images.classes:
        raise ConfigError("conditional is true, but these images have no labels: use --conditional false.")
    FAMILIES[config.network].check(config, images)


def build_generator(config: TrainConfig, images: ImageFormat) -> Generator:
    """A new generator: (z [batch, latent], y [batch, classes] or None) -> [batch, channels, size, size] in [-1, 1].

    Raises ConfigError where the family cannot make such images.
    """
    check_network(config, images)
    embedding = ClassEmbedding(len(images.classes), config.embedding_size) if config.conditional else None
    inputs = config.latent_size + (config.embedding_size if config.conditional else 0)
    return Generator(FAMILIES[config.network].generator(config, images, inputs), embedding)


def build_discriminator(config: TrainConfig, images: ImageFormat) -> Discriminator:
    """A new discriminator: (images [batch, channels, size, size], y or None) -> logits [batch].

    Raises ConfigError where the family cannot take such images.
    """
    check_network(config, images)
    body, score = FAMILIES[config.network].discriminator(config, images)
    network = Discriminator(body, score, len(images.classes) if config.conditional else 0)
    if config.spectral_norm:
        for module in list(network.modules()):
            if isinstance(module, nn.Linear | nn.Conv2d):
                spectral_norm(module)
    return network
