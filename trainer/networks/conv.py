"""The small convolutional family: class-conditional or not, made to learn in minutes.

Its discriminator has no normalisation, so that gradient penalties act on single images.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class ClassEmbedding(nn.Module):
    """Class weights [batch, classes] -> unit-variance embedding [batch, size].

    The mixture is normalised after mixing, so that a blend of classes is as long as a class.
    """

    def __init__(self, classes: int, size: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(classes, size))

    def forward(self, weights: Tensor) -> Tensor:
        """weights: [batch, classes] -> [batch, size]."""
        mixed = weights @ self.weight
        # Not smaller: the exporter takes an addition of 1e-8 for one of nothing, and no class at all would be NaN.
        return mixed * torch.rsqrt(mixed.square().mean(dim=1, keepdim=True) + 1e-6)


class ConvGenerator(nn.Module):
    """(z, class embedding) -> linear to size/4 -> two transposed convolutions -> tanh."""

    def __init__(
        self, latent_size: int, embedding_size: int, width: int, classes: int, channels: int, size: int
    ) -> None:
        super().__init__()
        self.base = size // 4
        self.embedding = ClassEmbedding(classes, embedding_size) if classes else None
        inputs = latent_size + (embedding_size if classes else 0)
        self.project = nn.Linear(inputs, 2 * width * self.base**2)
        self.layers = nn.Sequential(
            nn.BatchNorm2d(2 * width),
            nn.ReLU(),
            nn.ConvTranspose2d(2 * width, width, 4, stride=2, padding=1),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.ConvTranspose2d(width, channels, 4, stride=2, padding=1),
            nn.Tanh(),
        )

    def forward(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """z: [batch, latent], y: class weights [batch, classes] -> images [batch, channels, size, size] in [-1, 1]."""
        if self.embedding is not None:
            assert y is not None
            z = torch.cat([z, self.embedding(y)], dim=1)
        images: Tensor = self.layers(self.project(z).unflatten(1, (-1, self.base, self.base)))
        return images


class ConvDiscriminator(nn.Module):
    """Three convolutions and a linear layer -> a scalar score, plus the projection on the class (Miyato & Koyama)."""

    def __init__(self, width: int, classes: int, channels: int, size: int) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(channels, width, 4, stride=2, padding=1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(width, 2 * width, 4, stride=2, padding=1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(2 * width, 4 * width, 3, padding=1),
            nn.LeakyReLU(0.2),
            nn.Flatten(),
            nn.Linear(4 * width * (size // 4) ** 2, 4 * width),
            nn.LeakyReLU(0.2),
        )
        self.score = nn.Linear(4 * width, 1)
        self.projection = nn.Linear(classes, 4 * width, bias=False) if classes else None

    def forward(self, images: Tensor, y: Tensor | None = None) -> Tensor:
        """images: [batch, channels, size, size], y: class weights [batch, classes] -> scores (logits) [batch]."""
        features = self.features(images)
        scores: Tensor = self.score(features).squeeze(1)
        if self.projection is not None:
            assert y is not None
            scores = scores + (features * self.projection(y)).sum(dim=1)
        return scores
