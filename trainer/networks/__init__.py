"""Networks built from settings by name: one file per family."""

from __future__ import annotations

from torch import nn

from trainer.config import ImageFormat, TrainConfig
from trainer.errors import ConfigError
from trainer.networks.conv import ConvDiscriminator, ConvGenerator
from trainer.networks.dcgan import DcganDiscriminator, DcganGenerator


def check_network(config: TrainConfig, images: ImageFormat) -> None:
    """Raise ConfigError where the family cannot make such images."""
    if config.conditional and not images.classes:
        raise ConfigError("conditional is true, but these images have no labels: use --conditional false.")
    if config.network == "dcgan" and config.conditional:
        raise ConfigError("The dcgan family is unconditional: use --conditional false, or --network conv.")
    if config.network == "dcgan" and images.size != 28:
        raise ConfigError(f"The dcgan family makes 28x28 images, not {images.size}x{images.size}: use --network conv.")
    if images.size % 4:
        raise ConfigError(f"The conv family makes images whose size is a multiple of 4, not {images.size}.")


def build_generator(config: TrainConfig, images: ImageFormat) -> nn.Module:
    """A new generator: (z [batch, latent], y [batch, classes] or None) -> [batch, channels, size, size] in [-1, 1].

    Raises ConfigError where the family cannot make such images.
    """
    check_network(config, images)
    if config.network == "dcgan":
        return DcganGenerator(config.latent_size, config.g_width, images.channels)
    classes = len(images.classes) if config.conditional else 0
    return ConvGenerator(
        config.latent_size, config.embedding_size, config.g_width, classes, images.channels, images.size
    )


def build_discriminator(config: TrainConfig, images: ImageFormat) -> nn.Module:
    """A new discriminator: (images [batch, channels, size, size], y or None) -> logits [batch].

    Raises ConfigError where the family cannot take such images.
    """
    check_network(config, images)
    if config.network == "dcgan":
        return DcganDiscriminator(config.d_width, images.channels)
    return ConvDiscriminator(
        config.d_width, len(images.classes) if config.conditional else 0, images.channels, images.size
    )
