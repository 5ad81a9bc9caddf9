"""The network families, one row each in `FAMILIES`, and the networks built from them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

from digitforge.errors import ConfigError
from trainer.config import TABLES, ImageFormat, TrainConfig
from trainer.networks import conv, dcgan, dense, mlp, residual, upsample
from trainer.networks.conditioning import ClassEmbedding, Discriminator, Generator


@dataclass(frozen=True)
class Family:
    """A row of `FAMILIES`: the layers of both networks, and which settings they support."""

    check: Callable[[TrainConfig, ImageFormat], None]
    """Raise ConfigError if the family cannot be built with these settings for such images."""
    generator: Callable[[TrainConfig, ImageFormat, int], nn.Sequential]
    """Build the layers from an input of this length, float32 [batch, length], to images
    [batch, channels, size, size] in [-1, 1]."""
    discriminator: Callable[[TrainConfig, ImageFormat], tuple[nn.Sequential, nn.Linear]]
    """Build the layers from images to features [batch, n], and the linear layer from features to a score."""
    batch_norm_in_g: bool = False
    """Whether the generator uses batch statistics, which need two images or more."""
    batch_norm_in_d: bool = False
    """Whether the discriminator uses them; a gradient penalty then does not act on single images."""
    self_attention: bool = False
    """Whether `--self-attention` adds a layer."""
    dropout: bool = False
    """Whether the discriminator uses `--dropout`."""


FAMILIES: dict[str, Family] = {
    "mlp": Family(mlp.check, mlp.generator, mlp.discriminator, dropout=True),
    "dense": Family(dense.check, dense.generator, dense.discriminator, batch_norm_in_g=True),
    "upsample": Family(
        upsample.check, upsample.generator, upsample.discriminator,
        batch_norm_in_g=True, batch_norm_in_d=True, dropout=True,
    ),
    "dcgan": Family(dcgan.check, dcgan.generator, dcgan.discriminator, batch_norm_in_g=True, batch_norm_in_d=True),
    "conv": Family(conv.check, conv.generator, conv.discriminator, batch_norm_in_g=True, self_attention=True),
    "residual": Family(residual.check, residual.generator, residual.discriminator),
}  # fmt: skip
"""The families by name: the choices of `--network`."""
TABLES["network"] = FAMILIES


def check_network(config: TrainConfig, image_format: ImageFormat) -> None:
    """Raise ConfigError if the networks cannot be built for such images."""
    if config.conditional and not image_format.classes:
        raise ConfigError("conditional is true, but these images have no labels: use --conditional false.")
    FAMILIES[config.network].check(config, image_format)


def build_generator(config: TrainConfig, image_format: ImageFormat) -> Generator:
    """Return a new generator: (z [batch, latent], y [batch, classes] or None) -> [batch, channels, size, size].

    Raises ConfigError if the family cannot make such images.
    """
    check_network(config, image_format)
    embedding = ClassEmbedding(len(image_format.classes), config.embedding_size) if config.conditional else None
    inputs = config.latent_size + (config.embedding_size if config.conditional else 0)
    return Generator(FAMILIES[config.network].generator(config, image_format, inputs), embedding)


def build_discriminator(config: TrainConfig, image_format: ImageFormat) -> Discriminator:
    """Return a new discriminator: (images [batch, channels, size, size], y or None) -> scores (logits) [batch].

    Raises ConfigError if the family cannot take such images.
    """
    check_network(config, image_format)
    body, score = FAMILIES[config.network].discriminator(config, image_format)
    network = Discriminator(body, score, len(image_format.classes) if config.conditional else 0)
    if config.spectral_norm:
        for module in list(network.modules()):
            if isinstance(module, nn.Linear | nn.Conv2d):
                spectral_norm(module)
    return network
