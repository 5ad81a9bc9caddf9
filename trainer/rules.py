"""Which settings work together, checked before anything is written."""

from __future__ import annotations

from digitforge.errors import ConfigError
from trainer import augment, schedules
from trainer.config import TrainConfig
from trainer.losses import LOSSES
from trainer.networks import FAMILIES


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
