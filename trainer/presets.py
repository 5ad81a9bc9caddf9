"""The presets: one row each. A row says where it comes from and what was chosen where its source is silent."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from trainer.config import TrainConfig
from trainer.errors import ConfigError, nearest


@dataclass(frozen=True)
class Preset:
    """One row: settings that differ from the defaults, their source, and our choices."""

    source: str
    choices: str
    settings: dict[str, Any]


# fmt: off
PRESETS = {
    "quickstart": Preset(
        source="digitforge: made to learn all digits in minutes on two CPU cores",
        choices="-",
        settings=dict(
            network="conv", conditional=True, latent_size=64, latent_distribution="normal", embedding_size=64,
            g_width=64, d_width=32, batch_size=128, images=360_000,
            loss="non-saturating", joint_batch=True, gamma="0.2,0.1@300000", penalty_every=4,
            g_lr="5e-4", d_lr="5e-4", beta1=0.0, beta2=0.99, ema_halflife_images=100_000, ema_warmup=0.05,
        )),
    "dcgan": Preset(
        source="a published MNIST DCGAN: four transposed convolutions, BatchNorm, 200 epochs",
        choices="Adam's betas (0.5, 0.999), weights N(0, 0.02), BatchNorm scales N(1, 0.02) and latents on [-1, 1], as "
        "in the DCGAN paper; non-saturating generator loss; no weight averaging; the last partial batch is dropped",
        settings=dict(
            network="dcgan", conditional=False, latent_size=100, latent_distribution="uniform",
            g_width=32, d_width=32, batch_size=64, images=200 * 937 * 64,
            loss="non-saturating", joint_batch=False, gamma="0", penalty_every=1,
            g_lr="3e-4", d_lr="2e-4", beta1=0.5, beta2=0.999, ema_halflife_images=0, ema_warmup=0.0,
            precision="fp32", sample_every=100_000, checkpoint_every=200_000,
        )),
}
# fmt: on


def configure(preset: str, overrides: dict[str, Any]) -> TrainConfig:
    """The preset's row with some settings replaced. Raises ConfigError for an unknown preset or a bad value."""
    if preset not in PRESETS:
        raise ConfigError(f"There is no preset {preset!r}: {nearest(preset, PRESETS)}")
    base = TrainConfig.from_json({"preset": preset, **PRESETS[preset].settings})
    return dataclasses.replace(base, **overrides)
