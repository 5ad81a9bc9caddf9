"""Make a labelled data set from an ONNX generator: `python -m export.sample MODEL.onnx --count N --out FILE.npz|DIR`.

Image number i of a seed is a function of (seed, i) alone, so a longer request begins with the shorter one.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from digitforge.errors import ExportError, exit_status
from export.contract import GeneratorInfo
from export.datasets.card import card_path
from export.datasets.sampling import SampleRequest
from export.datasets.writers import FORMATS, write_dataset
from export.runtime.generator import find_model, open_generator


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(f"{task.speed or 0:,.0f}/s")


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m export.sample", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("model", type=Path, metavar="MODEL.onnx", help="A generator, or a run directory with one.")
    parser.add_argument("--count", type=int, required=True, help="Number of images.")
    parser.add_argument("--out", type=Path, required=True, help="A .npz file, or a new folder.")
    parser.add_argument("--format", choices=FORMATS, help="Default: npz for a .npz file, png for a folder.")
    parser.add_argument("--digit", help="Only this class, or several, as 3,8 (default: all in turn).")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--truncation", type=float, default=1.0, metavar="PSI", help="0 to 2 (default: 1).")
    parser.add_argument(
        "--min-confidence", type=float, default=0.0, metavar="P",
        help="Make images again that the classifier reads as their class with less probability.",
    )  # fmt: skip
    parser.add_argument("--shard", default="1/1", metavar="I/N", help="Only the I-th of N parts, from 1.")
    given = parser.parse_args(arguments)
    form = given.format or ("npz" if given.out.suffix == ".npz" else "png")

    def command() -> None:
        if (form == "npz") != (given.out.suffix == ".npz"):
            raise ExportError(f"--out is {given.out}, but the format {form} wants "
                              f"{'a .npz file' if form == 'npz' else 'a folder'}.")  # fmt: skip
        shard = _shard(given.shard)
        generator = open_generator(find_model(given.model))
        if generator.notice:
            Console(stderr=True, soft_wrap=True).print(generator.notice, style="yellow", highlight=False)
        classes = _classes(generator.info, given.digit)
        request = SampleRequest(given.count, given.seed, classes, given.truncation, given.min_confidence, shard)
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn())
        terminal = Console(stderr=True)
        with Progress(*columns, console=terminal, transient=True, disable=not terminal.is_terminal) as progress:
            task = progress.add_task("generating", total=None)

            def report(done: int, of: int) -> None:
                what = "generating" if done < of else "writing"
                progress.update(task, completed=done, total=of, description=what)

            new = write_dataset(generator, request, given.out, form, report)
        start, stop = request.span(0, request.count)
        already = "" if new else ", which were there already"
        print(f"{given.out}: {stop - start:,} images{already}; {card_path(given.out, form)} says how they were made")

    return exit_status(command)


def _classes(info: GeneratorInfo, names: str | None) -> tuple[int, ...]:
    if names is None:
        return ()
    if not info.conditional:
        raise ExportError("This generator is unconditional: it cannot be asked for a digit; leave out --digit.")
    chosen = [names] if names in info.classes else [name.strip() for name in names.split(",")]
    for name in chosen:
        if name not in info.classes:
            raise ExportError(f"This generator has no class {name!r}: choose from {', '.join(info.classes[:100])}.")
    return tuple(info.classes.index(name) for name in chosen)


def _shard(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d{1,9})/(\d{1,9})", text)
    if match is None:
        raise ExportError(f"--shard is {text!r}; it must be I/N, as 1/4.")
    return int(match[1]), int(match[2])


if __name__ == "__main__":
    sys.exit(main())
