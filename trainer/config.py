"""The settings of a run: frozen and validated, each with its help, its range and its place in `--help`.

The command line, `config.json` and the exported file's metadata are made from the fields of `TrainConfig`. Fields keep
their types, not strings (no `from __future__ import annotations` here), because values are read and checked by them.
"""

import dataclasses
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PureWindowsPath
from typing import Any, Literal, Self, get_args

from digitforge.datasets import PATHS, public_name
from digitforge.errors import ConfigError, nearest
from trainer import schedules

Field = dataclasses.Field[Any]

LossName = Literal["non-saturating", "saturating", "least-squares", "hinge", "wasserstein", "relativistic"]
NetworkName = Literal["mlp", "dense", "upsample", "dcgan", "conv", "residual"]
OptimizerName = Literal["adam", "adamw", "rmsprop", "sgd"]
DatasetName = Literal[
    "mnist", "fashion-mnist", "kmnist", "emnist-digits", "emnist-letters", "qmnist", "cifar10", "stacked-mnist",
    "sklearn-digits",
]  # fmt: skip
PenaltyName = Literal["r1", "r2", "r1+r2", "gradient-penalty"]
Distribution = Literal["normal", "uniform"]
Crop = Literal["square", "pad", "stretch"]
Invert = Literal["false", "true", "auto"]
StoreName = Literal["auto", "device", "disk"]
Precision = Literal["auto", "fp32", "bf16"]
Recompute = Literal["none", "generator", "discriminator", "both"]
Tracker = Literal[
    "none", "tensorboard", "wandb", "mlflow", "comet_ml", "aim", "clearml", "dvclive", "swanlab", "trackio"
]

TABLES: dict[str, Mapping[str, object]] = {}
"""The tables of losses, optimisers, network families and data sets, by the setting that chooses a row.

Each table adds itself when its module is imported, so that a setting accepts the rows that other code adds to it.
Without the tables, and so without torch, a setting accepts the names above.
"""


def setting(
    default: Any,
    help: str,  # noqa: A002 - argparse's name
    *,
    low: float | None = None,
    high: float | None = None,
    choices: tuple[str, ...] = (),
    progress: bool = False,
    schedule: bool = False,
    section: str = "",
) -> Any:
    """Declare a field of `TrainConfig`.

    low, high: the allowed range, inclusive.
    choices: the allowed values of a text whose type does not list them.
    progress: the setting does not change what is trained, only how long, how often or how fast, so a run may be
    resumed with another value.
    schedule: the value is text for `schedules.parse`.
    section: starts a section of `--help`, which the fields below belong to as well.
    """
    metadata = {
        "help": help, "low": low, "high": high, "choices": choices,
        "progress": progress, "schedule": schedule, "section": section,
    }  # fmt: skip
    return dataclasses.field(default=default, metadata=metadata)


