"""What the terminal shows of a training run."""

from __future__ import annotations

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from trainer.config import TrainConfig


class TrainingProgress:
    """Shows a progress bar in a terminal, and lines of text elsewhere."""

    def __init__(self, config: TrainConfig, console: Console) -> None:
        self._config, self._console = config, console
        self._status = ""
        self._images_per_s = 0.0
        self._bar = Progress(
            TextColumn("{task.description}", "bold", markup=False),
            BarColumn(),
            TextColumn("{task.fields[status]}", markup=False),
            TimeRemainingColumn(compact=True),
            console=console,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task(f"{config.preset} on {config.dataset}", total=1.0, status="")

    def start(self, images_seen: int, seconds: float) -> None:
        """Show the bar. seconds: time in training steps so far."""
        self._show(images_seen, seconds)
        self._bar.start()

    def stop(self) -> None:
        """Restore the terminal."""
        self._bar.stop()

    def update(self, images_seen: int, seconds: float, images_per_s: float, losses: str) -> None:
        """Advance the bar, and show the speed and the losses."""
        self._images_per_s, self._status = images_per_s, f"  {images_per_s:,.0f}/s  {losses}"
        self._show(images_seen, seconds)

    def print_line(self, images_seen: int, seconds: float) -> None:
        """Print the progress as a line, unless there is a bar or nothing has been trained yet."""
        if self._console.is_terminal or not self._images_per_s:
            return
        left_s = (self._config.images - images_seen) / self._images_per_s
        if self._config.seconds:
            left_s = min(left_s, self._config.seconds - seconds)
        _, done = self._done(images_seen, seconds)
        self._console.print(f"{done}{self._status}  {max(left_s, 0):.0f} s left")

    def print(self, message: str, style: str = "") -> None:
        """Print a message above the bar. style: as in rich."""
        self._console.print(Text(message, style))

    def _show(self, images_seen: int, seconds: float) -> None:
        share, done = self._done(images_seen, seconds)
        self._bar.update(self._task, completed=share, status=done + self._status)

    def _done(self, images_seen: int, seconds: float) -> tuple[float, str]:
        """Return how much of the run is done, as a share and in words, by the limit that will end it first."""
        images, limit_s = self._config.images, self._config.seconds
        if limit_s and seconds / limit_s > images_seen / images:
            return seconds / limit_s, f"{min(seconds, limit_s):.0f} of {limit_s:g} s, {images_seen:,} images"
        return images_seen / images, f"{images_seen:,} of {images:,} images"
