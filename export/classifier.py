"""Export a classifier to ONNX: `python -m export.classifier [FILE.safetensors] [--out FILE]`.

The file is for programs that run without torch. It takes its name only after onnxruntime and torch have computed the
same probabilities and features.
"""

from __future__ import annotations

import argparse
import sys

from digitforge.errors import exit_status
from digitforge.files import user_path
from export.runtime.predict import BUNDLED_CLASSIFIER


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m export.classifier", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("weights", type=user_path, nargs="?", help="a trained classifier (default: the bundled one)")
    parser.add_argument(
        "--out",
        type=user_path,
        default=BUNDLED_CLASSIFIER,
        metavar="FILE",
        help="file to write (default: the bundled file)",
    )
    given = parser.parse_args(arguments)

    def command() -> None:
        from export.convert.classifier import export_classifier  # loads torch, which --help does not need

        export_classifier(given.weights, given.out)
        print(f"{given.out}: {given.out.stat().st_size / 2**20:.2f} MiB, verified against torch")

    return exit_status(command)


if __name__ == "__main__":
    sys.exit(main())
