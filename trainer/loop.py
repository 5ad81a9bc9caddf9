"""The training loop: what happens once in a while, one step, bookkeeping."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from accelerate import Accelerator
from torch import nn

from digitforge.errors import RunError
from trainer import checkpoints, launch
from trainer.ema import decay
from trainer.graphs import make_step
from trainer.report.log import LOG_FILE, read_log
from trainer.report.reporter import Reporter
from trainer.state import Networks, Run

AGREE_EVERY_STEPS = 16
"""Several processes must stop at the same step. They exchange their wish to stop this often: one small all-reduce."""


def train(
    run: Run,
    run_dir: Path,
    reporter: Reporter,
    stop_requested: Callable[[], bool],
    score: Callable[[nn.Module], dict[str, float]] | None = None,
    export: Callable[[int, nn.Module], None] | None = None,
) -> tuple[int, bool]:
    """Train until `config.images` images have been seen, `config.seconds` have passed or a stop is requested.

    Continues from the newest intact checkpoint in `run_dir`. Returns the images seen, and whether the run is finished
    (False after a requested stop). Raises RunError if training diverges.

    score: returns metrics of the averaged generator, every `config.score_every` images. All processes call it together.
    export: exports the averaged generator, every `config.export_every` images, given the images seen. Only the main
    process calls it.
    """
    config, networks, accelerator = run.config, run.networks, run.accelerator
    checkpoint_dir = run_dir / "checkpoints"
    images_seen = resumed_at = _resume(run, checkpoint_dir, reporter)
    next_step = make_step(run)
    with launch.fail_together():
        reporter.start(images_seen)

    def due(every: int) -> bool:
        """Whether the last step reached or passed a multiple of `every` images."""
        return images_seen > 0 and images_seen // every > (images_seen - config.batch_size) // every

    while True:
        out_of_time = images_seen > 0 and 0 < config.seconds <= reporter.clock.seconds
        stop = agree_on_stop(accelerator, images_seen // config.batch_size, out_of_time, stop_requested())
        finished = stop.out_of_time or images_seen >= config.images
        stopping = finished or stop.requested

        # Once in a while: log, score, save a checkpoint, sample, export. This waits for the device.
        trained = images_seen > resumed_at
        score_due = score is not None and trained and (finished or due(config.score_every))
        checkpoint_due = trained and (stopping or due(config.checkpoint_every))
        samples_due = stopping or images_seen == 0 or due(config.sample_every)
        export_due = export is not None and (finished or due(config.export_every))
        if due(config.log_every) or score_due or checkpoint_due or samples_due or export_due:
            if not config.ema_halflife_images:
                networks.ema.update(networks.plain_generator, decay=0)  # the last weights
            if trained:
                with launch.fail_together():
                    _require_finite(networks, images_seen)
                    reporter.log_losses(images_seen)
            with reporter.clock.pause():
                # Scoring is an exchange between the processes, so it must be outside of `fail_together`.
                metrics = score(networks.ema.module) if score and score_due else {}
                with launch.fail_together():
                    if metrics:
                        reporter.log_score(images_seen, metrics)
                    if checkpoint_due and accelerator.is_main_process:
                        state = checkpoints.pack(networks.modules(), networks.optimizers())
                        facts = launch.facts(accelerator) | {"seconds": reporter.clock.seconds}
                        checkpoints.save(checkpoint_dir, images_seen, state, facts, config.keep_checkpoints)
                        reporter.checkpoint_saved(images_seen)
                    if samples_due:
                        reporter.save_samples(images_seen, networks.ema.module)
                    if export and export_due and accelerator.is_main_process:
                        export(images_seen, networks.ema.module)
        if stopping:
            return images_seen, finished

        # One step.
        reporter.collect(next_step(images_seen))

        # Bookkeeping.
        images_seen += config.batch_size
        if config.ema_halflife_images:
            ema_decay = decay(config.batch_size, images_seen, config.ema_halflife_images, config.ema_warmup)
            networks.ema.update(networks.plain_generator, ema_decay)


def _resume(run: Run, checkpoint_dir: Path, reporter: Reporter) -> int:
    """Load the newest intact checkpoint. Returns the images seen, 0 if there is no checkpoint."""
    logged = (int(point["images"]) for point in read_log(checkpoint_dir.with_name(LOG_FILE))[0])
    newest, damaged = checkpoints.load_newest(checkpoint_dir, logged)
    launch.require_same(f"{newest and newest.images_seen}, {damaged}", f"checkpoints in {checkpoint_dir}")
    if damaged:
        reporter.say(f"Skipped damaged checkpoint {', '.join(damaged)}.", "yellow")
        if newest is None:
            raise RunError(f"All checkpoints in {checkpoint_dir} are damaged: start again in another --run-dir.")
        with launch.fail_together():
            if run.accelerator.is_main_process:
                checkpoints.set_aside(checkpoint_dir, damaged)
    if newest is None:
        return 0
    try:
        checkpoints.unpack(newest.tensors, run.networks.modules(), run.networks.optimizers())
    except (RuntimeError, LookupError) as error:
        raise RunError(
            f"The checkpoints in {checkpoint_dir} are for other networks: start again in another --run-dir."
        ) from error
    reporter.resume(newest.images_seen, newest.facts, launch.facts(run.accelerator))
    return newest.images_seen


def _require_finite(networks: Networks, images_seen: int) -> None:
    # A loss that is not finite makes the weights not finite, and the weights are the same on every process.
    weights = [weight for module in networks.modules().values() for weight in module.parameters()]
    if not torch.stack([weight.isfinite().all() for weight in weights]).all():
        raise RunError(
            f"The weights are not finite after {images_seen:,} images: training has diverged. The last checkpoint is "
            "kept. Try a lower --g-lr and --d-lr, or another --gamma, in a new --run-dir."
        )


@dataclass(frozen=True)
class Stop:
    """Why to stop before the next step."""

    out_of_time: bool
    """Whether `config.seconds` have passed: the run is finished."""
    requested: bool
    """Whether the user has requested a stop: the run can be resumed."""


def agree_on_stop(accelerator: Accelerator, step_number: int, out_of_time: bool, requested: bool) -> Stop:
    """Combine the stops of all processes, so that they stop at the same step.

    Several processes agree every AGREE_EVERY_STEPS steps, and do not stop in between.
    """
    if accelerator.num_processes == 1:
        return Stop(out_of_time, requested)
    if step_number % AGREE_EVERY_STEPS:
        return Stop(False, False)
    wishes = torch.tensor([out_of_time, requested], dtype=torch.float32, device=accelerator.device)
    late, stopped = accelerator.reduce(wishes).tolist()
    return Stop(late > 0, stopped > 0)
