"""Settings that cannot work together, or on this launch: refused with the reason before anything is written."""

from __future__ import annotations

from digitforge.errors import ConfigError
from trainer import augment, schedules
from trainer.config import TrainConfig
from trainer.losses import LOSSES

BATCH_NORM_IN_D = ("dcgan", "upsample")
BATCH_NORM_IN_G = ("dense", "upsample", "dcgan", "conv")


def check(config: TrainConfig, world: int, device: str) -> list[str]:
    """Raise ConfigError for what cannot work; returns a sentence for each thing that is better avoided.

    world: processes of the launch; device: their type, as "cpu" or "cuda".
    """
    augment.parse(config.augment)
    penalised = any(value > 0 for _, value in schedules.parse(config.gamma))
    recomputes_d = config.recompute in ("discriminator", "both")
    loss = LOSSES[config.loss]
    labelled = [name for name, row in LOSSES.items() if row.has_labels]
    parts = world * config.accumulation
    cannot = {
        f"batch_size is {config.batch_size}, but it must be a multiple of {parts} ({world} processes, each in "
        f"{config.accumulation} parts).": config.batch_size % parts,
        "BatchNorm needs two images or more in each part of the batch: raise --batch-size or lower --accumulation.":
            config.batch_size // parts < 2 and config.network in BATCH_NORM_IN_D + BATCH_NORM_IN_G,
        f"The {config.loss} loss has no labels to smooth: use --label-smoothing 0 and --label-noise 0, or one of "
        f"{', '.join(labelled)}.": (config.label_smoothing or config.label_noise) and not loss.has_labels,
        "label_dropout withholds classes, but the run is unconditional: use --label-dropout 0, or --conditional true.":
            config.label_dropout and not config.conditional,
        f"The {config.loss} loss needs a discriminator of bounded slope: use --penalty gradient-penalty --gamma 10, or "
        "--spectral-norm true.": loss.needs_bounded_slope and not penalised and not config.spectral_norm,
        "Compiled networks have no second derivative, which a gradient penalty needs (torch#91469): use --gamma 0, or "
        "--compile false.": config.compile and penalised,
        "Recomputed activations are not compiled: use --recompute none, or --compile false.":
            config.compile and config.recompute != "none",
        "Recomputing the discriminator would advance its spectral norm a second time: use --recompute generator, or "
        "--spectral-norm false.": recomputes_d and config.spectral_norm,
        "Reused fakes would be kept for all parts of a batch: use --reuse-fakes false, or --accumulation 1.":
            config.reuse_fakes and config.accumulation > 1,
        "SyncBatchNorm in the discriminator has no second derivative, which a gradient penalty needs: use --gamma 0, "
        "or --sync-batch-norm false.": config.sync_batch_norm and penalised and config.network in BATCH_NORM_IN_D,
        "SyncBatchNorm works on GPUs alone: use --sync-batch-norm false.":
            config.sync_batch_norm and device != "cuda",
        "SyncBatchNorm would take its statistics a second time where activations are recomputed: use "
        "--recompute none, or --sync-batch-norm false.": config.sync_batch_norm and config.recompute != "none",
        f"The {config.network} family has no self-attention: use --network conv, or --self-attention false.":
            config.self_attention and config.network != "conv",
        f"The {config.network} family has no dropout: use --network mlp or upsample, or --dropout 0.":
            config.dropout and config.network not in ("mlp", "upsample"),
        "augment_target adapts augmentations, but there are none: name some with --augment, or use --augment-target 0.":
            config.augment_target and not config.augment,
        f"Adaptive augmentation watches the sign of the discriminator, which means nothing to the {config.loss} loss: "
        "use --augment-target 0, or another --loss.":
            config.augment_target and not loss.sign_means_real,
    }  # fmt: skip
    for sentence, true in cannot.items():
        if true:
            raise ConfigError(sentence)
    doubtful = {
        "Spectral norm undoes what weight decay does to the discriminator: it only changes its learning rate.":
            config.spectral_norm and config.weight_decay,
        f"BatchNorm in the {config.network} discriminator mixes the images of a batch, so the gradient penalty is not "
        "one of single images.": penalised and config.network in BATCH_NORM_IN_D,
    }  # fmt: skip
    return [sentence for sentence, true in doubtful.items() if true]
