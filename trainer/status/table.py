"""The states of runs as tables for the terminal."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from trainer.report.formats import format_number
from trainer.report.tables import plain_table, widths
from trainer.scoring.metrics import METRICS
from trainer.status.states import RunState, State

STYLES: dict[State, str] = {
    "running": "cyan",
    "finished": "green",
    "stopped": "yellow",
    "failed": "bold red",
    "waiting": "dim",
}
NARROW, NARROW_NAME = 80, 16
"""In a terminal with fewer columns than the first, names of runs are shortened to the second."""

Column = Callable[[RunState], str]


def status_report(states: Sequence[RunState], console: Console, most: int | None = None) -> RenderableType:
    """Return the tables of all states, what is to be said about single runs, and the number of runs in each state.

    Where the terminal is narrow, the columns are in several tables. most: the number of runs that are shown; those that
    run or have failed come first.
    """
    shown = list(states)
    if most is not None and len(shown) > most:
        urgent = sorted(states, key=lambda each: list(STYLES).index(each.state) if each.state != "failed" else -1)
        kept = {each.name for each in urgent[: max(1, most)]}
        shown = [each for each in states if each.name in kept]
    names = _names(shown, console)
    parts: list[RenderableType] = []
    columns = _columns(shown)
    rest = list(columns)
    while rest:
        count = len(rest)
        while count > 1 and widths(_table(shown, names, columns, rest[:count]), console).maximum > console.width:
            count -= 1
        parts.append(_table(shown, names, columns, rest[:count]))
        rest = rest[count:]
    parts += [Text(f"{names[each.name]}: {said}", overflow="fold") for each in shown if (said := _sentence(each))]
    counts = Counter(each.state for each in states)
    total = ", ".join(f"{counts[state]} {state}" for state in STYLES if counts[state])
    hidden = f"; {len(states) - len(shown)} are not shown" if len(shown) < len(states) else ""
    parts.append(Text(f"{len(states)} run{'s' if len(states) > 1 else ''}: {total}{hidden}"))
    return Group(*parts)


def duration(seconds: float | None) -> str:
    """Return a duration in one or two units, as in "45 s", "12 min" or "3 h 05 min"; "–" for None."""
    if seconds is None:
        return "–"
    minutes = round(seconds / 60)
    if seconds < 99.5:
        return f"{seconds:.0f} s"
    if minutes < 100:
        return f"{minutes} min"
    hours = round(seconds / 3600)
    return f"{minutes // 60} h {minutes % 60:02} min" if hours < 48 else f"{hours / 24:.1f} days"


def brief(number: int | None) -> str:
    """Return a number of images, as in "640", "12.8k" or "3M"; "?" for None."""
    if number is None:
        return "?"
    for unit, name in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if number >= unit:
            return f"{number / unit:.3g}{name}"
    return str(number)


def _columns(states: Sequence[RunState]) -> dict[str, Column]:
    columns: dict[str, Column] = {
        "state": lambda each: each.state,
        "images": lambda each: f"{brief(each.images)} of {brief(each.images_goal)}",
        "left": lambda each: "" if each.state == "finished" else duration(each.seconds_left),
        "images/s": lambda each: "–" if each.images_per_s is None else f"{each.images_per_s:,.0f}",
    }
    for key in dict.fromkeys(each.metric for each in states if each.metric):
        columns[METRICS[key].short_name] = lambda each, key=key: (  # type: ignore[misc]
            format_number(each.score, 3) if each.metric == key else ""
        )
        columns[f"floor {METRICS[key].short_name}" if len(columns) > 5 else "floor"] = lambda each, key=key: (  # type: ignore[misc]
            format_number(each.floor, 3) if each.metric == key else ""
        )
    columns["checkpoint"] = lambda each: (
        "none" if each.checkpoint_age_s is None else f"{duration(each.checkpoint_age_s)} ago"
    )
    return columns


def _table(
    states: Sequence[RunState], names: dict[str, str], columns: dict[str, Column], chosen: Sequence[str]
) -> Table:
    table = plain_table("run", *chosen)
    for column in table.columns[1:]:
        column.justify = "left" if column.header == "state" else "right"
    for each in states:
        cells = (Text(columns[name](each), STYLES[each.state] if name == "state" else "") for name in chosen)
        table.add_row(Text(names[each.name]), *cells)
    return table


def _names(states: Sequence[RunState], console: Console) -> dict[str, str]:
    """Return a name for each path: without the folder that all share, and shortened in a narrow terminal."""
    paths = [each.name for each in states]
    common = Path(os.path.commonpath([str(Path(path).parent) for path in paths]))
    names = {path: str(Path(path).relative_to(common)) for path in paths}
    if console.width < NARROW:
        names = {
            path: name if len(name) <= NARROW_NAME else f"…{name[1 - NARROW_NAME :]}" for path, name in names.items()
        }
    return names


def _sentence(each: RunState) -> str:
    """Return where a run is trained and by whom, or why it failed; empty if nothing is to be said."""
    if each.state != "running" or each.owner is None:
        return each.why
    by = f" by {each.owner.user}" if each.owner.user else ""
    job = f" (job {each.owner.job})" if each.owner.job else ""
    return f"{each.owner}{by}{job}. {each.why}".strip()
