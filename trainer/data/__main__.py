"""Look at training images before training: `python -m trainer.data PATH|NAME [--image-size S] [--out FILE.png]`.

PATH is a folder of pictures, a .zip of one, a .npz, .npy or .csv file of arrays, or a .parquet file or a folder of
these; NAME is any `--dataset`. The command prints what was found and how many images each class has, and draws a
contact sheet.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import get_args

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from digitforge import files
from digitforge.datasets import public_name
from digitforge.errors import DataError, exit_status
from digitforge.files import user_path
from trainer.config import Crop, Invert
from trainer.data import datasets
from trainer.data.summary import contact_sheet, shares, summary

ENDINGS = {".zip": "zip:", ".npz": "npz:", ".npy": "npz:", ".csv": "csv:", ".csv.gz": "csv:", ".tsv": "csv:",
           ".parquet": "parquet:", ".arrow": "parquet:"}  # fmt: skip
BAR = 24
"""Length of the bar of the most frequent class, in characters."""


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m trainer.data", description="Look at training images: what is found, how many of each class."
    )
    parser.add_argument(
        "data", metavar="PATH|NAME", help="A folder, a .zip, .npz, .npy, .csv or .parquet file, or a --dataset."
    )
    parser.add_argument("--data-dir", type=user_path, help="Folder that holds a named data set.")
    parser.add_argument("--image-size", type=int, default=0, help="Height and width in pixels; 0: as in training.")
    parser.add_argument("--crop", choices=get_args(Crop), default="square", help="How pictures become square.")
    parser.add_argument("--invert", choices=get_args(Invert), default="false", help="Whether to swap light and dark.")
    parser.add_argument("--out", type=user_path, default=Path("data.png"), help="The contact sheet; default: data.png.")
    given = parser.parse_args(arguments)
    return exit_status(lambda: _look(given))


def named(data: str) -> str:
    """Return the `--dataset` for a path: the kind of a file is told by its ending. Others are returned as they are."""
    path = Path(data)
    if path.is_dir():
        tables = any(next(path.glob(pattern), None) for pattern in ("*.parquet", "*/*.parquet", "*/*.arrow"))
        return f"parquet:{data}" if tables else f"folder:{data}"
    prefix = next((prefix for ending, prefix in ENDINGS.items() if path.name.lower().endswith(ending)), "")
    return prefix + data if prefix and path.is_file() else data


def _look(given: argparse.Namespace) -> None:
    if given.image_size < 0 or given.image_size > 512:
        raise DataError("--image-size must be between 0 and 512.")
    if given.out.suffix.lower() != ".png":
        raise DataError(f"{given.out} must end in .png.")
    dataset, console = named(given.data), Console(soft_wrap=True)
    source = datasets.load(
        dataset, given.data_dir, image_size=given.image_size, crop=given.crop, invert=given.invert, console=console
    )
    console.print(f"{public_name(source.dataset)}: {summary(source)}", markup=False, highlight=False)
    if counted := shares(source):
        console.print(_table(counted))
    sheet = contact_sheet(source)
    with files.atomic_file(given.out) as temporary:
        sheet.save(temporary)
    print(f"{given.out}: the first images of each class" if counted else f"{given.out}: the first images")
    if source.dataset != given.data:
        plain = {"image_size": 0, "crop": "square", "invert": "false"}
        chosen = {name: getattr(given, name) for name in plain if getattr(given, name) != plain[name]}
        flags = "".join(f" --{name.replace('_', '-')} {value}" for name, value in chosen.items())
        print(f"Train on them: accelerate launch trainer/train.py --dataset {source.dataset}{flags}")


def _table(counted: list[tuple[str, int]]) -> Table:
    table = Table("class", "images", "", box=SIMPLE_HEAD, pad_edge=False)
    table.columns[1].justify = "right"
    most = max(count for _, count in counted)
    for name, count in counted:
        table.add_row(escape(name), f"{count:,}", "█" * round(BAR * count / most))
    return table


if __name__ == "__main__":
    sys.exit(main())
