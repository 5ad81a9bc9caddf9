"""The presets: one row each. A row says where it comes from and what was chosen where its source is silent."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from digitforge.errors import ConfigError, nearest
from trainer import schedules
from trainer.config import TrainConfig


@dataclass(frozen=True)
class Preset:
    """One row: settings that differ from the defaults, what they make, their source, and our choices."""

    networks: str
    length: str
    source: str
    choices: str
    settings: dict[str, Any]


ALL = (
    "Chosen for all reference systems: non-saturating generator loss, no weight averaging, no last partial batch. "
    "One set of fakes: both networks learn from the same in a step."
)

# fmt: off
PRESETS = {
    "digits": Preset(
        networks="class-conditional; two transposed convolutions against three convolutions",
        length="47 minutes on two CPU cores",
        source="digitforge's own: the bundled generator, as docs/recipe.md found it",
        choices="-",
        settings=dict(
            network="conv", conditional=True, latent_size=64, latent_distribution="normal", embedding_size=64,
            g_width=64, d_width=32, batch_size=128, images=6_000_000,
            loss="non-saturating", joint_batch=True, gamma="0.2", penalty_every=8,
            g_lr="1e-3,3e-4@3500000,1e-4@5000000", d_lr="1e-3,3e-4@3500000,1e-4@5000000", beta1=0.0, beta2=0.99,
            augment="shift:0.07,rotate:8,scale:0.1,shear:8", augment_probability=0.3,
            ema_halflife_images=200_000, ema_warmup=0.05,
            sample_every=200_000, checkpoint_every=200_000, log_every=20_000,
        )),
    "quickstart": Preset(
        networks="as digits, the generator half as wide",
        length="minutes", source="digitforge's own, for two CPU cores, as a search found it (docs/recipe.md)",
        choices="-",
        settings=dict(
            network="conv", conditional=True, latent_size=64, latent_distribution="normal", embedding_size=64,
            g_width=32, d_width=32, batch_size=64, images=410_000,
            loss="non-saturating", joint_batch=True, gamma="0.2", penalty_every=8,
            g_lr="1.6e-3,4.8e-4@270000,1.6e-4@370000", d_lr="1.6e-3,4.8e-4@270000,1.6e-4@370000",
            beta1=0.0, beta2=0.99, ema_halflife_images=100_000, ema_warmup=0.05,
        )),
    "stacked-mnist": Preset(
        networks="as digits, without classes, three channels",
        length="20 minutes on two CPU cores", source="digitforge's own: three digits in one image, 1,000 modes",
        choices="-",
        settings=dict(
            network="conv", dataset="stacked-mnist", conditional=False, latent_size=64, latent_distribution="normal",
            g_width=64, d_width=32, batch_size=128, images=2_400_000,
            loss="relativistic", joint_batch=True, gamma="0.2", penalty_every=8,
            g_lr="1e-3,3e-4@1600000,1e-4@2100000", d_lr="1e-3,3e-4@1600000,1e-4@2100000", beta1=0.0, beta2=0.99,
            ema_halflife_images=100_000, ema_warmup=0.05,
            sample_every=200_000, checkpoint_every=200_000, log_every=20_000,
        )),
    "mlp": Preset(
        networks="100-256-512-1024-784 against its mirror image, LeakyReLU",
        length="550 epochs", source="a published fully connected MNIST GAN (SGD and other losses were explored too)",
        choices="Adam 2e-4 with betas (0.5, 0.999); slope 0.2; Glorot's weights; normal latents; one set of fakes",
        settings=dict(
            network="mlp", conditional=False, latent_size=100, g_layers="256,512,1024", d_layers="1024,512,256",
            batch_size=64, images=550 * 937 * 64, sample_every=300_000, checkpoint_every=600_000, log_every=20_000,
            loss="non-saturating", reuse_fakes=True, joint_batch=True, g_lr="2e-4", d_lr="2e-4", beta1=0.5, beta2=0.999,
        )),
    "mlp-dropout": Preset(
        networks="100-256-512-1024-784 against 784-1024-512-256-128-1 with dropout 0.3",
        length="100 epochs", source="a published fully connected MNIST GAN with dropout (about an hour on a cloud GPU)",
        choices="Adam 2e-4 with betas (0.5, 0.999); D's slopes 0.2; Glorot's weights; normal latents; one set of fakes",
        settings=dict(
            network="mlp", conditional=False, latent_size=100, dropout=0.3,
            g_layers="256:0.3,512:0.3,1024:0.2", d_layers="1024,512,256,128",
            batch_size=128, images=100 * 468 * 128, sample_every=150_000, checkpoint_every=300_000, log_every=20_000,
            loss="non-saturating", reuse_fakes=True, joint_batch=True, g_lr="2e-4", d_lr="2e-4", beta1=0.5, beta2=0.999,
        )),
    "mlp-dropout-deep": Preset(
        networks="the same with five hidden layers against two more layers in front",
        length="200 epochs", source="the deeper variant of the same system (more than a couple of hours there)",
        choices="both new layers of either network are 1,024 wide, slopes 0.2; otherwise as mlp-dropout",
        settings=dict(
            network="mlp", conditional=False, latent_size=100, dropout=0.3,
            g_layers="256:0.3,512:0.3,1024,1024,1024", d_layers="1024,1024,1024,512,256,128",
            batch_size=128, images=200 * 468 * 128, sample_every=150_000, checkpoint_every=300_000, log_every=20_000,
            loss="non-saturating", reuse_fakes=True, joint_batch=True, g_lr="2e-4", d_lr="2e-4", beta1=0.5, beta2=0.999,
        )),
    "dense-bn": Preset(
        networks="100-6272, BatchNorm over 128 maps of 7x7, 784 against 784-128-1",
        length="10,000 steps", source="a published small dense MNIST GAN, pictured every 1,000 steps",
        choices="Adam's beta2 0.999; normal latents; BatchNorm momentum 0.1, epsilon 1e-5",
        settings=dict(
            network="dense", conditional=False, latent_size=100, g_width=128, d_width=128,
            batch_size=128, images=10_000 * 128, sample_every=128_000, checkpoint_every=256_000, log_every=12_800,
            loss="non-saturating", joint_batch=True, g_lr="2e-4", d_lr="2e-4", beta1=0.5, beta2=0.999,
        )),
    "conv-upsample": Preset(
        networks="100-128x7x7, twice doubled and convolved, against four convolutions with dropout 0.25",
        length="300 steps", source="a published Keras GAN of the digit 0 alone, on 4,132 images",
        choices="4,132 of MNIST's 5,923 zeros by a fixed shuffle; LeakyReLU 0.2 in the first two layers, 0.25 in the "
        "others; symmetric padding; Keras's BatchNorm epsilon; Adam's beta2 0.999; normal latents",
        settings=dict(
            network="upsample", dataset="mnist", classes="0", limit=4_132, conditional=False, latent_size=100,
            g_width=128, d_width=32, dropout=0.25,
            batch_size=600, images=300 * 600, sample_every=15_000, checkpoint_every=60_000, log_every=3_000,
            loss="non-saturating", label_noise=0.05, joint_batch=False,
            g_lr="2e-4", d_lr="2e-4", beta1=0.5, beta2=0.999,
        )),
    "dcgan": Preset(
        networks="four transposed convolutions against four convolutions, BatchNorm, no biases",
        length="200 epochs", source="a published MNIST DCGAN",
        choices="Adam's betas (0.5, 0.999), weights N(0, 0.02), BatchNorm scales N(1, 0.02) and latents on [-1, 1], as "
        "in the DCGAN paper; one set of fakes",
        settings=dict(
            network="dcgan", conditional=False, latent_size=100, latent_distribution="uniform",
            g_width=32, d_width=32, batch_size=64, images=200 * 937 * 64,
            loss="non-saturating", reuse_fakes=True, joint_batch=False,
            g_lr="3e-4", d_lr="2e-4", beta1=0.5, beta2=0.999, sample_every=100_000, checkpoint_every=200_000,
        )),
}
# fmt: on


def configure(preset: str, overrides: dict[str, Any]) -> TrainConfig:
    """The preset's row with some settings replaced. Raises ConfigError for an unknown preset or a bad value."""
    if preset not in PRESETS:
        raise ConfigError(f"There is no preset {preset!r}: {nearest(preset, PRESETS)}")
    base = TrainConfig.from_json({"preset": preset, **PRESETS[preset].settings})
    return dataclasses.replace(base, **overrides)


def show_presets(console: Console) -> None:
    """Print the table of presets."""
    table = Table(
        "preset", "networks", "loss, optimiser", "length", "source", "chosen by us", show_lines=True, caption=ALL
    )
    for name, row in PRESETS.items():
        config = configure(name, {})
        rates = config.g_lr if config.g_lr == config.d_lr else f"{config.g_lr} (G), {config.d_lr} (D)"
        penalty = f", {config.penalty} {config.gamma}" if schedules.parse(config.gamma)[0][1] else ""
        noise = f", label noise {config.label_noise}" if config.label_noise else ""
        table.add_row(
            f"[bold]{name}",
            row.networks,
            f"{config.loss}{noise}{penalty}; {config.optimizer} {rates}; batch {config.batch_size}",
            f"{row.length} ({config.images:,} images)",
            row.source,
            row.choices,
        )
    console.print(table)
