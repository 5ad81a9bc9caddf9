"""The published MNIST DCGAN, to its table row: no biases, BatchNorm between, LeakyReLU 0.2, 28x28 only.

The discriminator ends in a logit: the sigmoid belongs to the loss, where it is numerically safe.
"""

from __future__ import annotations

from torch import Tensor, nn


class DcganGenerator(nn.Module):
    """convT 4x4 (1 -> 4), 3x3 s2 (-> 7), 4x4 s2 (-> 14), 4x4 s2 (-> 28); tanh."""

    def __init__(self, latent_size: int, width: int, channels: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.ConvTranspose2d(latent_size, 4 * width, 4, bias=False),
            nn.BatchNorm2d(4 * width),
            nn.LeakyReLU(0.2),
            nn.ConvTranspose2d(4 * width, 2 * width, 3, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(2 * width),
            nn.LeakyReLU(0.2),
            nn.ConvTranspose2d(2 * width, width, 4, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(width),
            nn.LeakyReLU(0.2),
            nn.ConvTranspose2d(width, channels, 4, stride=2, padding=1, bias=False),
            nn.Tanh(),
        )
        self.apply(_initialise)

    def forward(self, z: Tensor, y: Tensor | None = None) -> Tensor:  # noqa: ARG002 - every generator takes both
        """z: [batch, latent] -> images [batch, channels, 28, 28] in [-1, 1]; y is not used."""
        images: Tensor = self.layers(z[:, :, None, None])
        return images


class DcganDiscriminator(nn.Module):
    """conv 4x4 s2 (28 -> 14), 4x4 s2 (-> 7), 3x3 s2 (-> 4), 4x4 -> one logit."""

    def __init__(self, width: int, channels: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(channels, width, 4, stride=2, padding=1, bias=False),
            nn.LeakyReLU(0.2),
            nn.Conv2d(width, 2 * width, 4, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(2 * width),
            nn.LeakyReLU(0.2),
            nn.Conv2d(2 * width, 4 * width, 3, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(4 * width),
            nn.LeakyReLU(0.2),
            nn.Conv2d(4 * width, 1, 4, bias=False),
            nn.Flatten(0),
        )
        self.apply(_initialise)

    def forward(self, images: Tensor, y: Tensor | None = None) -> Tensor:  # noqa: ARG002 - every discriminator takes both
        """images: [batch, channels, 28, 28] -> logits [batch]; y is not used."""
        logits: Tensor = self.layers(images)
        return logits


def _initialise(module: nn.Module) -> None:
    """Weights of N(0, 0.02), BatchNorm scales of N(1, 0.02) (Radford et al. 2015, section 4)."""
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(module.weight, 0.0, 0.02)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1.0, 0.02)
        nn.init.zeros_(module.bias)
