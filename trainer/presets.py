"""The presets: what each one sets, where it comes from, and what we chose because its source does not say.

`python -m trainer.presets` prints the table of docs/presets.md.
"""

from __future__ import annotations

import dataclasses
import textwrap
from dataclasses import dataclass
from functools import partial
from typing import Any

from rich.console import Console
from rich.text import Text

from digitforge.errors import ConfigError, nearest
from trainer import schedules
from trainer.config import TrainConfig


@dataclass(frozen=True)
class Preset:
    """A row of `PRESETS`."""

    networks: str
    length: str
    source: str
    choices: str
    """What we chose where the source is silent; empty if it is not."""
    settings: dict[str, Any]
    """The settings that differ from the defaults of `TrainConfig`."""


def _lr(schedule: str) -> dict[str, Any]:
    return dict(g_lr=schedule, d_lr=schedule)


def _every(sample: int, checkpoint: int, log: int) -> dict[str, Any]:
    return dict(sample_every=sample, checkpoint_every=checkpoint, log_every=log)


# fmt: off
OURS = dict(gamma="0.2", penalty_every=8, beta1=0.0, beta2=0.99)
REFERENCE = dict(conditional=False, latent_size=100)
MLP = REFERENCE | dict(network="mlp", reuse_fakes=True)
DROPOUT = MLP | dict(dropout=0.3)
COLOUR = OURS | dict(ema_halflife_images=50_000, augment_target=0.3)
COLOUR |= dict(augment="flip:0.5,shift:0.1,rotate:10,scale:0.15,brightness:0.2,contrast:0.3,saturation:0.5,hue:30")

SETTINGS: dict[str, dict[str, Any]] = {
    "digits":           OURS      | dict(images=6_000_000, ema_halflife_images=200_000)
                                  | dict(augment="shift:0.07,rotate:8,scale:0.1,shear:8", augment_probability=0.3)
                                  | _lr("1e-3,3e-4@3500000,1e-4@5000000")    | _every(200_000, 200_000, 20_000),
    "quickstart":       OURS      | dict(images=410_000, batch_size=64, g_width=32, ema_halflife_images=100_000)
                                  | _lr("1.6e-3,4.8e-4@270000,1.6e-4@370000"),
    "stacked-mnist":    OURS      | dict(images=2_400_000, ema_halflife_images=100_000)
                                  | dict(dataset="stacked-mnist", conditional=False, loss="relativistic")
                                  | _lr("1e-3,3e-4@1600000,1e-4@2100000")    | _every(200_000, 200_000, 20_000),
    "colour-32":        COLOUR    | dict(images=1_000_000, image_size=32, dataset="cifar10")
                                  | _lr("1e-3,3e-4@700000,1e-4@900000")      | _every(50_000, 100_000, 10_000),
    "colour-64":        COLOUR    | dict(images=1_000_000, image_size=64, batch_size=64)
                                  | _lr("1e-3,3e-4@700000,1e-4@900000")      | _every(50_000, 100_000, 10_000),
    "mlp":              MLP       | dict(images=550 * 937 * 64, batch_size=64) | _every(300_000, 600_000, 20_000),
    "mlp-dropout":      DROPOUT   | dict(images=100 * 468 * 128)               | _every(150_000, 300_000, 20_000)
                                  | dict(g_layers="256:0.3,512:0.3,1024:0.2", d_layers="1024,512,256,128"),
    "mlp-dropout-deep": DROPOUT   | dict(images=200 * 468 * 128)               | _every(150_000, 300_000, 20_000)
                                  | dict(g_layers="256:0.3,512:0.3,1024,1024,1024")
                                  | dict(d_layers="1024,1024,1024,512,256,128"),
    "dense-bn":         REFERENCE | dict(images=10_000 * 128, network="dense", g_width=128, d_width=128)
                                  | _every(128_000, 256_000, 12_800),
    "conv-upsample":    REFERENCE | dict(images=300 * 600, batch_size=600, network="upsample", g_width=128)
                                  | dict(dataset="mnist", classes="0", limit=4_132)
                                  | dict(dropout=0.25, label_noise=0.05, joint_batch=False)
                                  | _every(15_000, 60_000, 3_000),
    "dcgan":            REFERENCE | dict(images=200 * 937 * 64, batch_size=64, network="dcgan", g_width=32)
                                  | dict(latent_distribution="uniform", joint_batch=False, reuse_fakes=True)
                                  | dict(g_lr="3e-4", sample_every=100_000, checkpoint_every=200_000),
}

