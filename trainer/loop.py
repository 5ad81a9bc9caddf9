"""The training loop: occasional work, one step, bookkeeping - to be read from top to bottom."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch
from accelerate import Accelerator
from torch import nn

from digitforge.errors import RunError
from trainer import checkpoints, launch
from trainer.augment import Augmentation
from trainer.config import ImageFormat, TrainConfig
from trainer.data.batches import Batches
from trainer.ema import Ema, decay
from trainer.graphs import stepper
from trainer.networks import build_discriminator, build_generator
from trainer.optimizers import build_optimizer
from trainer.report.reporter import Reporter
from trainer.step import Networks

STOP_EVERY_STEPS = 16
"""Several processes must stop at the same step: they ask each other this often (one small all-reduce)."""


def train(
    config: TrainConfig,
    images: ImageFormat,
    store: Batches,
    accelerator: Accelerator,
    run_dir: Path,
    reporter: Reporter,
    stop_requested: Callable[[], bool],
    score: Callable[[nn.Module], dict[str, float]] | None = None,
    export: Callable[[int, nn.Module], None] | None = None,
) -> tuple[int, bool]:
    """Train until `config.images` images have been seen, `config.seconds` are over or a stop is requested.

    Returns the images seen, and whether the run is finished: a run that was stopped is not.

    score: judges the averaged generator every `config.score_every` images; all processes call it together.
    export: takes the images seen and the averaged generator every `config.export_every` images, on the main process.
    Continues from the newest whole checkpoint below `run_dir`. Raises RunError where training diverges.
    """
    networks = build(config, images, accelerator)
    folder = run_dir / "checkpoints"
    images_seen = resumed_at = _resume(folder, networks, accelerator, reporter)
    next_step = stepper(networks, store, config, accelerator)
    launch.together(lambda: reporter.begin(images_seen))

    def due(every: int) -> bool:
        """Whether the last step crossed a multiple of `every` images."""
        return images_seen > 0 and images_seen // every > (images_seen - config.batch_size) // every

    def note(fresh: bool) -> None:
        if not config.ema_halflife_images:
            networks.ema.update(networks.plain_generator, keep=0)  # an average of nothing but the last weights
        if fresh:
            _require_finite(networks, images_seen)  # before anything is written
            reporter.losses(images_seen)

    def keep(fresh: bool, sampling: bool, saving: bool, exporting: bool, figures: dict[str, float]) -> None:
        if figures:
            reporter.scored(images_seen, figures)
        if fresh and saving and accelerator.is_main_process:
            state = checkpoints.pack(networks.modules(), networks.optimizers())
            facts = launch.facts(accelerator) | {"seconds": reporter.seconds}
            checkpoints.save(folder, images_seen, state, facts, config.keep_checkpoints)
            reporter.saved(images_seen)
        if sampling:
            reporter.samples(images_seen, networks.ema.module)
        if exporting and export and accelerator.is_main_process:
            export(images_seen, networks.ema.module)

    while True:
        # Occasional work: it reads from the device, which waits for the steps before.
        wishes = (images_seen > 0 and 0 < config.seconds <= reporter.seconds, stop_requested())
        late, stopped = _agree(accelerator, images_seen // config.batch_size, wishes)
        finished = late or images_seen >= config.images
        stopping = finished or stopped
        sampling = stopping or images_seen == 0 or due(config.sample_every)
        saving = stopping or due(config.checkpoint_every)
        scoring = score is not None and (finished or due(config.score_every))
        exporting = export is not None and (finished or due(config.export_every))
        if sampling or saving or scoring or exporting or due(config.log_every):
            fresh = images_seen > resumed_at
            launch.together(partial(note, fresh))
            # Not within the others: all processes score together, and one that has failed would not come.
            with reporter.pause():
                figures = score(networks.ema.module) if score and scoring and fresh else {}
                launch.together(partial(keep, fresh, sampling, saving, exporting, figures))
        if stopping:
            return images_seen, finished

        reporter.note(next_step(images_seen))

        images_seen += config.batch_size
        if config.ema_halflife_images:
            kept = decay(config.batch_size, images_seen, config.ema_halflife_images, config.ema_warmup)
            networks.ema.update(networks.plain_generator, kept)


def build(config: TrainConfig, images: ImageFormat, accelerator: Accelerator) -> Networks:
    """New networks and optimisers on this process's device, the same on every process."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        generator, discriminator = build_generator(config, images), build_discriminator(config, images)
    augmentation = Augmentation(config.augment, config.augment_probability, config.augment_target, config.batch_size)
    augmentation.to(accelerator.device)
    for module in (generator, discriminator):
        module.to(accelerator.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    ema = Ema(generator)
    generator.body.recompute = config.recompute in ("generator", "both")
    discriminator.body.recompute = config.recompute in ("discriminator", "both")
    if config.sync_batch_norm:
        for network in (generator, discriminator):
            network.body = nn.SyncBatchNorm.convert_sync_batchnorm(network.body)
    g_optimizer, d_optimizer = (build_optimizer(config, module) for module in (generator, discriminator))
    if config.compile:
        generator.compile()
        discriminator.compile()
    # The optimisers stay as they are: Accelerate's wrapper serves loss scaling, which bf16 does not need.
    wrapped_generator, wrapped_discriminator = accelerator.prepare(generator, discriminator)
    return Networks(
        wrapped_generator, wrapped_discriminator, generator, discriminator, ema, augmentation, g_optimizer, d_optimizer
    )


def _resume(folder: Path, networks: Networks, accelerator: Accelerator, reporter: Reporter) -> int:
    """Continue from the newest whole checkpoint below `folder`; returns its images seen, 0 where there is none."""
    newest, damaged = checkpoints.load_newest(folder)
    launch.require_same(f"{newest and newest.images_seen}, {damaged}", f"checkpoints in {folder}")
    if damaged:
        reporter.say(f"Damaged and passed over: checkpoint {', '.join(damaged)}.", "yellow")
        if newest is None:
            raise RunError(f"No checkpoint in {folder.parent} is whole: start again in another --run-dir.")
        launch.together(lambda: checkpoints.set_aside(folder, damaged) if accelerator.is_main_process else None)
    if newest is None:
        return 0
    try:
        checkpoints.unpack(newest.tensors, networks.modules(), networks.optimizers())
    except (RuntimeError, LookupError) as error:
        raise RunError(
            f"The checkpoints in {folder} are of other networks: start again in another --run-dir."
        ) from error
    reporter.resume(newest.images_seen, newest.facts, launch.facts(accelerator))
    return newest.images_seen


def _require_finite(networks: Networks, images_seen: int) -> None:
    # A loss that is not finite makes weights that are not, and these are the same on every process.
    weights = [weight for module in networks.modules().values() for weight in module.parameters()]
    if not torch.stack([weight.isfinite().all() for weight in weights]).all():
        raise RunError(
            f"The weights are no longer finite after {images_seen:,} images: training has diverged. "
            "The last checkpoint is kept; try a lower --g-lr and --d-lr or another --gamma in a new --run-dir."
        )


def _agree(accelerator: Accelerator, number: int, wishes: tuple[bool, bool]) -> tuple[bool, bool]:
    """Which of these any process wishes, at step `number`."""
    if accelerator.num_processes == 1:
        return wishes
    if number % STOP_EVERY_STEPS:
        return False, False
    late, stop = accelerator.reduce(torch.tensor(wishes, dtype=torch.float32, device=accelerator.device)).tolist()
    return late > 0, stop > 0
