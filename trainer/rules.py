"""Which settings work together, checked before anything is written."""

from __future__ import annotations

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from digitforge.errors import ConfigError
from trainer import augment, schedules
from trainer.config import ImageFormat, TrainConfig
from trainer.losses import LOSSES
from trainer.networks import FAMILIES, build_generator

MOST_CLASSES = 1_000
"""`export.contract` allows no more."""
MOST_WEIGHT_BYTES = 127 * 2**20
"""`export.safety.checks` opens files of up to 128 MiB, of which the graph takes some."""
MOST_IMAGE_BYTES = 14 * 2**20
MOST_WORK = 5 * 10**9
"""Memory and multiplications for one image: the limits of `export.safety.budget`."""


def check(config: TrainConfig, world: int, device: str) -> list[str]:
    """Return a warning for each doubtful combination of settings.

    world: number of processes; device: their type, "cpu" or "cuda". Raises ConfigError for a combination that cannot
    work.
    """
    augment.parse(config.augment)
    loss, family = LOSSES[config.loss], FAMILIES[config.network]
    parts = world * config.accumulation
    batch_norm = family.batch_norm_in_g or family.batch_norm_in_d
    penalised = any(value > 0 for _, value in schedules.parse(config.gamma))
    recomputes_d = config.recompute in ("discriminator", "both")
    smoothed = config.label_smoothing > 0 or config.label_noise > 0

    if config.batch_size % parts != 0:
        raise ConfigError(
            f"batch_size is {config.batch_size}, but it must be a multiple of {parts} ({world} processes, each "
            f"splitting its share into {config.accumulation} parts)."
        )
    if batch_norm and config.batch_size // parts < 2:
        raise ConfigError(
            "BatchNorm needs at least two images in each part of the batch: raise --batch-size or lower --accumulation."
        )
    if smoothed and not loss.has_labels:
        labelled = ", ".join(name for name, row in LOSSES.items() if row.has_labels)
        raise ConfigError(
            f"The {config.loss} loss has no labels to smooth: use --label-smoothing 0 and --label-noise 0, or one of "
            f"{labelled}."
        )
    if config.label_dropout > 0 and not config.conditional:
        raise ConfigError(
            "label_dropout withholds classes, but the run is unconditional: use --label-dropout 0, or "
            "--conditional true."
        )
    if (config.labels or config.infer_labels) and not config.conditional:
        name = "labels" if config.labels else "infer_labels"
        raise ConfigError(
            f"{name} is about classes, but the run is unconditional: use --conditional true, or leave it out."
        )
    if loss.needs_bounded_slope and not penalised and not config.spectral_norm:
        raise ConfigError(
            f"The {config.loss} loss needs a discriminator of bounded slope: use --penalty gradient-penalty "
            "--gamma 10, or --spectral-norm true."
        )
    if config.compile and penalised:
        raise ConfigError(
            "Compiled networks have no second derivative, which a gradient penalty needs (torch#91469): use "
            "--gamma 0, or --compile false."
        )
    if config.compile and config.recompute != "none":
        raise ConfigError("Recomputation cannot be compiled: use --recompute none, or --compile false.")
    if recomputes_d and config.spectral_norm:
        raise ConfigError(
            "Recomputing the discriminator would update its spectral norm a second time: use --recompute generator, "
            "or --spectral-norm false."
        )
    if config.reuse_fakes and config.accumulation > 1:
        raise ConfigError(
            "Reused fakes would have to be kept for all parts of a batch: use --reuse-fakes false, or --accumulation 1."
        )
    if config.sync_batch_norm and penalised and family.batch_norm_in_d:
        raise ConfigError(
            "SyncBatchNorm in the discriminator has no second derivative, which a gradient penalty needs: use "
            "--gamma 0, or --sync-batch-norm false."
        )
    if config.sync_batch_norm and device != "cuda":
        raise ConfigError("SyncBatchNorm works only on GPUs: use --sync-batch-norm false.")
    if config.sync_batch_norm and config.recompute != "none":
        raise ConfigError(
            "SyncBatchNorm would update its statistics a second time during recomputation: use --recompute none, or "
            "--sync-batch-norm false."
        )
    if config.self_attention and not family.self_attention:
        able = " or ".join(name for name, row in FAMILIES.items() if row.self_attention)
        raise ConfigError(
            f"The {config.network} family has no self-attention: use --network {able}, or --self-attention false."
        )
    if config.dropout > 0 and not family.dropout:
        able = " or ".join(name for name, row in FAMILIES.items() if row.dropout)
        raise ConfigError(f"The {config.network} family has no dropout: use --network {able}, or --dropout 0.")
    if config.freeze_d and not config.init_from:
        raise ConfigError(
            "freeze_d keeps layers as they begin, which is random: name a run to begin with with --init-from, or use "
            "--freeze-d 0."
        )
    if config.augment_target > 0 and not config.augment:
        raise ConfigError(
            "augment_target adapts augmentations, but there are none: name some with --augment, or use "
            "--augment-target 0."
        )
    if config.augment_target > 0 and not loss.sign_means_real:
        raise ConfigError(
            f"Adaptive augmentation watches the sign of the discriminator's scores, which means nothing with the "
            f"{config.loss} loss: use --augment-target 0, or another --loss."
        )

    warnings = []
    if config.spectral_norm and config.weight_decay > 0:
        warnings.append(
            "Spectral norm cancels the effect of weight decay on the discriminator: it only changes the learning rate."
        )
    if penalised and family.batch_norm_in_d:
        warnings.append(
            f"BatchNorm in the {config.network} discriminator mixes the images of a batch, so the gradient penalty "
            "does not act on single images."
        )
    return warnings


def check_export(config: TrainConfig, images: ImageFormat) -> None:
    """Raise ConfigError if the generator could not be exported after training, as far as its layers show."""
    if config.conditional and len(images.classes) > MOST_CLASSES:
        raise ConfigError(
            f"There are {len(images.classes):,} classes, but a generator of more than {MOST_CLASSES:,} cannot be "
            "exported: choose some with --classes, or use --conditional false."
        )
    smaller = "choose a smaller --image-size or --g-width, or another --network."
    with torch.device("meta"):  # nothing is allocated or drawn
        generator = build_generator(config, images).eval()
        z = torch.empty(1, config.latent_size)
        y = torch.empty(1, len(images.classes)) if config.conditional else None
    weights = sum(tensor.nbytes for tensor in generator.state_dict().values())
    if weights > MOST_WEIGHT_BYTES:
        raise ConfigError(
            f"The generator would have {weights / 2**20:,.0f} MiB of weights, but only {MOST_WEIGHT_BYTES >> 20} MiB "
            f"can be exported: {smaller}"
        )
    largest = 0

    def note(_module: nn.Module, inputs: tuple[object, ...], output: object) -> None:
        nonlocal largest
        held = [value for value in (*inputs, output) if isinstance(value, torch.Tensor)]
        largest = max(largest, sum(value.nbytes for value in held))

    for module in generator.modules():
        if not any(module.children()) and not isinstance(module, nn.Identity | nn.Dropout):  # these are not exported
            module.register_forward_hook(note)
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        generator(z, y)
    if largest > MOST_IMAGE_BYTES or counter.get_total_flops() / 2 > MOST_WORK:
        raise ConfigError(
            f"The generator would need more memory or time for an image than an exported one may: {smaller}"
        )
