"""Rounds of "Real or forged?": ten pictures, some real and some generated, and the player's guesses."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from export.runtime.arrays import Int64, UInt8

PICTURES = 10
FEWEST, MOST = 3, 7
"""How many of a round's pictures are forged: drawn anew for each round, so that counting does not help."""


@dataclass(frozen=True, eq=False)
class Round:
    """Ten pictures and the guesses so far."""

    pixels: UInt8
    """[10, h, w] or [10, h, w, 3]."""
    labels: Int64
    """The class of each picture, [10]."""
    forged: tuple[bool, ...]
    """Whether each picture was generated."""
    guessed: frozenset[int] = frozenset()
    """The places of the pictures that the player calls forged."""
    done: bool = False
    """Whether the answer is shown."""

    def toggle(self, place: int) -> Round:
        """Call a picture forged, or take it back. Nothing changes once the answer is shown."""
        return self if self.done or not 0 <= place < len(self.forged) else replace(self, guessed=self.guessed ^ {place})

    def finish(self) -> Round:
        """Show the answer."""
        return replace(self, done=True)

    @property
    def right(self) -> tuple[bool, ...]:
        """Whether the player was right about each picture."""
        return tuple((place in self.guessed) == forged for place, forged in enumerate(self.forged))

    @property
    def score(self) -> int:
        """Number of pictures that the player was right about."""
        return sum(self.right)

    @property
    def fooled(self) -> tuple[int, int]:
        """How many forgeries the player took for real, and how many forgeries there were."""
        return sum(forged and place not in self.guessed for place, forged in enumerate(self.forged)), sum(self.forged)


def plan(seed: int) -> tuple[bool, ...]:
    """Return which pictures of the round with this seed are forged."""
    random = np.random.default_rng(seed)
    count = int(random.integers(FEWEST, MOST + 1))
    places = set(random.permutation(PICTURES)[:count].tolist())
    return tuple(place in places for place in range(PICTURES))


def deal(seed: int, real: UInt8, real_labels: Int64, generated: UInt8, generated_labels: Int64) -> Round:
    """Return the round with this seed.

    real, generated: pictures [n, h, w(, 3)] to take from, with their labels [n]; `generated` are used in order and must
    be as many as `plan` wants at least. Raises ValueError if there are too few pictures.
    """
    forged = plan(seed)
    wanted = PICTURES - sum(forged)
    if len(real) < wanted or len(generated) < sum(forged):
        raise ValueError(f"a round needs {wanted} real pictures and {sum(forged)} generated ones")
    chosen = np.random.default_rng([seed, 1]).permutation(len(real))[:wanted]
    pixels = np.empty((PICTURES, *real.shape[1:]), np.uint8)
    labels = np.empty(PICTURES, np.int64)
    is_forged = np.array(forged)
    pixels[~is_forged], labels[~is_forged] = real[chosen], real_labels[chosen]
    pixels[is_forged], labels[is_forged] = generated[: sum(forged)], generated_labels[: sum(forged)]
    return Round(pixels, labels, forged)
