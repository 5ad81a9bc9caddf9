"""A written number or word: one character per class, all in one handwriting."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from viewer.core.plain import OMITTED_BY_DEFAULT, check_range
from viewer.core.state.samples import SEED_MAX, Sample

MOST_CHARACTERS = 24
FULL = f"Only {MOST_CHARACTERS} characters fit. The rest was left out."
LINE = 8
"""Characters in a line that are still large on a small screen."""
MOST_ROLLS = 1_000_000
MOST_DRAWN = 20
"""Samples of the user's own hand."""
VARIATION_MAX = 0.5
YEAR, FIRST = "2026", 5
TEXTS = ("Hello", "HELLO", "hello", YEAR)
"""What is written at first: the first of these that the classes allow, else the first classes, FIRST of them."""


@dataclass(frozen=True)
class Number:
    """A text and its handwriting. Raises ValueError for a value out of range."""

    text: str = YEAR
    """Each character is the name of a class."""
    seed: int = 0
    """The hand: every character has the same latent, unless there is a hand of one's own."""
    rolls: tuple[int, ...] = ()
    """How often each character was re-rolled; 0, or a missing entry, is the common hand."""
    line: int = MOST_CHARACTERS
    """Most characters in a line. Recipes without this field were written in one line."""
    drawn: tuple[Sample, ...] = field(default=(), metadata=OMITTED_BY_DEFAULT)
    """The user's own hand: samples whose characters are written as they are, and whose mean writes the others. Empty
    for the hand of `seed`."""
    variation: float = field(default=0.0, metadata=OMITTED_BY_DEFAULT)
    """How far each place moves from the hand towards a latent of its own, 0 to VARIATION_MAX."""

    def __post_init__(self) -> None:
        check_range("the number of characters", len(self.text), 0, MOST_CHARACTERS)
        check_range("the number of rolls", len(self.rolls), 0, MOST_CHARACTERS)
        check_range("the number of characters in a line", self.line, 1, MOST_CHARACTERS)
        check_range("seed", self.seed, 0, SEED_MAX)
        check_range("the number of samples of a hand", len(self.drawn), 0, MOST_DRAWN)
        check_range("variation", self.variation, 0.0, VARIATION_MAX)
        for roll in self.rolls:
            check_range("roll", roll, 0, MOST_ROLLS)

    def roll(self, place: int) -> int:
        """Return how often the character at a place was re-rolled."""
        return self.rolls[place] if place < len(self.rolls) else 0

    def with_text(self, text: str) -> Number:
        """Return the number with another text, cut to MOST_CHARACTERS; each place keeps its rolls."""
        return replace(self, text=text[:MOST_CHARACTERS])._trimmed()

    def columns(self, characters: int) -> int:
        """Return the characters in each line, so that all lines are about equally long; 1 without characters."""
        lines = math.ceil(characters / self.line)
        return math.ceil(characters / lines) if lines else 1

    def with_line(self, line: int) -> Number:
        """Return the number with at most `line` characters in a line."""
        return replace(self, line=line)

    def suited(self, classes: tuple[str, ...]) -> Number:
        """Return the number as these classes can write it, or a number or word for them if they can write none of it.

        An empty text stays empty.
        """
        text = as_written(classes, self.text)
        if cannot_write(classes) or not text or written_places(classes, text):
            return self.with_text(text)
        return self.with_text(first_text(classes)).in_one_hand()

    def lengthened(self, character: str) -> Number:
        """Return the number with another character at its end, if there is room."""
        return self.with_text(self.text + character)

    def shortened(self) -> Number:
        """Return the number without its last character."""
        return self.with_text(self.text[:-1])

    def with_hand(self, seed: int) -> Number:
        """Return the number in the hand of a seed, with nothing re-rolled; the seed is clamped to its range."""
        return replace(self, seed=min(max(seed, 0), SEED_MAX), rolls=(), drawn=())

    def with_drawn(self, sample: Sample) -> Number:
        """Return the number in the user's own hand, to which a sample is added if there is room."""
        return self if self.full_hand else replace(self, drawn=(*self.drawn, sample))

    def without_drawn(self, place: int) -> Number:
        """Return the number with a sample removed from the user's own hand."""
        return replace(self, drawn=self.drawn[:place] + self.drawn[place + 1 :])

    def with_variation(self, variation: float) -> Number:
        """Return the number with another variation, clamped to its range."""
        return replace(self, variation=min(max(variation, 0.0), VARIATION_MAX))

    def with_samples(self, change: Callable[[Sample], Sample | None]) -> Number:
        """Return the number with every sample of the hand changed; None leaves it out."""
        return replace(self, drawn=tuple(filter(None, map(change, self.drawn))))

    @property
    def full_hand(self) -> bool:
        """Whether the user's own hand has no room for another sample."""
        return len(self.drawn) >= MOST_DRAWN

    @property
    def next_drawn(self) -> str:
        """What to say when a sample is added to the user's own hand."""
        if self.full_hand:
            return f"Your hand is full: it takes {MOST_DRAWN} pictures."
        count = len(self.drawn) + 1
        return f"Write now uses your hand: {count} picture{'' if count == 1 else 's'}."

    def rerolled(self, place: int) -> Number:
        """Return the number with another variant of the character at `place`, if there is one."""
        if not 0 <= place < len(self.text):
            return self
        rolls = [self.roll(one) for one in range(len(self.text))]
        rolls[place] = rolls[place] % MOST_ROLLS + 1
        return replace(self, rolls=tuple(rolls))._trimmed()

    def in_one_hand(self) -> Number:
        """Return the number with nothing re-rolled."""
        return replace(self, rolls=())

    def _trimmed(self) -> Number:
        rolls = self.rolls[: len(self.text)]
        while rolls and rolls[-1] == 0:
            rolls = rolls[:-1]
        return replace(self, rolls=rolls)


def class_like(name: str, classes: tuple[str, ...]) -> str | None:
    """Return the class of that name or, if there is none, of that name in the other case; None without either."""
    return next((one for one in (name, name.lower(), name.upper()) if one in classes), None)


def as_written(classes: tuple[str, ...], text: str) -> str:
    """Return the text with letters in the other case where the classes have only that; other characters stay."""
    return "".join(class_like(character, classes) or character for character in text)


def first_text(classes: tuple[str, ...]) -> str:
    """Return what a generator with these classes writes before anything was typed; empty if it cannot write."""
    names = [name for name in classes if len(name) == 1]
    return next((text for text in TEXTS if set(text) <= set(names)), "".join(names[:FIRST]))


def writes_only_digits(classes: tuple[str, ...]) -> bool:
    """Return whether all that can be written are numbers."""
    return all(name.isdigit() for name in classes if len(name) == 1)


def written_places(classes: tuple[str, ...], text: str) -> tuple[int, ...]:
    """Return the index in `text` of each cell. Characters that are not classes are skipped."""
    return tuple(place for place, character in enumerate(text) if character in classes)


def cannot_write(classes: tuple[str, ...]) -> str:
    """Say why a generator with these classes cannot write; empty if it can."""
    if not classes:
        return "This generator was trained without classes, so you cannot choose characters."
    if not any(len(name) == 1 for name in classes):
        return "The names of this generator's classes are longer than one character, so it cannot write."
    return ""


def left_out(classes: tuple[str, ...], text: str) -> str:
    """Say which characters of `text` cannot be written; empty if all can."""
    unknown = dict.fromkeys(character for character in text if character not in classes)
    if cannot_write(classes) or not unknown:
        return ""
    return f"Left out: {', '.join('space' if one == ' ' else one for one in unknown)}"
