"""The settings of a run: frozen, validated, each with its sentence, unit and range.

Everything that a person may set is a field of `TrainConfig`; the command line, `config.json` and the exported
file's metadata are made from these fields.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from digitforge.errors import ConfigError, nearest
from trainer import schedules


def setting(
    default: Any,
    sentence: str,
    low: float | None = None,
    high: float | None = None,
    choices: tuple[str, ...] = (),
    progress: bool = False,
    schedule: bool = False,
) -> Any:
    """A field of `TrainConfig`.

    low, high: the allowed range, ends included. progress: the field says how far, how often or how fast, not what
    is trained, so a run may be resumed with another value. schedule: text for `schedules.parse`.
    """
    about = {
        "sentence": sentence, "low": low, "high": high,
        "choices": choices, "progress": progress, "schedule": schedule,
    }  # fmt: skip
    return dataclasses.field(default=default, metadata=about)


@dataclass(frozen=True)
class TrainConfig:
    """What is trained, and how. Raises ConfigError where a value is out of range."""

    preset: str = setting("digits", "The row of presets.py that the other settings start from.")
    seed: int = setting(0, "Seed of weights, batches and latents.", low=0, high=2**63 - 1)
    images: int = setting(360_000, "Length of the run in images.", low=1, progress=True)
    seconds: float = setting(
        0.0, "End sooner, after so many seconds in training steps alone; 0 does not.", low=0, progress=True
    )
    batch_size: int = setting(128, "Images per step over all processes.", low=2)
    accumulation: int = setting(1, "Parts in which a process takes its share of the batch, to save memory.", low=1)

    # Data.
    dataset: str = setting(
        "auto",
        "Training images: a name, or a folder of pictures, one folder for each class; auto is MNIST, or the embedded "
        "digits where MNIST is out of reach.",
        choices=(
            "auto", "mnist", "fashion-mnist", "kmnist", "emnist-digits", "emnist-letters", "qmnist", "cifar10",
            "stacked-mnist",
            "sklearn-digits", "folder:PATH",
        ),
    )  # fmt: skip
    classes: str = setting("", "Only these classes, by name, as in 3,8; empty takes all.")
    limit: int = setting(0, "Only so many images, the same ones whatever the seed; 0 takes all.", low=0)
    image_size: int = setting(
        0, "Pixels on a side that images are scaled to; 0 keeps a data set's own (a folder's: 32).", low=0, high=512
    )
    store: str = setting(
        "auto",
        "Where the images lie while training; auto is the device where they fit, else a memory-mapped file.",
        choices=("auto", "device", "disk"),
        progress=True,
    )
    augment: str = setting(
        "", "What the discriminator sees changed at random, with strengths, as in shift:0.1,rotate:10; empty is none."
    )
    augment_probability: float = setting(
        1.0, "Share of the images that each augmentation changes (adaptive: starts at 0).", low=0, high=1
    )
    augment_target: float = setting(
        0.0,
        "Adapt that share until the mean sign of the discriminator on reals is this (docs/data.md); 0 keeps it fixed.",
        low=0,
        high=1,
    )

    # Networks.
    network: str = setting(
        "conv", "Family of both networks.", choices=("mlp", "dense", "upsample", "dcgan", "conv", "residual")
    )
    conditional: bool = setting(True, "Whether both networks are told the class.")
    label_dropout: float = setting(
        0.0, "Share of the images whose class is withheld, to learn them without one as well.", low=0, high=1
    )
    latent_size: int = setting(64, "Length of the latent vector.", low=1, high=65_536)
    latent_distribution: str = setting("normal", "What latents are drawn from.", choices=("normal", "uniform"))
    embedding_size: int = setting(64, "Length of the generator's class embedding.", low=1, high=4_096)
    g_width: int = setting(64, "Channels of the generator's narrowest (dense: widest) hidden layer.", low=1, high=4_096)
    d_width: int = setting(32, "Channels of the discriminator's first layer.", low=1, high=4_096)
    g_layers: str = setting(
        "256,512,1024", "mlp: widths of the generator's hidden layers; 256:0.3 has a LeakyReLU of slope 0.3, not 0.2."
    )
    d_layers: str = setting("1024,512,256", "mlp: the same for the discriminator.")
    blocks: int = setting(1, "residual: blocks at each map size of both networks.", low=1, high=16)
    dropout: float = setting(
        0.0, "mlp, upsample: the discriminator's dropout after each hidden layer.", low=0, high=0.99
    )
    self_attention: bool = setting(False, "conv: a self-attention layer in both networks, at half the image size.")
    spectral_norm: bool = setting(False, "Whether every layer of the discriminator is divided by its spectral norm.")
    sync_batch_norm: bool = setting(False, "Whether BatchNorm takes its statistics over all GPUs.")

    # Objective.
    loss: str = setting(
        "non-saturating",
        "The adversarial loss.",
        choices=("non-saturating", "saturating", "least-squares", "hinge", "wasserstein", "relativistic"),
    )
    label_smoothing: float = setting(0.0, "Reals are labelled 1 minus this.", low=0, high=0.5)
    label_noise: float = setting(
        0.0, "Reals are labelled 1 minus, fakes 0 plus noise uniform between 0 and this.", low=0, high=0.5
    )
    joint_batch: bool = setting(True, "Whether reals and fakes pass the discriminator in one batch.")
    reuse_fakes: bool = setting(
        False, "Whether the generator learns from the fakes that the discriminator has just seen; saves a pass."
    )
    penalty: str = setting(
        "r1+r2",
        "The discriminator's gradient penalty, where gamma is not 0; gradient-penalty is WGAN-GP's.",
        choices=("r1", "r2", "r1+r2", "gradient-penalty"),
    )
    gamma: str = setting(
        "0",
        "Weight of the gradient penalty; 0 is none; 0.5,0.1@300000 is 0.1 from 300,000 images on.",
        schedule=True,
    )
    penalty_every: int = setting(1, "Steps from one gradient penalty to the next (weighted to match).", low=1)
    d_steps: int = setting(1, "Discriminator steps for each generator step.", low=1)

    # Optimisers.
    optimizer: str = setting("adam", "Of both networks.", choices=("adam", "adamw", "rmsprop", "sgd"))
    g_lr: str = setting("2e-4", "Learning rate of the generator; a schedule like gamma.", schedule=True)
    d_lr: str = setting("2e-4", "Learning rate of the discriminator; a schedule like gamma.", schedule=True)
    beta1: float = setting(0.5, "adam, adamw: beta1; rmsprop, sgd: momentum.", low=0, high=0.9999)
    beta2: float = setting(0.999, "adam, adamw: beta2; rmsprop: smoothing of the squares.", low=0, high=0.99999)
    weight_decay: float = setting(0.0, "Weight decay of both networks.", low=0, high=1)
    ema_halflife_images: float = setting(
        0, "Half-life of the averaged generator weights in images; 0 keeps the last weights.", low=0
    )
    ema_warmup: float = setting(
        0.05, "Early on, the half-life is at most this share of the images seen; 0 is no warm-up.", low=0, high=1
    )

    # Execution.
    precision: str = setting(
        "auto",
        "Arithmetic of the networks; auto is bf16 where the device does it fast.",
        choices=("auto", "fp32", "bf16"),
    )
    recompute: str = setting(
        "none",
        "Whose activations are computed again in the backward pass instead of kept (activation checkpointing).",
        choices=("none", "generator", "discriminator", "both"),
    )
    compile: bool = setting(False, "Whether both networks are compiled (torch.compile).")
    cuda_graphs: bool = setting(
        True,
        "On one GPU, whether each kind of step is recorded once and replayed (with adam or adamw; not compiled, nor "
        "recomputed).",
        progress=True,
    )
    threads: int = setting(0, "CPU threads of each process; 0 shares the cores evenly.", low=0, progress=True)

    # What is kept and shown.
    score_every: int = setting(
        0,
        "Images from one score to the next, against MNIST's test images or the like; 0 is none.",
        low=0,
        progress=True,
    )
    score_count: int = setting(2_000, "Images that such a score generates.", low=100)
    export_every: int = setting(
        0, "Images from one ONNX file in exports/ to the next, to watch in the viewer; 0 is none.", low=0, progress=True
    )
    sample_every: int = setting(20_000, "Images from one sample grid to the next.", low=1, progress=True)
    checkpoint_every: int = setting(50_000, "Images from one checkpoint to the next.", low=1, progress=True)
    keep_checkpoints: int = setting(2, "Checkpoints that are kept, the newest.", low=1, progress=True)
    log_every: int = setting(2_000, "Images from one line of log.jsonl to the next.", low=1, progress=True)
    tracker: str = setting(
        "none",
        "Where losses are sent as well, through Accelerate; its package must be installed.",
        choices=(
            "none",
            "tensorboard",
            "wandb",
            "mlflow",
            "comet_ml",
            "aim",
            "clearml",
            "dvclive",
            "swanlab",
            "trackio",
        ),
        progress=True,
    )

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            _check(field, getattr(self, field.name))

    def to_json(self) -> dict[str, Any]:
        """The settings as JSON values."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> TrainConfig:
        """Read what `to_json` wrote. Raises ConfigError for an unknown field or a value out of range."""
        names = [field.name for field in dataclasses.fields(cls)]
        for name in values:
            if name not in names:
                raise ConfigError(f"There is no setting {name!r}: {nearest(name, names)}")
        return cls(**values)

    def differences(self, other: TrainConfig) -> list[str]:
        """One line for each setting that another run cannot resume with: `name: mine, not theirs`."""
        return [
            f"{field.name}: {getattr(self, field.name)}, not {getattr(other, field.name)}"
            for field in dataclasses.fields(self)
            if not field.metadata["progress"] and getattr(self, field.name) != getattr(other, field.name)
        ]


