"""Shifts: movements of the latents along vectors that the state itself holds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from viewer.core.plain import check_range

AMOUNT_MAX = 4.0
"""Largest movement along one direction, in standard deviations."""
LONGEST_NAME = 24
"""Characters of a direction's name."""
LONGEST = 1.001
"""Largest component of a direction: one standard deviation of a latent, and some rounding."""
VECTOR_BYTES_MAX = 4 * 65_536


@dataclass(frozen=True)
class Shift:
    """How far all latents move along a direction that is not a principal one. Raises ValueError if out of range."""

    name: str
    vector: bytes
    """Little-endian float32 [latent], as long as one standard deviation."""
    amount: float
    """In standard deviations."""

    def __post_init__(self) -> None:
        check_range("the length of a direction in bytes", len(self.vector), 4, VECTOR_BYTES_MAX)
        check_vector(self.vector)
        check_range("amount", self.amount, -AMOUNT_MAX, AMOUNT_MAX)
        check_range("the length of the name of a direction", len(self.name), 0, LONGEST_NAME)
        if not self.name.isprintable():
            raise ValueError("the name of a direction has characters that cannot be shown")


def check_vector(vector: bytes) -> None:
    """Raise ValueError unless a vector is made of float32 numbers of at most LONGEST."""
    if len(vector) % 4 or not (np.abs(np.frombuffer(vector, "<f4")) <= LONGEST).all():  # also refuses NaN
        raise ValueError(f"a direction is not made of float32 numbers of at most {LONGEST}")


def shifted(shifts: tuple[Shift, ...], name: str, vector: bytes, amount: float) -> tuple[Shift, ...]:
    """Return the shifts with another amount along one vector, clamped to its range; 0 removes it."""
    amount = min(max(amount, -AMOUNT_MAX), AMOUNT_MAX)
    new = (Shift(name, vector, amount),) if amount else ()
    places = [place for place, shift in enumerate(shifts) if shift.vector == vector]
    place = places[0] if places else len(shifts)
    return (*shifts[:place], *new, *shifts[place + 1 :])
