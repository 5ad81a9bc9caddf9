"""The report of a run while it trains: the terminal, log.jsonl, the tracker, sample grids and report.html."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from torch import Tensor

from trainer.config import ImageFormat, TrainConfig
from trainer.networks.generator_file import GENERATOR_WEIGHTS, TrainedGenerator, save_generator
from trainer.report import log, pictures
from trainer.report.clock import TrainingClock
from trainer.report.progress import TrainingProgress
from trainer.report.run_page import write_report


class Reporter:
    """Reports one run. On processes other than the main one its methods do nothing, but its clock runs."""

    def __init__(
        self,
        run_dir: Path,
        config: TrainConfig,
        image_format: ImageFormat,
        device: torch.device,
        console: Console,
        is_main: bool,
        track: Callable[[dict[str, float], int], None],
    ) -> None:
        """is_main: whether this is the launch's main process.

        track: sends metrics by name, and the images seen, to an experiment tracker.
        """
        self.clock = TrainingClock()
        self._run_dir, self._config, self._image_format, self._is_main = run_dir, config, image_format, is_main
        self._log = run_dir / log.LOG_FILE
        self._track = track
        self._progress = TrainingProgress(config, console)
        self._sample_inputs = pictures.fixed_inputs(config, image_format, device)
        self._losses: dict[str, list[Tensor]] = defaultdict(list)
        self._logged_at = (0, 0.0)
        """Images and seconds at the last line of the log."""
        self._resume_note = ""
        self._last_checkpoint = ""

    def say(self, message: str, style: str = "") -> None:
        """Print a message above the progress bar. style: as in rich."""
        if self._is_main:
            self._progress.print(message, style)

    def resume(self, images_seen: int, facts_before: Mapping[str, Any], facts: Mapping[str, Any]) -> None:
        """Say where the run resumes, and what has changed since, so that it cannot resume bit for bit.

        facts_before: see `launch.facts`, with the "seconds" of the clock, as stored in the checkpoint.
        """
        self.clock.set(float(facts_before.get("seconds", 0)))
        changes = [
            f"{name} changed from {facts_before.get(name)} to {value}"
            for name, value in facts.items()
            if value != facts_before.get(name)
        ]
        message = f"Resuming after {images_seen:,} images."
        if changes:
            message = self._resume_note = f"{message} Not bit for bit: {', '.join(changes)}."
        self.say(message, "yellow" if changes else "")

    def start(self, images_seen: int) -> None:
        """Start the clock, the log and the progress bar.

        Log lines beyond `images_seen` belong to a session that was cut short, and are dropped.
        """
        self.clock.start()
        if not self._is_main:
            return
        self._logged_at = (images_seen, self.clock.seconds)
        log.truncate(self._log, images_seen)
        if self._resume_note:
            log.append(self._log, images_seen, {"note": self._resume_note})
        self._progress.start(images_seen, self.clock.seconds)

    def stop(self) -> None:
        """Remove the progress bar."""
        self._progress.stop()

    def collect(self, metrics: Mapping[str, Tensor]) -> None:
        """Keep the losses and accuracies of one step, scalars, on the device until `log_losses` averages them."""
        if self._is_main:
            for name, value in metrics.items():
                self._losses[name].append(value)

    def log_losses(self, images_seen: int) -> None:
        """Log the means of what `collect` has kept since the last call, and the speed. Waits for the device."""
        if not self._losses:
            return
        means = {name: float(torch.stack(values).mean()) for name, values in self._losses.items()}
        self._losses.clear()
        (images_before, seconds_before), seconds = self._logged_at, self.clock.seconds
        self._logged_at = (images_seen, seconds)
        images_per_s = (images_seen - images_before) / max(seconds - seconds_before, 1e-9)
        losses = {name: round(mean, 5) for name, mean in means.items()}
        speed = {"images_per_s": round(images_per_s), "seconds": round(seconds, 1)}
        log.append(self._log, images_seen, losses | speed)
        self._send_to_tracker(losses | {"images_per_s": images_per_s}, images_seen)
        summary = (
            f"D loss {means['d_loss']:.3f} (accuracy {means['real_accuracy']:.0%} on real images, "
            f"{means['fake_accuracy']:.0%} on generated)  G loss {means.get('g_loss', float('nan')):.3f}"
        )
        self._progress.update(images_seen, seconds, images_per_s, summary + self._last_checkpoint)

    def log_score(self, images_seen: int, metrics: Mapping[str, float]) -> None:
        """Log and print the metrics of the averaged generator."""
        if not self._is_main:
            return
        rounded = {name: round(value, 5) for name, value in metrics.items()}
        log.append(self._log, images_seen, rounded)
        self._send_to_tracker(rounded, images_seen)
        shown = {name.replace("_", " "): value for name, value in metrics.items() if "floor" not in name}
        self.say(f"{images_seen:,} images: " + "  ".join(f"{name} {value:.4g}" for name, value in shown.items()))

    def checkpoint_saved(self, images_seen: int) -> None:
        """Show the newest checkpoint in the progress bar."""
        self._last_checkpoint = f"  checkpoint at {images_seen:,}"

    def save_samples(self, images_seen: int, generator: torch.nn.Module) -> None:
        """Save the averaged generator, a grid of its samples and report.html."""
        if not self._is_main:
            return
        trained = TrainedGenerator(generator, self._config, self._image_format, images_seen)
        save_generator(self._run_dir / GENERATOR_WEIGHTS, trained)
        pictures.save_samples(self._run_dir / "samples" / f"{images_seen:012d}.png", generator, self._sample_inputs)
        write_report(self._run_dir)
        self._progress.print_line(images_seen, self.clock.seconds)

    def _send_to_tracker(self, metrics: dict[str, float], images_seen: int) -> None:
        try:
            self._track(metrics, images_seen)
        except Exception as error:  # a tracker's package may raise anything, and must not end the training
            self.say(f"The tracker failed and gets no more metrics: {error}", "yellow")
            self._track = lambda *_: None
