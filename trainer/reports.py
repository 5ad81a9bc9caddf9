"""What a person sees and keeps of a run: progress, log.jsonl, sample grids, loss curves. Main process only."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text
from torch import Tensor

from trainer import files, pictures
from trainer.config import ImageFormat, TrainConfig
from trainer.networks.weights import GENERATOR_WEIGHTS, TrainedGenerator, save_generator

LOG_FILE = "log.jsonl"
CURVES_FILE = "losses.png"


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
    ) -> None:
        self.run_dir, self.config, self.images, self.console, self.main = run_dir, config, images, console, main
        self._samples_of = pictures.fixed_inputs(config, images, device)
        self._sums: list[Tensor] = []
        self._since = (time.monotonic(), 0)
        self._images_per_s = 0.0
        self._last = ""
        self._progress = Progress(
            TextColumn("[bold]{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("images  {task.fields[facts]}"),
            TimeRemainingColumn(compact=True),
            console=console,
            disable=not main or not console.is_terminal,
        )
        self._task = self._progress.add_task(f"{config.preset} on {config.dataset}", total=config.images, facts="")

    def begin(self, images_seen: int) -> None:
        """Start at `images_seen`: log lines beyond it belong to a run that was cut off there and are dropped."""
        if not self.main:
            return
        self._since = (time.monotonic(), images_seen)
        log = self.run_dir / LOG_FILE
        lines = log.read_text(encoding="utf-8").splitlines(keepends=True) if log.is_file() else []
        files.write_text(log, "".join(line for line in lines if _images_of(line) <= images_seen))
        self._progress.update(self._task, completed=images_seen)
        self._progress.start()

    def end(self) -> None:
        """Leave the terminal as it was."""
        self._progress.stop()

    def log(self, **facts: Any) -> None:
        """Append one line to log.jsonl."""
        if self.main:
            with (self.run_dir / LOG_FILE).open("a", encoding="utf-8") as file:
                file.write(json.dumps(facts) + "\n")

    def note(self, statistics: Tensor) -> None:
        """Remember a step's [d_loss, g_loss]; they stay on the device until `losses`."""
        if self.main:
            self._sums.append(statistics)

    def losses(self, images_seen: int) -> None:
        """Log the mean losses since the last call, and the speed."""
        if not self._sums:
            return
        means = torch.stack(self._sums).mean(dim=0)
        self._sums.clear()
        d_loss, g_loss = means.tolist()
        now, (then, images_then) = time.monotonic(), self._since
        self._since = (now, images_seen)
        self._images_per_s = (images_seen - images_then) / max(now - then, 1e-9)
        self.log(
            images=images_seen, d_loss=round(d_loss, 5), g_loss=round(g_loss, 5), images_per_s=round(self._images_per_s)
        )
        self._progress.update(
            self._task,
            completed=images_seen,
            facts=f"{self._images_per_s:,.0f}/s  D {d_loss:.3f}  G {g_loss:.3f}",
        )
        self._last = f"D {d_loss:.3f}  G {g_loss:.3f}"

    def samples(self, images_seen: int, generator: torch.nn.Module) -> None:
        """Save the averaged generator, its sample grid and the loss curves."""
        if not self.main:
            return
        trained = TrainedGenerator(generator, self.config, self.images, images_seen)
        save_generator(self.run_dir / GENERATOR_WEIGHTS, trained)
        pictures.save_samples(self.run_dir / "samples" / f"{images_seen:012d}.png", generator, self._samples_of)
        pictures.save_curves(self.run_dir / CURVES_FILE, self.run_dir / LOG_FILE)
        if not self.console.is_terminal and self._images_per_s:
            left = (self.config.images - images_seen) / self._images_per_s
            self.console.print(
                f"{images_seen:,} of {self.config.images:,} images  {self._images_per_s:,.0f}/s  "
                f"{self._last}  {max(left, 0):.0f} s left"
            )

    def say(self, sentence: str, style: str = "") -> None:
        """Tell the person something, above the progress bar."""
        if self.main:
            self.console.print(Text(sentence, style))


def _images_of(line: str) -> float:
    """The images seen at a log line; a line that a crash cut off counts as beyond everything."""
    try:
        return float(json.loads(line)["images"])
    except (ValueError, KeyError, TypeError):
        return float("inf")
