"""A typed number in one consistent hand."""

from __future__ import annotations

from dataclasses import dataclass

MOST_CHARACTERS = 24


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
        if len(self.text) > MOST_CHARACTERS or any(roll < 0 for roll in self.rolls):
            raise ValueError(f"{self.text!r} is too long to write")
