"""Choose the real digits of "Real or forged?" from MNIST's test images: `python -m tools.real_digits [--out FILE]`.

It takes the first 50 test images of each digit, so that they were part of no training and were not picked by hand.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

from digitforge import mnist
from digitforge.errors import DataError, exit_status
from digitforge.files import atomic_file, user_path, write_json
from export.runtime.arrays import Int64, UInt8
from viewer.core.game.real_digits import REAL_DIGITS

EACH = 50


def choose(images: UInt8, labels: Int64) -> tuple[UInt8, Int64]:
    """Return the first EACH images of each class in the order of the test set, [n, 28, 28] and labels [n]."""
    rows = np.sort(np.concatenate([np.flatnonzero(labels == label)[:EACH] for label in range(10)]))
    return images[rows], labels[rows]


def write(path: Path, images: UInt8, labels: Int64) -> None:
    """Write the archive."""
    with atomic_file(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, images=images, labels=labels.astype(np.uint8))


def command(given: argparse.Namespace) -> None:
    """Choose the digits, and write them."""
    folder = mnist.find("mnist", None)
    if folder is None:
        raise DataError("MNIST is not on this computer: set DIGITFORGE_DATA to the folder that holds MNIST/raw.")
    images, labels = mnist.read("mnist", folder, "test")
    write(given.out, *choose(images[:, 0], labels))
    size = given.out.stat().st_size
    if given.json:
        write_json(given.json, {"bytes": size})
    print(f"{given.out}: {size / 2**10:.0f} KiB")


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.real_digits", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--out", type=user_path, default=REAL_DIGITS, help="file to write (default: the bundled file)")
    parser.add_argument("--json", type=user_path, metavar="FILE", help="write the file's size there")
    given = parser.parse_args(arguments)
    return exit_status(lambda: command(given))


if __name__ == "__main__":
    sys.exit(main())
