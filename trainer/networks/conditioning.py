"""What all families share: how the class enters both networks, and how activations are recomputed."""

from __future__ import annotations

import contextlib
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils.checkpoint import checkpoint


class ClassEmbedding(nn.Module):
    """An embedding of class weights, with unit variance.

    It is normalised after mixing, so that a mixture of classes is as long as a single class. Without any class it is
    zero.
    """

    def __init__(self, classes: int, size: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(classes, size))

    def forward(self, weights: Tensor) -> Tensor:
        """Map class weights [batch, classes] to embeddings [batch, size]."""
        mixed = weights @ self.weight
        # Not smaller: the exporter drops an addition of 1e-8, and the embedding of no class would be NaN.
        return mixed * torch.rsqrt(mixed.square().mean(dim=1, keepdim=True) + 1e-6)


class FlattenChannelsLast(nn.Module):
    """Flatten maps without a copy, if they are stored in channels-last layout.

    The gradient needs no copy either: it arrives in channels-last layout, which the previous layers use.
    """

    def forward(self, maps: Tensor) -> Tensor:
        """Map [batch, channels, height, width] to [batch, height * width * channels]."""
        features: Tensor = maps.permute(0, 2, 3, 1).flatten(1)
        return features


class UnflattenChannelsLast(nn.Module):
    """The inverse of `FlattenChannelsLast`, for square maps."""

    def __init__(self, channels: int, size: int) -> None:
        super().__init__()
        self.shape = (size, size, channels)

    def forward(self, features: Tensor) -> Tensor:
        """Map [batch, size * size * channels] to [batch, channels, size, size]."""
        maps: Tensor = features.unflatten(1, self.shape).permute(0, 3, 1, 2)
        return maps


class FullRange(nn.Module):
    """1.2 tanh(x), clipped to [-1, 1]: it reaches pure black and white, which tanh only approaches."""

    def forward(self, x: Tensor) -> Tensor:
        """Map x, of any shape, to [-1, 1]."""
        return (1.2 * x.tanh()).clamp(-1.0, 1.0)


class Body(nn.Sequential):
    """A sequence of layers that can recompute its activations in the backward pass (Chen et al. 2016)."""

    recompute = False
    """Set by the trainer: keep only the activations between a few segments, and recompute the others."""

    def forward(self, x: Tensor) -> Tensor:
        """Apply the layers one after another."""
        if not (self.recompute and torch.is_grad_enabled()):
            for layer in self:
                x = layer(x)
            return x
        layers = list(self)
        length = round(len(layers) ** 0.5)
        for start in range(0, len(layers), length):
            segment = nn.Sequential(*layers[start : start + length])
            x = checkpoint(segment, x, use_reentrant=False, context_fn=partial(_contexts, segment))
        return x


def _contexts(
    segment: nn.Module,
) -> tuple[contextlib.AbstractContextManager[None], contextlib.AbstractContextManager[None]]:
    return contextlib.nullcontext(), _StatisticsUntouched(segment)


class _StatisticsUntouched(contextlib.AbstractContextManager[None]):
    """Keeps BatchNorm from updating its statistics again when a batch is recomputed (torch#96136).

    It is entered once per backward pass; a gradient penalty has two.
    """

    def __init__(self, segment: nn.Module) -> None:
        self._norms = [module for module in segment.modules() if isinstance(module, _BatchNorm)]
        self._kept: list[tuple[float | None, Tensor | None]] = []

    def __enter__(self) -> None:
        self._kept = [(norm.momentum, norm.num_batches_tracked) for norm in self._norms]
        for norm in self._norms:
            norm.momentum, norm.num_batches_tracked = 0.0, None

    def __exit__(self, *_: object) -> None:
        for norm, (momentum, count) in zip(self._norms, self._kept, strict=True):
            norm.momentum, norm.num_batches_tracked = momentum, count


class Generator(nn.Module):
    """A family's layers, applied to the concatenation of the latent and the class embedding."""

    def __init__(self, body: nn.Sequential, embedding: ClassEmbedding | None) -> None:
        super().__init__()
        self.embedding = embedding
        self.body = Body(*body)

    def forward(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """Map z [batch, latent] and class weights y [batch, classes] to images [batch, channels, size, size]."""
        if self.embedding is not None:
            assert y is not None
            z = torch.cat([z, self.embedding(y)], dim=1)
        images: Tensor = self.body(z)
        return images


class Discriminator(nn.Module):
    """A family's features and their linear score, plus the projection on the class (Miyato and Koyama 2018)."""

    def __init__(self, body: nn.Sequential, score: nn.Linear, classes: int) -> None:
        super().__init__()
        self.body = Body(*body)
        self.score = score
        self.projection = nn.Linear(classes, score.in_features, bias=False) if classes else None

    def forward(self, images: Tensor, y: Tensor | None = None) -> Tensor:
        """Map images [batch, channels, size, size] and class weights y [batch, classes] to scores (logits) [batch]."""
        features = self.body(images)
        scores: Tensor = self.score(features).squeeze(1)
        if self.projection is not None:
            assert y is not None
            scores = scores + (features * self.projection(y)).sum(dim=1)
        return scores
