"""One step of training: the discriminator learns to tell reals from fakes, then the generator learns to fool it.

Reals are training images, fakes are generated ones. Latents, augmentations and label noise are drawn for places in the
global batch (see `seeding.Draws`), so a step does not depend on how the batch is divided.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from accelerate import Accelerator
from torch import Tensor, nn

from trainer import schedules
from trainer.augment import ADAPT_EVERY
from trainer.losses import LOSSES, interpolated_penalty, zero_centred_penalty
from trainer.seeding import Draws, seed_of
from trainer.state import Run


@dataclass(frozen=True)
class MicroBatch:
    """The images of one forward pass: a process's share of the batch, or one of `config.accumulation` parts of it."""

    draws: Draws
    """The random numbers of these rows."""
    reals: Tensor
    """float32 [rows, channels, size, size] in [-1, 1]."""
    y: Tensor | None
    """Class weights of the reals, float32 [rows, classes]; None if the run is unconditional."""


@dataclass(frozen=True)
class StepKind:
    """What is computed in a step. Steps of the same kind differ only in their inputs."""

    penalised: bool
    """Whether the discriminator's loss includes the gradient penalty."""
    generator: bool
    """Whether the generator is trained."""
    adapts: bool
    """Whether the probability of augmentation moves (see `Augmentation.observe`)."""


@dataclass(frozen=True)
class StepInputs:
    """What a step is computed from. The numbers may be scalar tensors on the device."""

    micro_batches: Sequence[MicroBatch]
    g_lr: float | Tensor
    """Learning rate of the generator."""
    d_lr: float | Tensor
    """Learning rate of the discriminator."""
    penalty_weight: float | Tensor
    """Factor of the gradient penalty."""


def step(run: Run, images_seen: int) -> dict[str, Tensor]:
    """Train on the batch that follows `images_seen` images.

    Returns scalars on the device, means over this process's share of the batch: "d_loss", "real_accuracy",
    "fake_accuracy"; "augment_probability" if that adapts; "g_loss" if the generator was trained.
    """
    return compute(run, *prepare(run, images_seen))


def prepare(run: Run, images_seen: int) -> tuple[StepKind, StepInputs]:
    """Return what the step that follows `images_seen` images computes, and from what."""
    config = run.config
    number = images_seen // config.batch_size
    if config.dropout:
        torch.manual_seed(seed_of(config.seed, "dropout", number, run.accelerator.process_index))
    gamma = schedules.value_at(config.gamma, images_seen) if number % config.penalty_every == 0 else 0.0
    kind = StepKind(
        penalised=gamma > 0,
        generator=number % config.d_steps == 0,
        adapts=bool(config.augment_target) and (number + 1) % ADAPT_EVERY == 0,
    )
    inputs = StepInputs(
        [_micro_batch(run, images_seen, index) for index in range(config.accumulation)],
        g_lr=schedules.value_at(config.g_lr, images_seen),
        d_lr=schedules.value_at(config.d_lr, images_seen),
        penalty_weight=gamma * config.penalty_every,  # makes up for the steps without a penalty
    )
    return kind, inputs


def compute(run: Run, kind: StepKind, inputs: StepInputs) -> dict[str, Tensor]:
    """Compute the step that `prepare` has described. Returns the same as `step`."""
    metrics, fakes = discriminator_step(run, kind, inputs)
    if kind.generator:
        metrics["g_loss"] = generator_step(run, inputs, fakes)
    return metrics


def discriminator_step(run: Run, kind: StepKind, inputs: StepInputs) -> tuple[dict[str, Tensor], Tensor | None]:
    """Train the discriminator: the inner loop of Goodfellow et al. 2014, algorithm 1.

    Returns its metrics, and its fakes if the generator is to learn from them (`config.reuse_fakes`).
    """
    config, networks, accelerator = run.config, run.networks, run.accelerator
    criterion, augment = LOSSES[config.loss], networks.augmentation
    fakes_for_generator: Tensor | None = None
    metrics = []
    _set_learning_rate(networks.d_optimizer, inputs.d_lr)
    networks.d_optimizer.zero_grad()
    for micro_batch in _accumulate(accelerator, networks.discriminator, inputs.micro_batches):
        draws, reals, y = micro_batch.draws, micro_batch.reals, micro_batch.y

        # Generate fakes of the reals' classes. No gradient of this step reaches the generator.
        if kind.generator and config.reuse_fakes:  # then there is one micro-batch, see `rules`
            fakes_for_generator = _generate(run, networks.generator, micro_batch, "d_latents")
            fakes = fakes_for_generator.detach().float()
        else:
            with torch.no_grad():
                fakes = _generate(run, networks.plain_generator, micro_batch, "d_latents").float()

        # Score reals and fakes, augmented alike.
        images = torch.cat([augment(reals, draws, "d_reals"), augment(fakes, draws, "d_fakes")])
        images.requires_grad_(kind.penalised and config.penalty != "gradient-penalty")
        if config.joint_batch:
            scores = _score(run, images, None if y is None else torch.cat([y, y]))
        else:
            scores = torch.cat([_score(run, half, y) for half in images.chunk(2)])
        real_scores, fake_scores = scores.chunk(2)

        loss = criterion.discriminator(real_scores, fake_scores, *_labels(run, micro_batch))
        objective = loss
        if kind.penalised:
            objective = loss + inputs.penalty_weight * _penalty(run, micro_batch, images, scores)
        accelerator.backward(objective / len(inputs.micro_batches))

        accuracies = criterion.accuracies(real_scores.detach(), fake_scores.detach())
        metrics.append(torch.stack([loss.detach(), *accuracies, real_scores.detach().sign().mean()]))
    networks.d_optimizer.step()

    d_loss, real_accuracy, fake_accuracy, real_sign = torch.stack(metrics).mean(dim=0)
    augment.observe(real_sign, kind.adapts, lambda mean: accelerator.reduce(mean, "mean"))
    named = {"d_loss": d_loss, "real_accuracy": real_accuracy, "fake_accuracy": fake_accuracy}
    if config.augment_target:
        named["augment_probability"] = augment.probability.clone()
    return named, fakes_for_generator


