"""A written number: one character per class, all in one handwriting."""

from __future__ import annotations

from dataclasses import dataclass, replace

from viewer.core.plain import check_range
from viewer.core.state.samples import SEED_MAX

MOST_CHARACTERS = 24
MOST_ROLLS = 1_000_000


@dataclass(frozen=True)
class Number:
    """A text and its handwriting. Raises ValueError for a value out of range."""

    text: str = "2026"
    """Each character is the name of a class."""
    seed: int = 0
    """The hand: every character has the same latent."""
    rolls: tuple[int, ...] = ()
    """How often each character was re-rolled; 0, or a missing entry, is the common hand."""

    def __post_init__(self) -> None:
        check_range("the number of characters", len(self.text), 0, MOST_CHARACTERS)
        check_range("the number of rolls", len(self.rolls), 0, MOST_CHARACTERS)
        check_range("seed", self.seed, 0, SEED_MAX)
        for roll in self.rolls:
            check_range("roll", roll, 0, MOST_ROLLS)

    def roll(self, place: int) -> int:
        """Return how often the character at a place was re-rolled."""
        return self.rolls[place] if place < len(self.rolls) else 0

    def with_text(self, text: str) -> Number:
        """Return the number with another text, cut to MOST_CHARACTERS; each place keeps its rolls."""
        return replace(self, text=text[:MOST_CHARACTERS])._trimmed()

    def typed(self, key: str, classes: tuple[str, ...]) -> Number | None:
        """Return the number after a key, by its name in Qt, or None if the key has no meaning here.

        A digit that is a class is appended; Backspace removes the last character.
        """
        if key == "Backspace":
            return self.with_text(self.text[:-1])
        return self.with_text(self.text + key) if len(key) == 1 and key.isdigit() and key in classes else None

    def with_hand(self, seed: int) -> Number:
        """Return the number in another hand, with nothing re-rolled; the seed is clamped to its range."""
        return replace(self, seed=min(max(seed, 0), SEED_MAX), rolls=())

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
    if cannot_write(classes) or not (unknown := sorted({character for character in text if character not in classes})):
        return ""
    known = [name for name in classes if len(name) == 1]
    shown = " ".join(known) if len(known) <= 12 else f"{' '.join(known[:12])} …"
    return f"Skipped: {' '.join('space' if one == ' ' else one for one in unknown)}. This generator writes {shown}"
