"""Make a labelled data set with an ONNX generator: `python -m export.sample MODEL.onnx --count N --out FILE.npz|DIR`.

Image i of a seed depends on the seed and i alone, so a longer data set begins with the shorter one. The shards that
several processes have made are joined with `python -m export.sample --join DIR --out FILE.npz`.
"""

from __future__ import annotations

import argparse
import sys

from rich.console import Console

from digitforge.errors import ExportError, exit_status
from digitforge.files import user_path
from digitforge.progress import bar
from export.contract import GeneratorInfo
from export.datasets.card import card_path
from export.datasets.dataset import write_dataset
from export.datasets.formats import FORMATS, format_of
from export.datasets.join import join_shards
from export.datasets.latents_file import read_latents
from export.datasets.sampling import TRUNCATION_MAX, SampleRequest, class_labels, parse_shard
from export.runtime.discriminator import open_discriminator
from export.runtime.generator import find_model, open_generator, state
from export.runtime.sidecar import OPTION_HELP as ASSUME_HELP

OF_SEED = ("count", "seed", "digit", "truncation", "min_confidence", "discriminator", "min_realism")
"""The options of images that are generated from a seed."""


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m export.sample", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "model", type=user_path, nargs="?", metavar="MODEL.onnx", help="a generator, or a run directory with one"
    )
    parser.add_argument("--join", type=user_path, metavar="DIR", help="join the .npz shards in this folder instead")
    parser.add_argument("--count", type=int, metavar="N", help="number of images")
    parser.add_argument(
        "--latents", type=user_path, metavar="FILE.npz",
        help="generate the images of these latents and class weights, as export.invert writes them",
    )  # fmt: skip
    parser.add_argument("--out", type=user_path, required=True, help="a .npz file, or a new folder")
    parser.add_argument("--format", choices=tuple(FORMATS), help="default: npz for a .npz file, png for a folder")
    parser.add_argument("--digit", metavar="D", help="one class, or several, as 3,8 (default: all in turn)")
    parser.add_argument("--seed", type=int, help="seed of the images (default: 0)")
    parser.add_argument(
        "--truncation", type=float, metavar="PSI",
        help=f"factor for the latents, 0 to {TRUNCATION_MAX:g}; less is more typical and less varied (default: 1)",
    )  # fmt: skip
    parser.add_argument(
        "--min-confidence", type=float, metavar="P",
        help="generate images again until the classifier gives their class at least this probability (default: 0)",
    )  # fmt: skip
    parser.add_argument(
        "--discriminator", type=user_path, metavar="FILE.onnx",
        help="a discriminator, or a run directory with one, that judges the images",
    )  # fmt: skip
    parser.add_argument(
        "--min-realism", type=float, metavar="P",
        help="generate images again until the discriminator gives them at least this probability of being real",
    )  # fmt: skip
    parser.add_argument("--shard", metavar="I/N", help="only the I-th of N parts (default: 1/1)")
    parser.add_argument("--assume", action="append", default=[], metavar="WHAT=VALUE", help=ASSUME_HELP)
    given = parser.parse_args(arguments)
    form = given.format or format_of(given.out)

    def command() -> None:
        if given.join:
            _join(given)
            return
        if given.model is None:
            raise ExportError("Name a generator, or a folder of shards with --join.")
        suffix = FORMATS[form].suffix
        if FORMATS[format_of(given.out)].suffix != suffix:
            needs = f"a {suffix} file" if suffix else "a folder"
            raise ExportError(f"--out is {given.out}, but the format {form} needs {needs}.")
        shard = parse_shard(given.shard or "1/1")
        model = find_model(given.model)
        if given.assume:
            state(model, given.assume)
        if (given.discriminator is None) != (given.min_realism is None):
            raise ExportError("--min-realism and --discriminator are used together: give both, or neither.")
        generator = open_generator(model)
        discriminator = None if given.discriminator is None else open_discriminator(given.discriminator)
        if generator.notice:
            Console(stderr=True, soft_wrap=True).print(generator.notice, style="yellow", highlight=False)
        request = _of_latents(given, generator.info, shard) if given.latents else _of_seed(given, generator.info, shard)
        with bar(Console(stderr=True), "generating") as progress:
            new = write_dataset(
                generator, request, given.out, form,
                lambda done, total: progress.show(done, total, "generating" if done < total else "writing"),
                discriminator,
            )  # fmt: skip
        start, stop = request.span(0, request.count)
        already = "" if new else ", which existed already"
        print(f"{given.out}: {stop - start:,} images{already}; {card_path(given.out, form)} says how they were made")

    return exit_status(command)


def _join(given: argparse.Namespace) -> None:
    if given.model is not None:
        raise ExportError("Shards are joined without a generator: leave out MODEL.onnx.")
    _refuse(given, "shards that are joined", "latents", "format", "shard", "assume", *OF_SEED)
    with bar(Console(stderr=True), "joining") as progress:
        count, new = join_shards(given.join, given.out, lambda done, total: progress.show(done, total, "joining"))
    already = "" if new else ", which existed already"
    print(f"{given.out}: {count:,} images{already}; {card_path(given.out, 'npz')} says how they were made")


def _refuse(given: argparse.Namespace, what: str, *names: str) -> None:
    """Raise ExportError if an option is given that does not apply."""
    for name in names:
        if getattr(given, name) not in (None, []):
            raise ExportError(f"--{name.replace('_', '-')} does not apply to {what}: leave it out.")


def _of_seed(given: argparse.Namespace, info: GeneratorInfo, shard: tuple[int, int]) -> SampleRequest:
    if given.count is None:
        raise ExportError("Name the number of images with --count, or a file of latents with --latents.")
    truncation = 1.0 if given.truncation is None else given.truncation
    return SampleRequest(
        given.count, given.seed or 0, _classes(info, given.digit), truncation, given.min_confidence or 0.0, shard,
        least_realism=given.min_realism or 0.0,
    )  # fmt: skip


def _of_latents(given: argparse.Namespace, info: GeneratorInfo, shard: tuple[int, int]) -> SampleRequest:
    _refuse(given, "given latents", *OF_SEED)
    latents = read_latents(given.latents, info)
    return SampleRequest(len(latents.latents), shard=shard, given=latents)


def _classes(info: GeneratorInfo, names: str | None) -> tuple[int, ...]:
    if names is None:
        return ()
    return class_labels(info, [names] if names in info.classes else [name.strip() for name in names.split(",")])


if __name__ == "__main__":
    sys.exit(main())
