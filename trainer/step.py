"""One step of both networks on one batch."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from accelerate import Accelerator
from torch import Tensor, nn

from trainer import losses, schedules
from trainer.augment import ADAPT_EVERY, Augmentation
from trainer.config import TrainConfig
from trainer.data.batches import Batches
from trainer.ema import Ema
from trainer.losses import LOSSES
from trainer.networks.conditioning import Discriminator, Generator
from trainer.seeding import Draws, seed_of


@dataclass
class Networks:
    """Both networks, prepared for this launch, with what training continues from."""

    generator: nn.Module
    discriminator: nn.Module
    plain_generator: Generator
    """Without the wrapper that averages gradients over processes; likewise below."""
    plain_discriminator: Discriminator
    ema: Ema
    augmentation: Augmentation
    g_optimizer: torch.optim.Optimizer
    d_optimizer: torch.optim.Optimizer

    def modules(self) -> dict[str, nn.Module]:
        """The modules that a checkpoint holds."""
        return {
            "generator": self.plain_generator,
            "discriminator": self.plain_discriminator,
            "ema": self.ema.module,
            "augmentation": self.augmentation,
        }

    def optimizers(self) -> dict[str, torch.optim.Optimizer]:
        """The optimisers that a checkpoint holds."""
        return {"g_optimizer": self.g_optimizer, "d_optimizer": self.d_optimizer}


@dataclass(frozen=True)
class Part:
    """What of a step's batch goes through the networks at once: a process's share, or a part of it."""

    draws: Draws
    reals: Tensor
    y: Tensor | None


@dataclass(frozen=True)
class Kind:
    """What is done in a step: two steps of one kind differ in their inputs alone."""

    penalised: bool
    generator: bool
    adapts: bool
    """Whether the probability of augmentation moves."""


@dataclass(frozen=True)
class Inputs:
    """What a step is done with. Numbers may be scalars on the device."""

    parts: Sequence[Part]
    g_lr: float | Tensor
    d_lr: float | Tensor
    penalty_weight: float | Tensor


def step(
    networks: Networks, store: Batches, config: TrainConfig, accelerator: Accelerator, images_seen: int
) -> dict[str, Tensor]:
    """One discriminator step and, where due, one generator step on the batch that follows `images_seen` images.

    Returns both losses and the discriminator's accuracies as scalars, without waiting for them.
    """
    return compute(networks, config, accelerator, *prepare(store, config, accelerator, images_seen))


def prepare(store: Batches, config: TrainConfig, accelerator: Accelerator, images_seen: int) -> tuple[Kind, Inputs]:
    """What the step that follows `images_seen` images does, and with what."""
    number = images_seen // config.batch_size
    if config.dropout:
        torch.manual_seed(seed_of(config.seed, "dropout", number, accelerator.process_index))
    gamma = schedules.value_at(config.gamma, images_seen) if number % config.penalty_every == 0 else 0.0
    kind = Kind(
        penalised=gamma > 0,
        generator=number % config.d_steps == 0,
        adapts=bool(config.augment_target) and (number + 1) % ADAPT_EVERY == 0,
    )
    return kind, Inputs(
        [_part(store, config, accelerator, images_seen, position) for position in range(config.accumulation)],
        schedules.value_at(config.g_lr, images_seen),
        schedules.value_at(config.d_lr, images_seen),
        gamma * config.penalty_every,  # a penalty that is due less often counts for the steps between
    )


def compute(
    networks: Networks, config: TrainConfig, accelerator: Accelerator, kind: Kind, inputs: Inputs
) -> dict[str, Tensor]:
    """Do the step that `prepare` describes; returns what `step` does."""
    seen = networks.augmentation
    criterion = LOSSES[config.loss]
    kept: list[Tensor] = []

    def latents(part: Part, name: str) -> Tensor:
        return part.draws.latents(name, config.latent_size, config.latent_distribution)

    def generate(part: Part, name: str) -> Tensor:
        with accelerator.autocast():
            fakes: Tensor = networks.generator(latents(part, name), part.y)
        return fakes

    def discriminator(part: Part) -> tuple[Tensor, Tensor]:
        # The fakes carry the reals' classes, and the discriminator sees them without a gradient.
        if kind.generator and config.reuse_fakes:
            kept.append(generate(part, "d_latents"))
            fakes = kept[0].detach().float()
        else:
            with torch.no_grad(), accelerator.autocast():
                fakes = networks.plain_generator(latents(part, "d_latents"), part.y).float()
        both = torch.cat([seen(part.reals, part.draws, "d_reals"), seen(fakes, part.draws, "d_fakes")])
        both.requires_grad_(kind.penalised and config.penalty != "gradient-penalty")

        def score(images: Tensor, y: Tensor | None) -> Tensor:
            with accelerator.autocast():
                scores: Tensor = networks.discriminator(images, y)
            return scores.float()

        if config.joint_batch:
            scores = score(both, None if part.y is None else torch.cat([part.y, part.y]))
        else:
            scores = torch.cat([score(half, part.y) for half in both.chunk(2)])
        real_scores, fake_scores = scores.chunk(2)
        loss = criterion.discriminator(real_scores, fake_scores, *_labels(config, part))
        objective = loss
        if kind.penalised and config.penalty == "gradient-penalty":
            reals, fakes = both.detach().chunk(2)
            mixture = part.draws.uniform("mixture")
            penalty = losses.interpolated_penalty(lambda images: score(images, part.y), reals, fakes, mixture)
            objective = loss + inputs.penalty_weight * penalty
        elif kind.penalised:
            # The mean is over both halves, so this is gamma / 2 * R1, R2 or (R1 + R2).
            penalised = {"r1": real_scores, "r2": fake_scores, "r1+r2": scores}[config.penalty]
            objective = loss + inputs.penalty_weight * losses.zero_centred_penalty(penalised, both)
        accuracies = criterion.accuracies(real_scores.detach(), fake_scores.detach())
        return objective, torch.stack([loss.detach(), *accuracies, real_scores.detach().sign().mean()])

    def generator(part: Part) -> tuple[Tensor, Tensor]:
        fakes = kept.pop() if kept else generate(part, "g_latents")
        with accelerator.autocast():
            fake_scores = networks.plain_discriminator(seen(fakes, part.draws, "g_fakes"), part.y).float()
            real_scores = fake_scores
            if criterion.generator_needs_reals:
                with torch.no_grad():
                    reals = seen(part.reals, part.draws, "g_reals")
                    real_scores = networks.plain_discriminator(reals, part.y).float()
        loss = criterion.generator(real_scores, fake_scores)
        return loss, loss.detach()

    def descend(
        network: nn.Module,
        optimizer: torch.optim.Optimizer,
        rate: float | Tensor,
        objective: Callable[[Part], tuple[Tensor, Tensor]],
    ) -> Tensor:
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.zero_grad()
        of_parts = []
        for part in inputs.parts:
            # Gradients are averaged over processes with the last part, for all of them.
            with contextlib.nullcontext() if part is inputs.parts[-1] else accelerator.no_sync(network):
                value, figure = objective(part)
                accelerator.backward(value / len(inputs.parts))
            of_parts.append(figure)
        optimizer.step()
        return torch.stack(of_parts).mean(dim=0)

    d_loss, real_accuracy, fake_accuracy, real_sign = descend(
        networks.discriminator, networks.d_optimizer, inputs.d_lr, discriminator
    )
    networks.augmentation.observe(real_sign, kind.adapts, lambda mean: accelerator.reduce(mean, "mean"))

    figures = {"d_loss": d_loss, "real_accuracy": real_accuracy, "fake_accuracy": fake_accuracy}
    if config.augment_target:
        figures["augment_probability"] = networks.augmentation.probability.clone()
    if kind.generator:
        # The discriminator is frozen and plain, so that nothing of it is averaged over processes.
        networks.plain_discriminator.requires_grad_(False)
        figures["g_loss"] = descend(networks.generator, networks.g_optimizer, inputs.g_lr, generator)
        networks.plain_discriminator.requires_grad_(True)
    return figures


def _part(store: Batches, config: TrainConfig, accelerator: Accelerator, images_seen: int, position: int) -> Part:
    size = config.batch_size // accelerator.num_processes // config.accumulation
    start = (accelerator.process_index * config.accumulation + position) * size
    rows = slice(start, start + size)
    draws = Draws(accelerator.device, config.seed, images_seen // config.batch_size, config.batch_size, rows)
    reals, y = store.batch_at(images_seen, rows)
    if y is not None and config.label_dropout:
        y = y * (draws.uniform("label_dropout", 1) >= config.label_dropout)
    return Part(draws, reals, y)


def _labels(config: TrainConfig, part: Part) -> tuple[Tensor, Tensor]:
    """The labels of reals and fakes, [rows] or scalars: 1 and 0, smoothed."""
    one = part.reals.new_ones(())
    if not config.label_noise:
        return one - config.label_smoothing, one * 0
    noise = part.draws.uniform("label_noise", 2) * config.label_noise
    return 1 - config.label_smoothing - noise[:, 0], noise[:, 1]
