"""The latents of a written number: those of a seed's hand, or of the user's own."""

from __future__ import annotations

from collections import Counter

import numpy as np

from export.contract import GeneratorInfo
from export.runtime.arrays import Float32
from export.runtime.interpolation import between
from export.runtime.latents import one_hot
from viewer.core.scene.latents import mixture
from viewer.core.state.number import MOST_CHARACTERS, Number, written_places
from viewer.core.state.samples import Sample, held_sample, latents_of, of_class, weights_of

OWN_HAND = "your hand"
"""What captions say of a character that the user's own hand writes."""
ROLLED = 0.35
"""How far a character that is varied alone moves from the user's own hand, as `Number.variation`."""
FIRST_INDEX = 2**30
"""Sample of the first place's variation. The variants of single characters have smaller numbers."""


def samples_of_number(info: GeneratorInfo, number: Number) -> tuple[Sample, ...]:
    """Return one sample per character that is a class of the generator; other characters are skipped.

    In the user's own hand, a character that was drawn is that sample; one that was drawn several times takes them in
    turn. The other characters have the mean latent of all that were drawn.
    """
    used: Counter[int] = Counter()
    samples = []
    for place in written_places(info.classes, number.text):
        label = info.classes.index(number.text[place])
        samples.append(_varied(info, number, place, _in_hand(info, number, label, used[label])))
        used[label] += 1
    return tuple(samples)


def mean_latent(info: GeneratorInfo, samples: tuple[Sample, ...]) -> Float32:
    """Return the mean latent of samples, float32 [latent], as long as they are on average; see `mixture`.

    The plain mean of n independent latents is shorter by the square root of n, and the generator was never trained on
    such latents: it would write a blurred average hand.
    """
    latents = latents_of(info, samples)
    if len(samples) > 1:
        latents = mixture(info, latents, np.full(len(samples), 1 / len(samples)))
    mean: Float32 = latents[0]
    return mean


def _in_hand(info: GeneratorInfo, number: Number, label: int, turn: int) -> Sample:
    """Return the sample of a class; turn: how many characters before it have that class."""
    if not number.drawn:
        return of_class(number.seed, 0, label)
    own = [sample for sample in number.drawn if sample.label == label]
    if own:
        return own[turn % len(own)]
    return held_sample(mean_latent(info, number.drawn), one_hot([label], len(info.classes))[0], OWN_HAND)


def _varied(info: GeneratorInfo, number: Number, place: int, sample: Sample) -> Sample:
    """Return a sample as it is written at a place: varied alone, or with all places, or as it is."""
    roll = number.roll(place)
    index = place + 1 + (roll - 1) * MOST_CHARACTERS if roll else FIRST_INDEX + place
    other = of_class(number.seed, index, sample.label)
    if roll and not number.drawn:
        return other
    amount = ROLLED if roll else number.variation
    if amount == 0.0:
        return sample
    latent = between(info, latents_of(info, [sample]), latents_of(info, [other]), amount)[0]
    weights = weights_of(info, [sample])
    origin = f"near {OWN_HAND}" if number.drawn else f"near seed {number.seed}"
    return held_sample(latent, None if weights is None else weights[0], origin)
