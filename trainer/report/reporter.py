"""What a person sees and keeps of a run: progress, log.jsonl, sample grids, report.html. Main process only."""

from __future__ import annotations

import dataclasses
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text
from torch import Tensor

from trainer.config import ImageFormat, TrainConfig
from trainer.networks.generator_file import GENERATOR_WEIGHTS, TrainedGenerator, save_generator
from trainer.report import log, pictures
from trainer.report.run_page import write_report

SENTENCES = {field.name: field.metadata["sentence"] for field in dataclasses.fields(TrainConfig)}


class Reporter:
    """Reports one run. On processes other than the main one every method does nothing."""

    def __init__(
        self,
        run_dir: Path,
        config: TrainConfig,
        images: ImageFormat,
        device: torch.device,
        console: Console,
        main: bool,
        track: Callable[[dict[str, float], int], None],
    ) -> None:
        """track: takes the figures of a log line and the images seen, on every process."""
        self._track = track
        self._started, self._seconds_before = time.monotonic(), 0.0
        self._paused_at: float | None = None
        self._saved = ""
        self._events: list[dict[str, Any]] = []
        self.run_dir, self.config, self.images, self.console, self.main = run_dir, config, images, console, main
        self._samples_of = pictures.fixed_inputs(config, images, device)
        self._noted: dict[str, list[Tensor]] = defaultdict(list)
        self._since = (time.monotonic(), 0)
        self._images_per_s = 0.0
        self._last = ""
        self._progress = Progress(
            TextColumn("[bold]{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[facts]}"),
            TimeRemainingColumn(compact=True),
            console=console,
            disable=not main or not console.is_terminal,
        )
        self._task = self._progress.add_task(f"{config.preset} on {config.dataset}", total=1.0, facts="")

    @property
    def seconds(self) -> float:
        """Time of training so far, over all sittings, without what a crash lost, and without pauses."""
        return self._seconds_before + (self._paused_at or time.monotonic()) - self._started

    @contextmanager
    def pause(self) -> Iterator[None]:
        """The block is no training: it counts neither in `seconds` nor in the speed."""
        self._paused_at = time.monotonic()
        yield
        spent, self._paused_at = time.monotonic() - self._paused_at, None
        self._started += spent
        self._since = (self._since[0] + spent, self._since[1])

    def resume(self, images_seen: int, before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
        """Say where the run continues, and whether it can do so exactly, by the facts then and now."""
        self._seconds_before = float(before.get("seconds", 0))
        changed = [f"{name} {now[name]}, before {before.get(name)}" for name in now if now[name] != before.get(name)]
        sentence = f"Resuming after {images_seen:,} images."
        if changed:
            sentence += f" Not to the bit, because this changed: {'; '.join(changed)}."
        self.say(sentence, "yellow" if changed else "")
        self._events = [{"images": images_seen, "note": sentence}] if changed else []

    def saved(self, images_seen: int) -> None:
        """Show that a checkpoint has been written."""
        self._saved = f"  saved at {images_seen:,}"

    def begin(self, images_seen: int) -> None:
        """Start at `images_seen`: log lines beyond it belong to a run that was cut off there and are dropped."""
        self._started = time.monotonic()
        if not self.main:
            return
        self._since = (time.monotonic(), images_seen)
        log.truncate(self.run_dir / log.LOG_FILE, images_seen)
        for event in self._events:
            self._log(**event)
        share, so_far = self._so_far(images_seen)
        self._progress.update(self._task, completed=share, facts=so_far)
        self._progress.start()

    def end(self) -> None:
        """Leave the terminal as it was."""
        self._progress.stop()

    def _log(self, images: int, **values: Any) -> None:
        if self.main:
            log.append(self.run_dir / log.LOG_FILE, images, values)

    def note(self, figures: Mapping[str, Tensor]) -> None:
        """Remember a step's figures, scalars; they stay on the device until `losses`."""
        if self.main:
            for name, figure in figures.items():
                self._noted[name].append(figure)

    def losses(self, images_seen: int) -> None:
        """Log the mean figures since the last call, and the speed."""
        if not self._noted:
            return
        means = {name: float(torch.stack(noted).mean()) for name, noted in self._noted.items()}
        self._noted.clear()
        now, (then, images_then) = time.monotonic(), self._since
        self._since = (now, images_seen)
        self._images_per_s = (images_seen - images_then) / max(now - then, 1e-9)
        figures = {name: round(value, 5) for name, value in means.items()}
        self._log(images=images_seen, **figures, images_per_s=round(self._images_per_s), seconds=round(self.seconds, 1))
        self._tell_tracker(figures | {"images_per_s": self._images_per_s}, images_seen)
        self._last = (
            f"D {means['d_loss']:.3f} ({means['real_accuracy']:.0%} of reals, {means['fake_accuracy']:.0%} of fakes "
            f"told)  G {means.get('g_loss', float('nan')):.3f}{self._saved}"
        )
        share, so_far = self._so_far(images_seen)
        self._progress.update(self._task, completed=share, facts=f"{so_far}  {self._images_per_s:,.0f}/s  {self._last}")

    def _so_far(self, images_seen: int) -> tuple[float, str]:
        """The share of the run that is done, by whichever ends it first, images or seconds; and both in words."""
        images, limit_s, seconds = self.config.images, self.config.seconds, self.seconds
        if limit_s and seconds / limit_s > images_seen / images:
            return seconds / limit_s, f"{min(seconds, limit_s):.0f} of {limit_s:g} s, {images_seen:,} images"
        return images_seen / images, f"{images_seen:,} of {images:,} images"

    def scored(self, images_seen: int, figures: Mapping[str, float]) -> None:
        """Log and say what a score found."""
        rounded = {name: round(value, 5) for name, value in figures.items()}
        self._log(images=images_seen, **rounded)
        self._tell_tracker(rounded, images_seen)
        told = "  ".join(
            f"{name.replace('_', ' ')} {value:.4g}" for name, value in figures.items() if "floor" not in name
        )
        self.say(f"{images_seen:,} images: {told}")

    def samples(self, images_seen: int, generator: torch.nn.Module) -> None:
        """Save the averaged generator, its sample grid and the report."""
        if not self.main:
            return
        trained = TrainedGenerator(generator, self.config, self.images, images_seen)
        save_generator(self.run_dir / GENERATOR_WEIGHTS, trained)
        pictures.save_samples(self.run_dir / "samples" / f"{images_seen:012d}.png", generator, self._samples_of)
        write_report(self.run_dir, SENTENCES)
        if not self.console.is_terminal and self._images_per_s:
            left = (self.config.images - images_seen) / self._images_per_s
            if self.config.seconds:
                left = min(left, self.config.seconds - self.seconds)
            self.console.print(
                f"{self._so_far(images_seen)[1]}  {self._images_per_s:,.0f}/s  {self._last}  {max(left, 0):.0f} s left"
            )

    def _tell_tracker(self, figures: Mapping[str, float], images_seen: int) -> None:
        try:
            self._track(dict(figures), images_seen)
        except Exception as error:  # whatever a tracker's package raises, the training is worth more
            self.say(f"The tracker failed and gets no more figures: {error}", "yellow")
            self._track = lambda *_: None

    def say(self, sentence: str, style: str = "") -> None:
        """Tell the person something, above the progress bar."""
        if self.main:
            self.console.print(Text(sentence, style))
