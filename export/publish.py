"""Prepare a generator for the Hugging Face Hub: `python -m export.publish RUN|MODEL.onnx --out DIR`.

The folder has the exported file, also in fp16, a model card, pictures, examples, scores, test vectors and checksums.
Nothing is uploaded: the command that does so is printed.
"""

from __future__ import annotations

import argparse
import re
import shlex
import sys
import tempfile
from pathlib import Path

from rich.console import Console

from digitforge.errors import exit_status
from digitforge.files import user_path
from digitforge.progress import spinner


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m export.publish", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("model", type=user_path, metavar="RUN|MODEL.onnx", help="an exported file, or a run with one")
    parser.add_argument(
        "--out", type=user_path, required=True, metavar="DIR", help="a new folder, named like the model"
    )
    parser.add_argument(
        "--license", metavar="ID",
        help="licence of the weights, as the Hub names it (default: what the file says; needed for your own pictures)",
    )  # fmt: skip
    given = parser.parse_args(arguments)

    def command() -> None:
        from export.publishing.folder import prepare, publish  # imports onnxruntime, which --help does not need
        from export.runtime.generator import find_model
        from viewer.gallery import write_gallery

        model = find_model(given.model)
        publication = prepare(model, given.out, given.license)
        with tempfile.TemporaryDirectory() as pictures:
            write_gallery(publication.generator, Path(pictures), 0, 1.0)
            with spinner(Console(stderr=True)) as show:
                published = publish(publication, Path(pictures), show)
        if published.half_error is None:
            print("The file in fp16 was left out: its images differ too much.", file=sys.stderr)
        if not published.scored:
            print(f"The card has no scores: python -m trainer.score {model} --embed", file=sys.stderr)
        name = re.sub(r"[^A-Za-z0-9._-]+", "-", publication.out.name).strip("-.") or "generator"
        print(f"{given.out} is ready, under the licence {publication.licence}. Look at its README.md, then upload it:")
        print(f"hf upload YOUR_NAME/{name} {shlex.quote(str(given.out))} .")

    return exit_status(command)


if __name__ == "__main__":
    sys.exit(main())
