"""The trainer's command line: a flag for each setting of `TrainConfig`, some for places, and the launch before them."""

from __future__ import annotations

import argparse
import dataclasses
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from digitforge.errors import ConfigError, nearest
from trainer.config import TrainConfig, parse_value
from trainer.presets import PRESETS, configure

SCRIPT = Path(__file__).with_name("train.py")


@dataclass(frozen=True)
class Command:
    """What the command line asks for."""

    config: TrainConfig
    data_dir: Path | None
    run_dir: Path | None
    resume: str
    list_presets: bool


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise ConfigError(f"{message[0].upper()}{message[1:]}.")


def parse(arguments: list[str]) -> Command:
    """Read the command line. Raises ConfigError for what cannot be meant, with the nearest flag."""
    parser = _Parser(
        prog="accelerate launch trainer/train.py",
        description="Train a GAN. To resume a run, give the same command again.",
        allow_abbrev=False,
    )
    parser.add_argument("--data-dir", type=Path, help="Folder with the data set (else $DIGITFORGE_DATA, else a cache).")
    parser.add_argument("--run-dir", type=Path, help="Folder of the run (default: runs/<preset>-<dataset>).")
    parser.add_argument(
        "--resume", choices=("auto", "never", "must"), default="auto", help="Whether to continue a run in --run-dir."
    )
    parser.add_argument("--list-presets", action="store_true", help="Show the presets in a table, and end.")
    fields = dataclasses.fields(TrainConfig)
    for field in fields:
        sentence = field.metadata["sentence"]
        if field.name == "preset":
            sentence += f" One of {', '.join(PRESETS)}; see --list-presets."
        elif choices := field.metadata["choices"]:
            sentence += f" One of {', '.join(choices)}."
        parser.add_argument(flag(field.name), help=sentence.replace("%", "%%"), metavar=str(field.type).upper())
    given, unknown = parser.parse_known_args(arguments)
    if unknown:
        flags = [option for action in parser._actions for option in action.option_strings]
        raise ConfigError(f"There is no flag {unknown[0]!r}: {nearest(unknown[0].split('=')[0], flags)}")
    overrides = {
        field.name: parse_value(field, value) for field in fields if (value := getattr(given, field.name)) is not None
    }
    preset = overrides.pop("preset", TrainConfig.preset)
    return Command(configure(preset, overrides), given.data_dir, given.run_dir, given.resume, given.list_presets)


def flag(name: str) -> str:
    """A setting's flag."""
    return f"--{name.replace('_', '-')}"


def text(value: Any) -> str:
    """A setting's value behind its flag."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def launcher(processes: int = 1) -> tuple[str, ...]:
    """The command that launches the trainer with so many processes, from any folder; flags follow."""
    config_file = SCRIPT.parents[1] / "accelerate_config.yaml"
    configured = ("--config_file", str(config_file)) if config_file.is_file() else ()
    group = ("--multi_gpu", "--main_process_port", "0") if processes > 1 else ()
    return (
        sys.executable, "-m", "accelerate.commands.launch", "--quiet", *configured,
        "--num_processes", str(processes), *group, str(SCRIPT),
    )  # fmt: skip