@dataclass(frozen=True)
class TrainConfig:
    """What to train, and how. Raises ConfigError if a value is not allowed."""

    preset: str = setting("digits", "Start from these settings.", section="Run")
    seed: int = setting(0, "Seed of the weights, batches and latents.", low=0, high=2**63 - 1)
    images: int = setting(360_000, "Length of the run in images.", low=1, progress=True)
    seconds: float = setting(
        0.0, "End after this many seconds of training steps, if that comes first. 0: no limit.", low=0, progress=True
    )
    init_from: str = setting(
        "",
        "Begin with the networks of another run: its directory, one of its checkpoints, or a generator.safetensors "
        "(docs/fine-tuning.md). Empty: with random ones.",
    )
    batch_size: int = setting(128, "Images per step, over all processes.", low=2)
    accumulation: int = setting(1, "Parts that each process splits its share of the batch into, to save memory.", low=1)

    dataset: str = setting(
        "auto",
        "Training images: a name, or your own files (docs/data.md): pictures with one subfolder per class (folder:, "
        "zip:), arrays (npz:, csv:), or tables of either (parquet:, hf:). auto: MNIST, or the embedded "
        "digits if MNIST is not available.",
        choices=("auto", *get_args(DatasetName), *(f"{prefix}PATH" for prefix in PATHS)),
        section="Data",
    )
    classes: str = setting("", "Train on these classes only, by name, as in 3,8. Empty: all.")
    limit: int = setting(0, "Train on this many images only, the same ones for every seed. 0: all.", low=0)
    labels: int = setting(
        0,
        "Keep this many labels, evenly over the classes and the same for every seed; withhold the others. 0: all.",
        low=0,
    )
    infer_labels: bool = setting(
        False,
        "Whether a classifier, trained before the run, names images without a label where it is sure (docs/data.md).",
    )
    image_size: int = setting(
        0, "Height and width in pixels. 0: the data set's own, or 32 for a folder.", low=0, high=512
    )
    crop: Crop = setting(
        "square", "How pictures become square. square: their middle. pad: with a border. stretch: distorted."
    )
    invert: Invert = setting(
        "false", "Whether to swap light and dark. auto: if the pictures are dark on light, unlike MNIST's digits."
    )
    store: StoreName = setting(
        "auto",
        "Where to keep the images during training. auto: on the device if they fit, else on disk.",
        progress=True,
    )
    augment: str = setting(
        "",
        "Random changes to the images that the discriminator sees, with strengths, as in shift:0.1,rotate:10. "
        "Empty: none.",
    )
    augment_probability: float = setting(
        1.0, "Probability of each augmentation for each image. It starts at 0 if it adapts.", low=0, high=1
    )
    augment_target: float = setting(
        0.0,
        "Adapt that probability to keep the mean sign of the discriminator's scores of reals near this (docs/data.md). "
        "0: keep it fixed.",
        low=0,
        high=1,
    )

    network: NetworkName = setting("conv", "Family of both networks.", section="Networks")
    conditional: bool = setting(True, "Whether both networks take the class as an input.")
    label_dropout: float = setting(
        0.0, "Fraction of the images whose class is withheld, to learn without it as well.", low=0, high=1
    )
    latent_size: int = setting(64, "Length of the latent vector.", low=1, high=65_536)
    latent_distribution: Distribution = setting("normal", "Distribution of the latents.")
    embedding_size: int = setting(64, "Length of the generator's class embedding.", low=1, high=4_096)
    g_width: int = setting(
        64,
        "Channels of the generator's narrowest hidden layer (dense: the widest; conv, residual: at 12 to 16 pixels).",
        low=1,
        high=4_096,
    )
    d_width: int = setting(
        32,
        "Channels of the discriminator's first layer (conv, residual: at 12 to 16 pixels).",
        low=1,
        high=4_096,
    )
    g_layers: str = setting(
        "256,512,1024", "mlp: widths of the generator's hidden layers. 256:0.3 sets a LeakyReLU slope other than 0.2."
    )
    d_layers: str = setting("1024,512,256", "mlp: widths of the discriminator's hidden layers.")
    blocks: int = setting(1, "residual: blocks at each resolution of both networks.", low=1, high=16)
    dropout: float = setting(
        0.0, "mlp, upsample: dropout after each hidden layer of the discriminator.", low=0, high=0.99
    )
    self_attention: bool = setting(
        False, "conv: whether both networks have a self-attention layer, on maps of 12 to 16 pixels a side."
    )
    spectral_norm: bool = setting(False, "Whether to divide each layer of the discriminator by its spectral norm.")
    freeze_d: int = setting(0, "Keep the first layers of the discriminator as --init-from has them: this many.", low=0)
    sync_batch_norm: bool = setting(False, "Whether BatchNorm takes its statistics over all GPUs.")

    loss: LossName = setting("non-saturating", "Adversarial loss.", section="Objective")
    label_smoothing: float = setting(0.0, "Lower the labels of reals by this, from 1.", low=0, high=0.5)
    label_noise: float = setting(
        0.0, "Lower labels of reals and raise labels of fakes by noise uniform between 0 and this.", low=0, high=0.5
    )
    joint_batch: bool = setting(True, "Whether reals and fakes pass through the discriminator in one batch.")
    reuse_fakes: bool = setting(
        False, "Whether the generator learns from the discriminator's fakes, which saves a forward pass."
    )
    penalty: PenaltyName = setting(
        "r1+r2", "Gradient penalty of the discriminator, if gamma is not 0. gradient-penalty is WGAN-GP's."
    )
    gamma: str = setting(
        "0", "Weight of the gradient penalty. 0.5,0.1@300000 is 0.5, and 0.1 from 300,000 images on.", schedule=True
    )
    penalty_every: int = setting(1, "Steps between gradient penalties; the weight is scaled up to compensate.", low=1)
    d_steps: int = setting(1, "Discriminator steps per generator step.", low=1)

    optimizer: OptimizerName = setting("adam", "Optimiser of both networks.", section="Optimisers")
    g_lr: str = setting("2e-4", "Learning rate of the generator, a number or a schedule like gamma's.", schedule=True)
    d_lr: str = setting(
        "2e-4", "Learning rate of the discriminator, a number or a schedule like gamma's.", schedule=True
    )
    beta1: float = setting(0.5, "adam, adamw: beta1. rmsprop, sgd: momentum.", low=0, high=0.9999)
    beta2: float = setting(0.999, "adam, adamw: beta2. rmsprop: smoothing of the squares.", low=0, high=0.99999)
    weight_decay: float = setting(0.0, "Weight decay of both networks.", low=0, high=1)
    ema_halflife_images: float = setting(
        0, "Half-life, in images, of the moving average (EMA) of the generator's weights. 0: no averaging.", low=0
    )
    ema_warmup: float = setting(
        0.05, "Limit that half-life to this fraction of the images seen so far. 0: no limit.", low=0, high=1
    )

    precision: Precision = setting(
        "auto", "Arithmetic of the networks. auto: bf16 if the device is fast at it.", section="Execution"
    )
    recompute: Recompute = setting(
        "none",
        "Networks whose activations are recomputed in the backward pass to save memory (activation checkpointing).",
    )
    compile: bool = setting(False, "Whether to compile both networks with torch.compile.")
    cuda_graphs: bool = setting(
        True,
        "Whether to record each kind of step as a CUDA graph and replay it. Applies to one GPU, adam or adamw, "
        "without --compile and --recompute.",
        progress=True,
    )
    threads: int = setting(0, "CPU threads per process. 0: an equal share of the cores.", low=0, progress=True)

    score_every: int = setting(
        0,
        "Images between scores against the test images. 0: never.",
        low=0,
        progress=True,
        section="Scores, files and logs",
    )
    score_count: int = setting(2_000, "Number of images generated for such a score.", low=100)
    export_every: int = setting(
        0, "Images between ONNX files in exports/, to watch in the viewer. 0: never.", low=0, progress=True
    )
    sample_every: int = setting(20_000, "Images between sample grids.", low=1, progress=True)
    checkpoint_every: int = setting(50_000, "Images between checkpoints.", low=1, progress=True)
    keep_checkpoints: int = setting(2, "Number of newest checkpoints to keep.", low=1, progress=True)
    log_every: int = setting(2_000, "Images between lines of log.jsonl.", low=1, progress=True)
    tracker: Tracker = setting(
        "none",
        "Experiment tracker that also receives the losses, through Accelerate. Its package must be installed.",
        progress=True,
    )

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            _check(field, getattr(self, field.name))

    def to_json(self) -> dict[str, Any]:
        """Return the settings as JSON values."""
        return dataclasses.asdict(self)

    def conversion(self) -> Any:
        """Return the settings that `trainer.data.datasets.load` converts pictures by, as its arguments."""
        return {"image_size": self.image_size, "crop": self.crop, "invert": self.invert}

    def published(self) -> dict[str, Any]:
        """Return the settings as JSON values, without paths of this machine, for files that may leave it."""
        return published(self.to_json())

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Read what `to_json` returned. Raises ConfigError for an unknown setting or a value that is not allowed."""
        names = [field.name for field in dataclasses.fields(cls)]
        for name in values:
            if name not in names:
                raise ConfigError(f"There is no setting {name!r}: {nearest(name, names)}")
        return cls(**values)

    def differences(self, other: Self) -> list[str]:
        """Return a line `name: mine, not theirs` for each setting that keeps one run from resuming the other."""
        return [
            f"{field.name}: {getattr(self, field.name)}, not {getattr(other, field.name)}"
            for field in dataclasses.fields(self)
            if not field.metadata["progress"] and getattr(self, field.name) != getattr(other, field.name)
        ]


@dataclass(frozen=True)
class ImageFormat:
    """The format of a data set's images: all that networks need to know about them."""

    channels: int
    """1 (grey) or 3 (RGB)."""
    size: int
    """Height and width in pixels."""
    classes: tuple[str, ...]
    """Class names in label order; empty if the images have no labels."""

    def to_json(self) -> dict[str, Any]:
        """Return the format as JSON values."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Read what `to_json` returned."""
        return cls(int(values["channels"]), int(values["size"]), tuple(values["classes"]))


