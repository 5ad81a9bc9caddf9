"""The trainer's command line: a flag for each setting of `TrainConfig`, and the command that launches the trainer."""

from __future__ import annotations

import argparse
import dataclasses
import re
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from digitforge.errors import ConfigError, nearest
from digitforge.files import user_path
from trainer.config import Field, TrainConfig, choices, parse_value, sections, type_of
from trainer.presets import PRESETS, configure
from trainer.schedulers import TIMEOUT_S

SCRIPT = Path(__file__).with_name("train.py")
METAVARS = {int: "N", float: "X", bool: "true|false", str: "TEXT"}


@dataclass(frozen=True)
class Command:
    """The parsed command line."""

    config: TrainConfig
    data_dir: Path | None
    scratch: Path | None
    run_dir: Path | None
    resume: str
    stopped_status: int
    process_timeout: float
    list_presets: bool


class _Formatter(argparse.HelpFormatter):
    """Wraps help between words only, so that names with hyphens stay whole."""

    def _split_lines(self, text: str, width: int) -> list[str]:
        return textwrap.wrap(" ".join(text.split()), width, break_long_words=False, break_on_hyphens=False)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise ConfigError(f"{message[0].upper()}{message[1:]}.")


def parse(arguments: list[str]) -> Command:
    """Parse the command line. Raises ConfigError for an unknown flag, naming the nearest one, or a bad value."""
    parser = build_parser()
    given, unknown = parser.parse_known_args(arguments)
    if unknown and not unknown[0].strip():
        raise ConfigError("One argument is blank: remove any spaces after the \\ at the end of a line.")
    if unknown:
        flags = [option for action in parser._actions for option in action.option_strings]
        raise ConfigError(f"There is no flag {unknown[0]!r}: {nearest(unknown[0].split('=')[0], flags)}")
    overrides = {
        field.name: parse_value(field, value)
        for field in dataclasses.fields(TrainConfig)
        if (value := getattr(given, field.name)) is not None
    }
    preset = overrides.pop("preset", TrainConfig.preset)
    return Command(
        configure(preset, overrides),
        given.data_dir,
        given.scratch,
        given.run_dir,
        given.resume,
        given.stopped_status,
        given.process_timeout,
        given.list_presets,
    )


def build_parser() -> argparse.ArgumentParser:
    """Return the parser. Flags are grouped by section and show the defaults of the default preset."""
    parser = _Parser(
        prog="accelerate launch trainer/train.py",
        usage="%(prog)s [--preset NAME] [--dataset NAME] [--run-dir DIR] [--images N] [...]",
        description="Train a GAN. To resume a run, give the same command again.",
        epilog=f"Defaults are those of the preset {TrainConfig.preset}; another --preset has others.",
        allow_abbrev=False,
        formatter_class=_Formatter,
    )
    parser._negative_number_matcher = re.compile(r"-\.?\d")  # before Python 3.14, argparse takes -1e-4 for a flag
    parser.add_argument("--list-presets", action="store_true", help="show the presets and exit")
    defaults = configure(TrainConfig.preset, {})
    for title, fields in sections().items():
        group = parser.add_argument_group(title)
        for field in fields:
            group.add_argument(
                flag(field.name),
                help=_help(field, getattr(defaults, field.name)).replace("%", "%%"),
                metavar="NAME" if choices(field) or field.name == "preset" else METAVARS[type_of(field)],
            )
        if title == "Run":
            group.add_argument(
                "--run-dir", type=user_path, metavar="DIR", help="Folder of the run (default: runs/<preset>-<dataset>)."
            )
            group.add_argument(
                "--resume",
                choices=("auto", "never", "must"),
                default="auto",
                help="Whether to resume the run in --run-dir, if there is one (default: auto).",
            )
            group.add_argument(
                "--stopped-status",
                type=int,
                default=0,
                metavar="N",
                help="Exit status of a training that a signal has stopped and that was saved before its end, so that "
                "a scheduler can start it again (default: 0).",
            )
            group.add_argument(
                "--process-timeout",
                type=float,
                default=TIMEOUT_S,
                metavar="SECONDS",
                help="How long a process waits for the others before it gives up (default: %(default)s).",
            )
        elif title == "Data":
            group.add_argument(
                "--data-dir",
                type=user_path,
                metavar="DIR",
                help="Folder of the data set (default: $DIGITFORGE_DATA, then a cache).",
            )
            group.add_argument(
                "--scratch",
                type=user_path,
                metavar="DIR",
                help="A folder on this machine's own disk, from which decoded pictures are read instead of from a "
                "shared cache (default: $DIGITFORGE_SCRATCH, if set).",
            )
    return parser


def flag(name: str) -> str:
    """Return the flag of a setting."""
    return f"--{name.replace('_', '-')}"


def text(value: Any) -> str:
    """Return a setting's value as its flag takes it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def launcher(processes: int = 1) -> tuple[str, ...]:
    """Return the command that launches the trainer from any folder; the trainer's flags follow it."""
    config_file = SCRIPT.parents[1] / "accelerate_config.yaml"
    configured = ("--config_file", str(config_file)) if config_file.is_file() else ()
    group = ("--multi_gpu", "--main_process_port", "0") if processes > 1 else ()
    return (
        sys.executable, "-m", "accelerate.commands.launch", "--quiet", *configured,
        "--num_processes", str(processes), *group, str(SCRIPT),
    )  # fmt: skip


def _help(field: Field, default: Any) -> str:
    sentences = [field.metadata["help"]]
    if field.name == "preset":
        sentences.append(f"One of {', '.join(PRESETS)}; see --list-presets.")
    elif known := choices(field):
        sentences.append(f"One of {', '.join(known)}.")
    if default != "":
        sentences.append(f"(default: {default:g})" if isinstance(default, float) else f"(default: {text(default)})")
    return " ".join(sentences)