@dataclass(frozen=True)
class ImageFormat:
    """What a data set's images look like: all that networks need to know of it."""

    channels: int
    """1 (grey) or 3 (RGB)."""
    size: int
    """Height and width in pixels."""
    classes: tuple[str, ...]
    """Class names in label order; empty where the images have no labels."""

    def to_json(self) -> dict[str, Any]:
        """The format as JSON values."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> ImageFormat:
        """Read what `to_json` wrote."""
        return cls(int(values["channels"]), int(values["size"]), tuple(values["classes"]))


def _check(field: dataclasses.Field[Any], value: Any) -> None:
    name = field.name
    about: Mapping[str, Any] = field.metadata
    allowed: tuple[type, ...] = {"int": (int,), "float": (int, float), "str": (str,), "bool": (bool,)}[str(field.type)]
    fits: bool = isinstance(value, allowed) and (field.type == "bool" or not isinstance(value, bool))
    if not fits:
        raise ConfigError(f"{name} is {value!r}, but it must be of type {field.type}.")
    if about["choices"] and not any(_is_choice(value, choice) for choice in about["choices"]):
        raise ConfigError(f"{name} is {value!r}: {nearest(value, about['choices'])}")
    low, high = about["low"], about["high"]
    if low is not None and not low <= value <= (math.inf if high is None else high):
        span = f"at least {low}" if high is None else f"between {low} and {high}"
        raise ConfigError(f"{name} is {value}, but it must be {span}.")
    if about["schedule"]:
        schedules.parse(value)


def _is_choice(value: str, choice: str) -> bool:
    prefix = choice.removesuffix("PATH")
    return value == choice if prefix == choice else len(value) > len(prefix) and value.startswith(prefix)


def parse_value(field: dataclasses.Field[Any], text: str) -> Any:
    """A flag's text as the field's value; whole numbers may be written 200_000 or 2e5. Raises ConfigError."""
    try:
        if field.type == "int":
            value = float(text) if "e" in text.lower() else int(text)
            if value != int(value):
                raise ValueError
            return int(value)
        if field.type == "float":
            return float(text)
        if field.type == "bool":
            return {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}[text.lower()]
    except (ValueError, KeyError, OverflowError):
        kind = {"int": "a whole number", "float": "a number", "bool": "true or false"}[str(field.type)]
        raise ConfigError(f"--{field.name.replace('_', '-')} takes {kind}, not {text!r}.") from None
    return text
