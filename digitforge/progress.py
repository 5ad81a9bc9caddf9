"""Progress of long work on the terminal. A bar or spinner disappears when the work ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(f"{task.speed or 0:,.0f}/s")


@dataclass(frozen=True)
class Bar:
    """A progress bar."""

    progress: Progress
    task: TaskID

    def advance(self, count: int = 1) -> None:
        """Add `count` items to those that are done."""
        self.progress.advance(self.task, count)

    def show(self, done: int, total: int, description: str) -> None:
        """Show that `done` of `total` items are done, under a new description."""
        self.progress.update(self.task, completed=done, total=total, description=description)


@contextmanager
def bar(console: Console | None, description: str, total: int | None = None) -> Iterator[Bar]:
    """Show a bar with the number of items done, their rate and the time left.

    console: nothing is shown if it is None or not a terminal. total: the number of items, if it is known.
    """
    text = TextColumn("{task.description}", markup=False)
    columns = (text, BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=_hidden(console)) as progress:
        yield Bar(progress, progress.add_task(description, total=total))


@contextmanager
def spinner(console: Console | None) -> Iterator[Callable[[str], None]]:
    """Show the current phase of some work and the time since it began; yields a function that shows a new phase.

    console: nothing is shown if it is None or not a terminal.
    """
    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=_hidden(console)) as progress:
        task = progress.add_task("")
        yield lambda phase: progress.update(task, description=phase)


def _hidden(console: Console | None) -> bool:
    return console is None or not console.is_terminal