def generator_step(run: Run, inputs: StepInputs, fakes: Tensor | None) -> Tensor:
    """Train the generator: the end of the outer loop of Goodfellow et al. 2014, algorithm 1. Returns its loss.

    fakes: the fakes of the discriminator's step, if the generator is to learn from them; None generates new ones.
    """
    config, networks, accelerator = run.config, run.networks, run.accelerator
    criterion, augment = LOSSES[config.loss], networks.augmentation
    # The gradient flows through the discriminator, which is frozen, and unwrapped so that processes exchange nothing.
    discriminator = networks.plain_discriminator
    learning = [parameter for parameter in discriminator.parameters() if parameter.requires_grad]
    discriminator.requires_grad_(False)
    losses = []
    _set_learning_rate(networks.g_optimizer, inputs.g_lr)
    networks.g_optimizer.zero_grad()
    for micro_batch in _accumulate(accelerator, networks.generator, inputs.micro_batches):
        draws, reals, y = micro_batch.draws, micro_batch.reals, micro_batch.y
        generated = _generate(run, networks.generator, micro_batch, "g_latents") if fakes is None else fakes
        with accelerator.autocast():
            fake_scores = discriminator(augment(generated, draws, "g_fakes"), y).float()
            real_scores = fake_scores
            if criterion.generator_needs_reals:
                with torch.no_grad():
                    real_scores = discriminator(augment(reals, draws, "g_reals"), y).float()
        loss = criterion.generator(real_scores, fake_scores)
        accelerator.backward(loss / len(inputs.micro_batches))
        losses.append(loss.detach())
    networks.g_optimizer.step()
    for parameter in learning:
        parameter.requires_grad_(True)
    return torch.stack(losses).mean()


def _generate(run: Run, generator: nn.Module, micro_batch: MicroBatch, latents: str) -> Tensor:
    """Return fakes [rows, channels, size, size] with the classes of the reals. latents: the name of their draw."""
    config = run.config
    z = micro_batch.draws.latents(latents, config.latent_size, config.latent_distribution)
    with run.accelerator.autocast():
        fakes: Tensor = generator(z, micro_batch.y)
    return fakes


def _score(run: Run, images: Tensor, y: Tensor | None) -> Tensor:
    """Return the discriminator's scores, float32 [batch]."""
    with run.accelerator.autocast():
        scores: Tensor = run.networks.discriminator(images, y)
    return scores.float()


def _penalty(run: Run, micro_batch: MicroBatch, images: Tensor, scores: Tensor) -> Tensor:
    """Return the gradient penalty, without its weight.

    images: what the discriminator saw, reals and then fakes, [2 * rows, channels, size, size]; scores: [2 * rows].
    """
    if run.config.penalty == "gradient-penalty":
        reals, fakes = images.detach().chunk(2)
        share = micro_batch.draws.uniform("mixture")
        return interpolated_penalty(lambda mixed: _score(run, mixed, micro_batch.y), reals, fakes, share)
    real_scores, fake_scores = scores.chunk(2)
    # The mean is over reals and fakes, so with gamma this is gamma / 2 * R1, R2 or (R1 + R2).
    penalised = {"r1": real_scores, "r2": fake_scores, "r1+r2": scores}[run.config.penalty]
    return zero_centred_penalty(penalised, images)


def _accumulate(
    accelerator: Accelerator, network: nn.Module, micro_batches: Sequence[MicroBatch]
) -> Iterator[MicroBatch]:
    """Yield the micro-batches. Processes average the accumulated gradients of `network` with the last one."""
    *first, last = micro_batches
    for micro_batch in first:
        with accelerator.no_sync(network):
            yield micro_batch
    yield last


def _set_learning_rate(optimizer: torch.optim.Optimizer, rate: float | Tensor) -> None:
    for group in optimizer.param_groups:
        group["lr"] = rate


def _micro_batch(run: Run, images_seen: int, index: int) -> MicroBatch:
    """Return the micro-batch `index` of this process's share of the batch that follows `images_seen` images."""
    config, accelerator = run.config, run.accelerator
    size = config.batch_size // accelerator.num_processes // config.accumulation
    start = (accelerator.process_index * config.accumulation + index) * size
    rows = slice(start, start + size)
    draws = Draws(accelerator.device, config.seed, images_seen // config.batch_size, config.batch_size, rows)
    reals, y = run.batches.batch_at(images_seen, rows)
    if y is not None and config.label_dropout:
        y = y * (draws.uniform("label_dropout", 1) >= config.label_dropout)
    return MicroBatch(draws, reals, y)


def _labels(run: Run, micro_batch: MicroBatch) -> tuple[Tensor, Tensor]:
    """Return the labels of reals and fakes, [rows] or scalars: 1 and 0, smoothed and with noise."""
    config = run.config
    one = micro_batch.reals.new_ones(())
    if not config.label_noise:
        return one - config.label_smoothing, one * 0
    noise = micro_batch.draws.uniform("label_noise", 2) * config.label_noise
    return 1 - config.label_smoothing - noise[:, 0], noise[:, 1]
