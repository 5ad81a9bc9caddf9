"""The results of "Real or forged?", kept as JSON on this machine alone."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from digitforge.errors import CannotWrite, explain_read
from digitforge.files import write_bytes
from viewer.core.plain import check_range, from_plain, to_plain

LARGEST_FILE = 2**20
"""Bytes."""
MOST_RESULTS = 2_000
"""The oldest are dropped."""
Z = 1.959964
"""The standard normal quantile of a 95 % interval."""


@dataclass(frozen=True)
class Result:
    """A finished round. Raises ValueError for a value out of range."""

    when: str
    """UTC, as 2026-01-31T12:00:00."""
    player: int
    """1 or 2."""
    generator: str
    """The generator's name for people."""
    images: int
    """Images that the generator had seen in its training; 0 if that is not known."""
    right: int
    """Pictures that the player was right about, of ten."""
    forged: int
    """Forgeries in the round."""
    fooled: int
    """Forgeries that the player took for real."""
    discriminator_right: int = -1
    """Pictures that the discriminator was right about; -1 without one."""

    def __post_init__(self) -> None:
        check_range("player", self.player, 1, 2)
        check_range("images", self.images, 0, 10**15)
        check_range("right", self.right, 0, 10)
        check_range("forged", self.forged, 0, 10)
        check_range("fooled", self.fooled, 0, self.forged)
        check_range("discriminator_right", self.discriminator_right, -1, 10)


@dataclass(frozen=True)
class Results:
    """All finished rounds, the oldest first."""

    rounds: tuple[Result, ...] = ()

    def with_round(self, result: Result) -> Results:
        """Return the results with one more round."""
        return Results((*self.rounds, result)[-MOST_RESULTS:])

    def of(self, generator: str, images: int) -> tuple[Result, ...]:
        """Return the rounds against one generator at one stage of its training."""
        return tuple(one for one in self.rounds if (one.generator, one.images) == (generator, images))


@dataclass(frozen=True)
class FoolingRate:
    """How often people took a forgery for real, with its 95 % interval (Wilson 1927)."""

    fooled: int
    shown: int

    @property
    def rate(self) -> float:
        """Share of the forgeries that were taken for real; 0 without any."""
        return self.fooled / self.shown if self.shown else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """The lowest and highest rate that the results allow; (0, 1) without any."""
        if not self.shown:
            return 0.0, 1.0
        n, p = self.shown, self.rate
        centre = (p + Z**2 / (2 * n)) / (1 + Z**2 / n)
        half = Z / (1 + Z**2 / n) * math.sqrt(p * (1 - p) / n + Z**2 / (4 * n**2))
        return max(0.0, centre - half), min(1.0, centre + half)

    def sentence(self) -> str:
        """Return the rate for people; empty without results."""
        if not self.shown:
            return ""
        low, high = self.interval
        return f"{self.fooled} of {self.shown} forgeries passed for real: {self.rate:.0%} ({low:.0%} to {high:.0%})"


def fooling_rate(rounds: Iterable[Result]) -> FoolingRate:
    """Return the human fooling rate of some rounds."""
    found = tuple(rounds)
    return FoolingRate(sum(one.fooled for one in found), sum(one.forged for one in found))


def streak(rounds: Sequence[Result], player: int, least: int = 8) -> int:
    """Return how many rounds in a row, up to the last one, a player had at least `least` pictures right."""
    count = 0
    for one in reversed([each for each in rounds if each.player == player]):
        if one.right < least:
            break
        count += 1
    return count


def to_csv(results: Results) -> str:
    """Return the results as a table with a row for each round."""
    written = io.StringIO()
    writer = csv.DictWriter(written, list(Result.__dataclass_fields__), lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(one) for one in results.rounds)
    return written.getvalue()


def load(path: Path) -> tuple[Results, str]:
    """Return the results in a file, or none, and a sentence if the file could not be read."""
    try:
        if not path.exists():
            return Results(), ""
        if path.stat().st_size > LARGEST_FILE:
            raise ValueError("the file is too large")
        results = from_plain(Results, json.loads(path.read_bytes()), "results")
    except OSError as error:
        return Results(), f"The results in {path} could not be read: {explain_read(error)}"
    except (ValueError, RecursionError) as error:
        return Results(), f"The results in {path} are damaged and begin anew: {str(error)[:200]}."
    assert isinstance(results, Results)
    return results, ""


def save(results: Results, path: Path) -> str:
    """Write the results. Returns a sentence if that failed, else an empty string."""
    try:
        write_bytes(path, (json.dumps(to_plain(results)) + "\n").encode())
    except CannotWrite as error:
        return str(error)
    return ""
