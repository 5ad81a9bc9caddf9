"""The training loop: occasional work, one step, bookkeeping - to be read from top to bottom."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from accelerate import Accelerator
from torch import Tensor, nn

from trainer import checkpoints, losses, schedules
from trainer.config import ImageFormat, TrainConfig
from trainer.ema import Ema, decay
from trainer.errors import RunError
from trainer.images import ImageStore
from trainer.networks import build_discriminator, build_generator
from trainer.reports import Reporter
from trainer.seeding import draw_latents, stream

STOP_EVERY_STEPS = 16
"""Several processes must stop at the same step: they ask each other this often (one small all-reduce)."""


@dataclass
class Networks:
    """Both networks, prepared for this launch, with what training continues from."""

    generator: nn.Module
    discriminator: nn.Module
    plain_generator: nn.Module
    """Without the wrapper that averages gradients over processes; likewise below."""
    plain_discriminator: nn.Module
    ema: Ema
    g_optimizer: torch.optim.Optimizer
    d_optimizer: torch.optim.Optimizer

    def modules(self) -> dict[str, nn.Module]:
        """The modules that a checkpoint holds."""
        return {"generator": self.plain_generator, "discriminator": self.plain_discriminator, "ema": self.ema.module}

    def optimizers(self) -> dict[str, torch.optim.Optimizer]:
        """The optimisers that a checkpoint holds."""
        return {"g_optimizer": self.g_optimizer, "d_optimizer": self.d_optimizer}


def train(
    config: TrainConfig,
    images: ImageFormat,
    store: ImageStore,
    accelerator: Accelerator,
    run_dir: Path,
    reporter: Reporter,
    stop_requested: Callable[[], bool],
) -> int:
    """Train until `config.images` images have been seen or a stop is requested; returns the images seen.

    Continues from the newest whole checkpoint below `run_dir`. Raises RunError where training diverges.
    """
    networks = build(config, images, accelerator)
    images_seen, tensors, damaged = checkpoints.load_newest(run_dir / "checkpoints")
    if damaged:
        reporter.say(f"Damaged and passed over: checkpoint {', '.join(damaged)}.", "yellow")
        if not tensors:
            raise RunError(f"No checkpoint in {run_dir} is whole: start again in another --run-dir.")
        accelerator.wait_for_everyone()  # every process has chosen the same one
        if accelerator.is_main_process:
            checkpoints.set_aside(run_dir / "checkpoints", damaged)
    if tensors:
        checkpoints.unpack(tensors, networks.modules(), networks.optimizers())
        del tensors  # they map the file, which some systems then cannot remove
        reporter.say(f"Resuming after {images_seen:,} images.")
    reporter.begin(images_seen)
    resumed_at = images_seen

    def due(every: int) -> bool:
        """Whether the last step crossed a multiple of `every` images."""
        return images_seen // every > (images_seen - config.batch_size) // every

    while True:
        # Occasional work: it reads from the device, which waits for the steps before.
        finished = images_seen >= config.images
        stopping = finished or _agree_to_stop(accelerator, images_seen // config.batch_size, stop_requested)
        fresh = images_seen > resumed_at
        sampling = stopping or due(config.sample_every)
        saving = stopping or due(config.checkpoint_every)
        if fresh and (sampling or saving or due(config.log_every)):
            _require_finite(networks, images_seen)  # before anything is written
            reporter.losses(images_seen)
        if sampling or images_seen == 0:
            reporter.samples(images_seen, networks.ema.module)
        if fresh and saving and accelerator.is_main_process:
            state = checkpoints.pack(networks.modules(), networks.optimizers())
            checkpoints.save(run_dir / "checkpoints", images_seen, state, config.keep_checkpoints)
        if stopping:
            accelerator.wait_for_everyone()
            return images_seen

        reporter.note(step(networks, store, config, accelerator, images_seen))

        images_seen += config.batch_size
        keep = decay(config.batch_size, images_seen, config.ema_halflife_images, config.ema_warmup)
        networks.ema.update(networks.plain_generator, keep)


def build(config: TrainConfig, images: ImageFormat, accelerator: Accelerator) -> Networks:
    """New networks and optimisers on this process's device, the same on every process."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        plain_generator, plain_discriminator = build_generator(config, images), build_discriminator(config, images)
    for module in (plain_generator, plain_discriminator):
        module.to(accelerator.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    ema = Ema(plain_generator)

    def adam(module: nn.Module) -> torch.optim.Optimizer:
        fused = accelerator.device.type in ("cpu", "cuda")
        return torch.optim.Adam(module.parameters(), betas=(config.beta1, config.beta2), fused=fused)  # rate: see step

    g_optimizer, d_optimizer = adam(plain_generator), adam(plain_discriminator)
    # The optimisers stay as they are: Accelerate's wrapper serves loss scaling, which bf16 does not need.
    generator, discriminator = accelerator.prepare(plain_generator, plain_discriminator)
    return Networks(generator, discriminator, plain_generator, plain_discriminator, ema, g_optimizer, d_optimizer)


def step(
    networks: Networks, store: ImageStore, config: TrainConfig, accelerator: Accelerator, images_seen: int
) -> Tensor:
    """One discriminator step and one generator step on the batch that follows `images_seen` images.

    Returns [d_loss, g_loss] without waiting for them.
    """
    rank, world = accelerator.process_index, accelerator.num_processes
    number = images_seen // config.batch_size
    reals, y = store.batch_at(images_seen, rank, world)

    def latents(draw: int) -> Tensor:
        generator = stream(accelerator.device, config.seed, "latents", number, draw, rank)
        return draw_latents(len(reals), config.latent_size, config.latent_distribution, generator)

    # Discriminator: the fakes carry the reals' classes and are made without a gradient.
    gamma = schedules.value_at(config.gamma, images_seen)
    penalised = gamma > 0 and number % config.penalty_every == 0
    with torch.no_grad(), accelerator.autocast():
        fakes = networks.plain_generator(latents(0), y).float()
    both = torch.cat([reals, fakes]).requires_grad_(penalised)
    with accelerator.autocast():
        if config.joint_batch:
            scores = networks.discriminator(both, None if y is None else torch.cat([y, y])).float()
        else:
            scores = torch.cat([networks.discriminator(half, y) for half in both.chunk(2)]).float()
    real_scores, fake_scores = scores.chunk(2)
    d_loss = losses.discriminator_loss(config.loss, real_scores, fake_scores)
    objective = d_loss
    if penalised:
        # gamma / 2 * (R1 + R2), as often as it is due, weighted to match; the penalty is their mean over both halves.
        objective = d_loss + gamma * config.penalty_every * losses.gradient_penalty(scores, both)
    _descend(accelerator, networks.d_optimizer, objective, schedules.value_at(config.d_lr, images_seen))

    # Generator: new fakes; the discriminator is frozen and plain, so that nothing of it is averaged over processes.
    networks.plain_discriminator.requires_grad_(False)
    with accelerator.autocast():
        fake_scores = networks.plain_discriminator(networks.generator(latents(1), y), y).float()
        if config.loss == "relativistic":
            with torch.no_grad():
                real_scores = networks.plain_discriminator(reals, y).float()
    g_loss = losses.generator_loss(config.loss, real_scores, fake_scores)
    _descend(accelerator, networks.g_optimizer, g_loss, schedules.value_at(config.g_lr, images_seen))
    networks.plain_discriminator.requires_grad_(True)
    return torch.stack([d_loss.detach(), g_loss.detach()])


def _descend(accelerator: Accelerator, optimizer: torch.optim.Optimizer, objective: Tensor, rate: float) -> None:
    for group in optimizer.param_groups:
        group["lr"] = rate
    optimizer.zero_grad()
    accelerator.backward(objective)
    optimizer.step()


def _require_finite(networks: Networks, images_seen: int) -> None:
    # A loss that is not finite makes weights that are not, and these are the same on every process.
    weights = [weight for module in networks.modules().values() for weight in module.parameters()]
    if not torch.stack([weight.isfinite().all() for weight in weights]).all():
        raise RunError(
            f"The weights are no longer finite after {images_seen:,} images: training has diverged. "
            "The last checkpoint is kept; try a lower --g-lr and --d-lr or another --gamma in a new --run-dir."
        )


def _agree_to_stop(accelerator: Accelerator, number: int, stop_requested: Callable[[], bool]) -> bool:
    if accelerator.num_processes == 1:
        return stop_requested()
    if number % STOP_EVERY_STEPS:
        return False
    wish = torch.tensor(float(stop_requested()), device=accelerator.device)
    return bool(accelerator.reduce(wish).item())
