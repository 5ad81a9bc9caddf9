"""Find the latents of pictures: `python -m export.invert MODEL.onnx PICTURE|DIR|FILE.npz --out FILE.npz`.

The file can be sampled with `python -m export.sample MODEL.onnx --latents FILE.npz --out FILE.npz|DIR`.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from digitforge.errors import ExportError, exit_status
from digitforge.files import user_path
from digitforge.progress import bar
from export.contract import GeneratorInfo
from export.datasets.inverting import InvertRequest, write_inversion
from export.datasets.sampling import class_labels, parse_shard
from export.datasets.targets import Targets, open_targets
from export.inversion.batch import BLOCK, Found
from export.inversion.checks import check_searchable
from export.runtime.generator import find_model, open_generator

NEAR = 0.2
"""Errors below this count as near: at a glance, such images are hardly told from their targets."""

MOST_LISTED = 20
"""Pictures that are listed with the classes that were tried."""


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m export.invert", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("model", type=user_path, metavar="MODEL.onnx", help="a generator, or a run directory with one")
    parser.add_argument(
        "pictures", type=user_path, metavar="PICTURE|DIR|FILE.npz",
        help="a picture, a folder of pictures, or a .npz file as export.sample writes it",
    )  # fmt: skip
    parser.add_argument("--out", type=user_path, required=True, metavar="FILE.npz", help="file for latents and weights")
    parser.add_argument("--digit", metavar="D", help="class of all pictures (default: the file's labels)")
    parser.add_argument("--find-classes", action="store_true", help="ignore the file's labels")
    parser.add_argument("--shard", default="1/1", metavar="I/N", help="only the I-th of N parts (default: 1/1)")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    given = parser.parse_args(arguments)

    def command() -> None:
        shard = parse_shard(given.shard)
        generator = open_generator(find_model(given.model))
        check_searchable(generator.info)
        if generator.notice:
            Console(stderr=True, soft_wrap=True).print(generator.notice, style="yellow", highlight=False)
        label = -1 if given.digit is None else class_labels(generator.info, [given.digit])[0]
        if label >= 0 and given.find_classes:
            raise ExportError("--digit names the class, and --find-classes finds it out: leave one of them out.")
        targets = open_targets(given.pictures, generator.info)
        request = InvertRequest(targets, label, given.find_classes, shard)
        with bar(Console(stderr=True), "searching") as progress:
            found, new = write_inversion(
                generator, request, given.out, lambda done, total: progress.show(done, total, "searching")
            )
        result = _result(given.out, targets, found, generator.info, request.blocks().start * BLOCK)
        print(json.dumps(result, indent=2) if given.json else _sentence(result, new))

    return exit_status(command)


def _result(out: Path, targets: Targets, found: Found, info: GeneratorInfo, first: int) -> dict[str, Any]:
    result: dict[str, Any] = {
        "out": str(out),
        "count": len(found.latents),
        "rms": round(float(found.rms.mean()), 6),
        "median_rms": round(float(np.median(found.rms)), 6),
        "near": round(float((found.rms < NEAR).mean()), 6),
    }
    if targets.names:
        names = targets.names[first : first + len(found.latents)]
        classes = [info.classes[label] if label >= 0 else None for label in found.labels]
        result["pictures"] = [
            {"picture": name, "class": each, "rms": round(float(rms), 6), "tried": _tried(found, row, info)}
            for row, (name, each, rms) in enumerate(zip(names, classes, found.rms, strict=True))
        ]
    return result


def _tried(found: Found, row: int, info: GeneratorInfo) -> list[dict[str, Any]]:
    """Return the classes that were tried for a picture, that of the lowest error first, with their errors."""
    pairs = zip(found.tried[row], found.tried_rms[row], strict=True)
    return [{"class": info.classes[label], "rms": round(float(rms), 6)} for label, rms in pairs if label >= 0]


def _sentence(result: dict[str, Any], new: bool) -> str:
    already = "" if new else ", which existed already"
    count = result["count"]
    if count == 1:
        of_class = f" as {result['pictures'][0]['class']!r}" if result.get("pictures", [{}])[0].get("class") else ""
        others = result.get("pictures", [{"tried": []}])[0]["tried"][1:]
        instead = "".join(f"; as {other['class']!r}, {other['rms']:.3f}" for other in others)
        return (
            f"{result['out']}: the latent of one picture{already}, found{of_class} with an error of "
            f"{result['rms']:.3f}{instead}"
        )
    lines = [
        f"{result['out']}: {count:,} latents{already}; the error is {result['rms']:.3f} on average, and below {NEAR} "
        f"for {result['near']:.1%}"
    ]
    if count <= MOST_LISTED:
        for picture in result.get("pictures", []):
            tried = ", ".join(f"as {each['class']!r} {each['rms']:.3f}" for each in picture["tried"])
            lines.append(f"  {picture['picture']}: {tried or format(picture['rms'], '.3f')}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