PRESETS = {
    "digits": Preset(
        networks="class-conditional; two transposed convolutions against three convolutions",
        length="47 minutes on two CPU cores",
        source="digitforge: the bundled generator (docs/recipe.md)",
        choices="",
        settings=SETTINGS["digits"],
    ),
    "quickstart": Preset(
        networks="as digits, with a generator half as wide",
        length="3 minutes on two CPU cores",
        source="digitforge: found by a search (docs/recipe.md)",
        choices="",
        settings=SETTINGS["quickstart"],
    ),
    "stacked-mnist": Preset(
        networks="as digits, without classes, three channels",
        length="20 minutes on two CPU cores",
        source="digitforge: three digits in one image, 1,000 modes (docs/scores.md)",
        choices="",
        settings=SETTINGS["stacked-mnist"],
    ),
    "colour-32": Preset(
        networks="as digits",
        length="25 minutes on one CPU core",
        source="digitforge: for your own colour pictures, with adaptive augmentation (docs/data.md)",
        choices="",
        settings=SETTINGS["colour-32"],
    ),
    "colour-64": Preset(
        networks="as digits, one level deeper",
        length="53 minutes on one CPU core",
        source="digitforge: for your own larger colour pictures; name them with --dataset (docs/data.md)",
        choices="",
        settings=SETTINGS["colour-64"],
    ),
    "mlp": Preset(
        networks="100-256-512-1024-784 against its mirror image, LeakyReLU",
        length="550 epochs",
        source="a published fully connected MNIST GAN, which also explored SGD and other losses",
        choices="Adam 2e-4 with betas (0.5, 0.999); slope 0.2; Glorot's weights; normal latents; one set of fakes",
        settings=SETTINGS["mlp"],
    ),
    "mlp-dropout": Preset(
        networks="100-256-512-1024-784, slopes 0.3, 0.3 and 0.2, against 784-1024-512-256-128-1 with dropout 0.3",
        length="100 epochs",
        source="a published fully connected MNIST GAN with dropout, about an hour on a cloud GPU",
        choices="Adam 2e-4 with betas (0.5, 0.999); slope 0.2 in the discriminator; Glorot's weights; normal latents; "
                "one set of fakes",
        settings=SETTINGS["mlp-dropout"],
    ),
    "mlp-dropout-deep": Preset(
        networks="as mlp-dropout, with five hidden layers against two more layers in front",
        length="200 epochs",
        source="the deeper variant of the same system, more than a couple of hours there",
        choices="the new layers of both networks are 1,024 wide with slope 0.2; otherwise as mlp-dropout (with torch's "
                "smaller weights, it collapsed to one image)",
        settings=SETTINGS["mlp-dropout-deep"],
    ),
    "dense-bn": Preset(
        networks="100-6272, BatchNorm over 128 maps of 7x7, 784, against 784-128-1",
        length="10,000 steps",
        source="a published small dense MNIST GAN, pictured every 1,000 steps",
        choices="Adam's beta2 0.999; normal latents; BatchNorm momentum 0.1, epsilon 1e-5",
        settings=SETTINGS["dense-bn"],
    ),
    "conv-upsample": Preset(
        networks="100-128x7x7, upsampled and convolved twice, against four convolutions with dropout 0.25",
        length="300 steps",
        source="a published Keras GAN of the digit 0 only, on 4,132 images",
        choices="4,132 of MNIST's 5,923 zeros, by a fixed shuffle; LeakyReLU 0.2 in the first two layers, 0.25 in the "
                "others; symmetric padding; Keras's BatchNorm epsilon; Adam's beta2 0.999; normal latents",
        settings=SETTINGS["conv-upsample"],
    ),
    "dcgan": Preset(
        networks="four transposed convolutions against four convolutions, BatchNorm, no biases, uniform latents",
        length="200 epochs",
        source="a published MNIST DCGAN",
        choices="Adam's betas (0.5, 0.999), weights N(0, 0.02), BatchNorm scales N(1, 0.02) and latents on [-1, 1], as "
                "in the DCGAN paper; one set of fakes",
        settings=SETTINGS["dcgan"],
    ),
}
# fmt: on

REFERENCE_NOTE = (
    "All published systems: non-saturating generator loss, no weight averaging, and the last partial batch of an epoch "
    'is dropped. "One set of fakes" means that both networks learn from the same fakes in a step.'
)


def configure(preset: str, overrides: dict[str, Any]) -> TrainConfig:
    """Return a preset's configuration with some settings replaced.

    Raises ConfigError for an unknown preset or a value that is not allowed.
    """
    if preset not in PRESETS:
        raise ConfigError(f"There is no preset {preset!r}: {nearest(preset, PRESETS)}")
    base = TrainConfig.from_json({"preset": preset, **PRESETS[preset].settings})
    return dataclasses.replace(base, **overrides)


def show_presets(console: Console) -> None:
    """Print all presets, wrapped to the width of the console."""
    wrap = partial(textwrap.fill, width=console.width, break_long_words=False, break_on_hyphens=False)
    for name in PRESETS:
        console.print(Text(name, "bold"))
        for label, value in _facts(name).items():
            console.print(Text(wrap(value, initial_indent=f"  {label:<13}", subsequent_indent=" " * 15)))
    console.print(Text(f"\n{wrap(REFERENCE_NOTE)}"))


def markdown() -> str:
    """Return the presets as a Markdown table."""
    rows = [{"preset": f"`{name}`", **_facts(name)} for name in PRESETS]
    columns = list(dict.fromkeys(column for row in rows for column in row))
    lines = [columns, ["---"] * len(columns), *([row.get(column, "-") for column in columns] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _facts(name: str) -> dict[str, str]:
    row, config = PRESETS[name], configure(name, {})
    rates = config.g_lr if config.g_lr == config.d_lr else f"{config.g_lr} (G), {config.d_lr} (D)"
    penalty = f", {config.penalty} penalty {config.gamma}" if schedules.parse(config.gamma)[0][1] else ""
    noise = f", label noise {config.label_noise}" if config.label_noise else ""
    facts = {
        "networks": row.networks,
        "training": f"{config.loss} loss{noise}{penalty}; {config.optimizer} {rates}; batch {config.batch_size}",
        "length": f"{row.length} ({config.images:,} images)",
        "source": row.source,
    }
    return facts | ({"our choices": row.choices} if row.choices else {})


if __name__ == "__main__":
    print(markdown(), end="")
