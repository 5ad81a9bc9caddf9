"""A typed number in one consistent hand."""

from __future__ import annotations

from dataclasses import dataclass, replace

from viewer.core.plain import check_range
from viewer.core.state.samples import SEED_MAX

MOST_CHARACTERS = 24
MOST_ROLLS = 1_000_000


@dataclass(frozen=True)
class Number:
    """What is written and how. Raises ValueError where a value is out of range."""

    text: str = "2026"
    """One class name a character."""
    seed: int = 0
    """The hand: the same latent for every character."""
    rolls: tuple[int, ...] = ()
    """How often the character at each place was re-rolled away from the common hand; 0 or absent is the hand."""

    def __post_init__(self) -> None:
        check_range("the number of characters", len(self.text), 0, MOST_CHARACTERS)
        check_range("the number of rolls", len(self.rolls), 0, MOST_CHARACTERS)
        check_range("seed", self.seed, 0, SEED_MAX)
        for roll in self.rolls:
            check_range("roll", roll, 0, MOST_ROLLS)

    def roll(self, place: int) -> int:
        """How often the character at a place was re-rolled."""
        return self.rolls[place] if place < len(self.rolls) else 0

    def with_text(self, text: str) -> Number:
        """Other characters, as many as fit; places keep their rolls."""
        return replace(self, text=text[:MOST_CHARACTERS])._trimmed()

    def typed(self, key: str, classes: tuple[str, ...]) -> Number | None:
        """After a key as Qt spells it: digits that are classes come last, Backspace takes the last character away.

        None where the key means nothing here.
        """
        if key == "Backspace":
            return self.with_text(self.text[:-1])
        return self.with_text(self.text + key) if len(key) == 1 and key.isdigit() and key in classes else None

    def with_hand(self, seed: int) -> Number:
        """The whole number in another hand, also what was re-rolled; the nearest seed in range."""
        return replace(self, seed=min(max(seed, 0), SEED_MAX), rolls=())

    def rerolled(self, place: int) -> Number:
        """With another variant of the character at `place`, where there is one."""
        if not 0 <= place < len(self.text):
            return self
        rolls = [self.roll(one) for one in range(len(self.text))]
        rolls[place] = rolls[place] % MOST_ROLLS + 1
        return replace(self, rolls=tuple(rolls))._trimmed()

    def in_one_hand(self) -> Number:
        """With no character re-rolled."""
        return replace(self, rolls=())

    def _trimmed(self) -> Number:
        rolls = self.rolls[: len(self.text)]
        while rolls and rolls[-1] == 0:
            rolls = rolls[:-1]
        return replace(self, rolls=rolls)


def written_places(classes: tuple[str, ...], text: str) -> tuple[int, ...]:
    """The place in `text` of each cell: characters that are no class are left out."""
    return tuple(place for place, character in enumerate(text) if character in classes)


def cannot_write(classes: tuple[str, ...]) -> str:
    """Why a generator with these classes writes nothing, in one sentence; empty where it does."""
    if not classes:
        return "This generator was trained without classes: it cannot be asked for a character."
    if not any(len(name) == 1 for name in classes):
        return "The names of this generator's classes are longer than one character: there is nothing to write with."
    return ""


def left_out(classes: tuple[str, ...], text: str) -> str:
    """Which characters of `text` are not written, and what could be, in one sentence; empty where all are."""
    if cannot_write(classes) or not (unknown := sorted({character for character in text if character not in classes})):
        return ""
    known = [name for name in classes if len(name) == 1]
    shown = " ".join(known) if len(known) <= 12 else f"{' '.join(known[:12])} …"
    return f"Left out: {' '.join('space' if one == ' ' else one for one in unknown)}. This generator writes {shown}"
