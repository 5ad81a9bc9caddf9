"""Deal a round of "Real or forged?" with the pictures of one generator."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from digitforge.errors import ExportError
from export.runtime.discriminator import check_discriminator, open_discriminator
from export.runtime.generator import open_generator
from export.runtime.latents import latents, one_hot
from viewer.core.game import real_digits
from viewer.core.game.rounds import PICTURES, Round, deal


@dataclass(frozen=True)
class Dealt:
    """A round, and the discriminator's answer."""

    round: Round
    realism: tuple[float, ...] = ()
    """The discriminator's probability that each picture is real; empty without one."""

    @property
    def discriminator_right(self) -> int:
        """Number of pictures that the discriminator was right about; -1 without one."""
        if not self.realism:
            return -1
        return sum((real < 0.5) == forged for real, forged in zip(self.realism, self.round.forged, strict=True))


def deal_from(generator: Path, seed: int, discriminator: Path | None = None) -> Dealt:
    """Return the round with this seed: bundled real digits, and pictures of the generator in a file.

    Raises ExportError if the generator does not make digits of 28x28 grey pixels, or a file cannot be used.
    """
    opened = open_generator(generator, "cpu", threads=1)
    info, (real, labels) = opened.info, real_digits.load()
    digits = all(name in "0123456789" and name for name in info.classes)
    if (info.channels, info.height, info.width) != (1, real_digits.SIDE, real_digits.SIDE) or not digits:
        raise ExportError(
            f"{generator.name} does not make digits of 28x28 pixels: real ones would be told apart at once."
        )
    random = np.random.default_rng([seed, 2])
    places = random.integers(0, len(info.classes), PICTURES) if info.conditional else np.zeros(PICTURES, np.int64)
    y = one_hot(places, len(info.classes)) if info.conditional else None
    generated = opened.generate_pixels(latents(info, seed, 0, PICTURES), y)
    digit_of = np.array([int(name) for name in info.classes] or [0])
    dealt = deal(seed, real, labels, generated, digit_of[places])
    if discriminator is None:
        return Dealt(dealt)
    judge = open_discriminator(discriminator, threads=1)
    check_discriminator(info, judge)
    weights = judge.class_weights(tuple("0123456789"), dealt.labels)
    return Dealt(dealt, tuple(judge.realism(dealt.pixels, weights).tolist()))
