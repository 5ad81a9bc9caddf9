"""What every family has in common: how the class enters both networks, and how activations are computed again."""

from __future__ import annotations

import contextlib
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils.checkpoint import checkpoint


class ClassEmbedding(nn.Module):
    """Class weights [batch, classes] -> unit-variance embedding [batch, size].

    The mixture is normalised after mixing, so that a blend of classes is as long as a class; no class at all is zero.
    """

    def __init__(self, classes: int, size: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(classes, size))

    def forward(self, weights: Tensor) -> Tensor:
        """weights: [batch, classes] -> [batch, size]."""
        mixed = weights @ self.weight
        # Not smaller: the exporter takes an addition of 1e-8 for one of nothing, and no class at all would be NaN.
        return mixed * torch.rsqrt(mixed.square().mean(dim=1, keepdim=True) + 1e-6)


class FlattenChannelsLast(nn.Module):
    """[batch, channels, height, width] -> [batch, height * width * channels], without a copy where channels lie last.

    Nor has the gradient to be copied: it comes back as the layers before keep their maps.
    """

    def forward(self, maps: Tensor) -> Tensor:
        """See the class."""
        features: Tensor = maps.permute(0, 2, 3, 1).flatten(1)
        return features


class UnflattenChannelsLast(nn.Module):
    """[batch, size * size * channels] -> [batch, channels, size, size], the other way round."""

    def __init__(self, channels: int, size: int) -> None:
        super().__init__()
        self.shape = (size, size, channels)

    def forward(self, features: Tensor) -> Tensor:
        """See the class."""
        maps: Tensor = features.unflatten(1, self.shape).permute(0, 3, 1, 2)
        return maps


class FullRange(nn.Module):
    """1.2 tanh(x), cut off at -1 and 1: black and white themselves, which tanh only comes near."""

    def forward(self, x: Tensor) -> Tensor:
        """x: any shape -> the same shape, in [-1, 1]."""
        return (1.2 * x.tanh()).clamp(-1.0, 1.0)


class Body(nn.Sequential):
    """Layers in a row, whose activations may be computed again in the backward pass (Chen et al. 2016)."""

    recompute = False
    """Set by the trainer: keep only the activations between a few segments, and compute the others again."""

    def forward(self, x: Tensor) -> Tensor:
        """What the layers make of `x`, one after the other."""
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
    """BatchNorm takes note of a batch once, not again when it is computed again (torch#96136).

    Entered once for each backward pass: a gradient penalty has two.
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
    """A family's layers behind the concatenation of the latent and the class embedding."""

    def __init__(self, body: nn.Sequential, embedding: ClassEmbedding | None) -> None:
        super().__init__()
        self.embedding = embedding
        self.body = Body(*body)

    def forward(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """z: [batch, latent], y: class weights [batch, classes] -> images [batch, channels, size, size] in [-1, 1]."""
        if self.embedding is not None:
            assert y is not None
            z = torch.cat([z, self.embedding(y)], dim=1)
        images: Tensor = self.body(z)
        return images


class Discriminator(nn.Module):
    """A family's features and the linear score of them, plus the projection on the class (Miyato & Koyama 2018)."""

    def __init__(self, body: nn.Sequential, score: nn.Linear, classes: int) -> None:
        super().__init__()
        self.body = Body(*body)
        self.score = score
        self.projection = nn.Linear(classes, score.in_features, bias=False) if classes else None

    def forward(self, images: Tensor, y: Tensor | None = None) -> Tensor:
        """images: [batch, channels, size, size], y: class weights [batch, classes] -> scores (logits) [batch]."""
        features = self.body(images)
        scores: Tensor = self.score(features).squeeze(1)
        if self.projection is not None:
            assert y is not None
            scores = scores + (features * self.projection(y)).sum(dim=1)
        return scores