def published(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of a config.json without paths of this machine. Those of older runs may lack some."""
    public = dict(settings)
    if "dataset" in public:
        public["dataset"] = public_name(str(public["dataset"]))
    if "init_from" in public:
        public["init_from"] = PureWindowsPath(str(public["init_from"])).name
    return public


def sections() -> dict[str, list[Field]]:
    """Return the settings by the section of `--help` that they belong to."""
    found: dict[str, list[Field]] = {}
    for field in dataclasses.fields(TrainConfig):
        if field.metadata["section"]:
            fields = found.setdefault(field.metadata["section"], [])
        fields.append(field)
    return found


def choices(field: Field) -> tuple[str, ...]:
    """Return the values that a setting accepts; empty if it is not a choice."""
    listed: Iterable[str] = get_args(field.type) or field.metadata["choices"]
    return tuple(dict.fromkeys((*listed, *TABLES.get(field.name, ()))))


def type_of(field: Field) -> type[int] | type[float] | type[bool] | type[str]:
    """Return the type of a setting's values: `str` for a choice."""
    return field.type if field.type in (int, float, bool) else str


def parse_value(field: Field, text: str) -> Any:
    """Convert a flag's text to the setting's type. Whole numbers may be written 200_000 or 2e5. Raises ConfigError."""
    try:
        if field.type is int:
            value = float(text) if "e" in text.lower() else int(text)
            if value != int(value):
                raise ValueError
            return int(value)
        if field.type is float:
            return float(text)
        if field.type is bool:
            return {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}[text.lower()]
    except (ValueError, KeyError, OverflowError):
        expected = "a whole number" if field.type is int else "a number" if field.type is float else "true or false"
        raise ConfigError(f"--{field.name.replace('_', '-')} takes {expected}, not {text!r}.") from None
    return text


def _check(field: Field, value: Any) -> None:
    name, about = field.name, field.metadata
    kind = type_of(field)
    fits = isinstance(value, (int, float) if kind is float else kind) and (kind is bool or not isinstance(value, bool))
    if not fits:
        raise ConfigError(f"{name} is {value!r}, but it must be of type {kind.__name__}.")
    if (known := choices(field)) and not any(_is_choice(value, choice) for choice in known):
        raise ConfigError(f"{name} is {value!r}: {nearest(value, known)}")
    low, high = about["low"], about["high"]
    if low is not None and not low <= value <= (math.inf if high is None else high):
        span = f"at least {low}" if high is None else f"between {low} and {high}"
        raise ConfigError(f"{name} is {value}, but it must be {span}.")
    if about["schedule"]:
        schedules.parse(value)


def _is_choice(value: str, choice: str) -> bool:
    prefix = choice.removesuffix("PATH")
    return value == choice if prefix == choice else len(value) > len(prefix) and value.startswith(prefix)
