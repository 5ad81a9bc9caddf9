"""Measure how well real digits are found: `python -m bench.inversion [MODEL.onnx] [--methods M ...] [--json FILE]`.

The targets are the first test images of MNIST. Each method searches for the same targets in the classes that the
bundled classifier reads (an unconditional generator has none); "everything" is what `python -m export.invert` does.
Errors are root mean squares in units of [-1, 1]. Methods are added to what the JSON file already holds.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from digitforge.bundled import BUNDLED_MODEL
from digitforge.cpus import usable_cpus
from digitforge.errors import ExportError, exit_status
from digitforge.files import write_json
from digitforge.progress import Bar, bar
from export.inversion.batch import BLOCK, invert
from export.inversion.classes import likeliest, probabilities
from export.inversion.live import LiveInversion, usable_classifier
from export.inversion.solver import DEFAULTS, Float64, Settings, Solver
from export.inversion.starts import Pool
from export.runtime.arrays import Float32, Int64
from export.runtime.generator import Generator, find_model, open_generator
from export.runtime.latents import latents, one_hot
from export.runtime.pixels import from_pixels, to_pixels
from export.runtime.predict import Classifier, open_classifier
from trainer.data import datasets

SAMPLES = 1024
"""Random latents of which the best is taken."""
SEED = 1
NEAR = 0.2
"""Errors below this count as near: at a glance, such images are hardly told from their targets."""
ANSWERS, STROKES = 120, 12
"""Answers that are timed, and changes of a picture until it is complete."""
SHOWN = (1, 5, 10)
"""Iterations after which the state of a search is measured."""


@dataclass(frozen=True)
class Task:
    """The targets, and what all methods know about them."""

    generator: Generator
    pool: Pool
    targets: Float32
    """[n, C, H, W] in [-1, 1]."""
    classes: Int64
    """The class to search in, [n]; -1 without classes."""
    classifier: Classifier | None

    def weights(self, rows: slice) -> Float32 | None:
        """The class weights of some targets."""
        info = self.pool.info
        return one_hot(self.classes[rows], len(info.classes)) if info.conditional else None


@dataclass(frozen=True)
class State:
    """What a method has found at some point."""

    point: str
    images: Float32
    latents: Float32
    seconds: float
    """For all targets."""
    runs: float
    """Images generated for one target."""


def samples(task: Task, shown: Bar) -> Iterator[State]:
    """The best of random latents."""
    info = task.pool.info
    images = np.empty_like(task.targets)
    found = np.empty((len(task.targets), info.latent_size), np.float32)
    z = latents(info, SEED, 0, SAMPLES)
    seconds = 0.0
    for label in np.unique(task.classes):
        rows, start = np.flatnonzero(task.classes == label), time.perf_counter()
        y = one_hot(np.full(SAMPLES, label), len(info.classes)) if info.conditional else None
        made = task.generator.generate(z, y).reshape(SAMPLES, -1)
        # The samples serve all targets of a class here; a single target would need all of them.
        seconds += (time.perf_counter() - start) * len(rows)
        flat = task.targets[rows].reshape(len(rows), -1)
        best = ((made**2).sum(axis=1) - 2 * flat @ made.T).argmin(axis=1)
        images[rows], found[rows] = made[best].reshape(-1, *images.shape[1:]), z[best]
        shown.advance(len(rows))
    yield State("", images, found, seconds, SAMPLES)


def search(settings: Settings, from_pool: bool) -> Callable[[Task, Bar], Iterator[State]]:
    """Return a method: ten iterations from the nearest sample, or from the mean latent."""

    def method(task: Task, shown: Bar) -> Iterator[State]:
        count, info = len(task.targets), task.pool.info
        images = {point: np.empty_like(task.targets) for point in SHOWN}
        found = {point: np.empty((count, info.latent_size), np.float32) for point in SHOWN}
        seconds = dict.fromkeys(SHOWN, 0.0)
        runs = 0

        def run(z: Float32, y: Float32 | None) -> Float32:
            nonlocal runs
            runs += len(z)
            return task.generator.generate(z, y)

        at = dict.fromkeys(SHOWN, 0)
        for first in range(0, count, BLOCK):
            rows = slice(first, min(first + BLOCK, count))
            targets, began, before = task.targets[rows], time.perf_counter(), runs
            start = np.zeros((len(targets), info.latent_size), np.float32)
            if from_pool:
                errors = task.pool.squared_errors(targets)
                start = task.pool.latents[task.pool.nearest(errors, task.classes[rows], 1)[:, 0]]
            solver = Solver(info, targets, start, task.weights(rows), settings=settings)
            for iteration in range(1, SHOWN[-1] + 1):
                solver.step(run)
                if iteration in SHOWN:
                    seconds[iteration] += time.perf_counter() - began
                    at[iteration] += runs - before
                    images[iteration][rows], found[iteration][rows] = solver.images, solver.latents
            shown.advance(len(targets))
        for point in SHOWN:
            yield State(str(point), images[point], found[point], seconds[point], at[point] / count)

    return method


def everything(task: Task, shown: Bar) -> Iterator[State]:
    """What the command does: three starts of each likely class, then the best until it hardly improves."""
    runs, done, start = 0, 0, time.perf_counter()

    def run(z: Float32, y: Float32 | None) -> Float32:
        nonlocal runs
        runs += len(z)
        return task.generator.generate(z, y)

    def report(now: int) -> None:
        nonlocal done
        shown.advance(now - done)
        done = now

    found = invert(task.pool, run, task.targets, classifier=task.classifier, report=report)
    seconds = time.perf_counter() - start
    images = task.generator.generate(found.latents, found.weights)
    yield State("", images, found.latents, seconds, runs / len(task.targets))


METHODS: dict[str, tuple[str, Callable[[Task, Bar], Iterator[State]]]] = {
    "samples": (f"best of {SAMPLES:,} random latents", samples),
    "mean": ("from the mean latent", search(DEFAULTS, from_pool=False)),
    "nearest": ("from the nearest of the pool", search(DEFAULTS, from_pool=True)),
    "no-prior": ("without a prior", search(Settings(prior=0), from_pool=True)),
    "strong-prior": ("prior of 2 and not 0.4", search(Settings(prior=2), from_pool=True)),
    "one-step": ("one step for each Jacobian", search(Settings(steps=1), from_pool=True)),
    "short-difference": ("differences of 0.01", search(Settings(difference=0.01), from_pool=True)),
    "weights": ("class weights fitted along", search(Settings(fit_weights=True), from_pool=True)),
    "robust": ("robust above 0.3", search(Settings(robust=0.3), from_pool=True)),
    "everything": ("everything: three starts, likely classes", everything),
}


def measured(state: State, task: Task, labels: Int64) -> dict[str, Any]:
    """Return the figures of a state; labels: the targets' own classes."""
    squares = (state.images - task.targets) ** 2
    rms: Float64 = np.sqrt(squares.reshape(len(squares), -1).mean(axis=1, dtype=np.float64))
    count = len(rms)
    row: dict[str, Any] = {
        "iterations": state.point,
        "rms": float(rms.mean()),
        "median_rms": float(np.median(rms)),
        "near": float((rms < NEAR).mean()),
        "latent_length": float(np.linalg.norm(state.latents, axis=1).mean()),
        "images_per_digit": state.runs,
        "ms_per_digit": state.seconds / count * 1e3,
    }
    reader = open_classifier()
    if reader.pixels_shape == to_pixels(task.targets[:1]).shape[1:]:
        original, again = (reader.predict(to_pixels(each))[0].argmax(axis=1) for each in (task.targets, state.images))
        row |= {
            "read_as_the_original": float((again == original).mean()),
            "read_right": float((again == labels).mean()),
        }
    return row


def answer_ms(task: Task) -> float:
    """Return the median time from a change of the picture to the next answer, as while drawing, in milliseconds."""
    inversion = LiveInversion(task.pool, task.targets[0], classifier=task.classifier)
    inversion.step(task.generator.generate)
    times = []
    for number in range(ANSWERS):
        drawn = task.targets[number // STROKES % len(task.targets)].copy()
        drawn[:, drawn.shape[1] * (number % STROKES + 1) // STROKES :] = -1  # the rest is not drawn yet
        start = time.perf_counter()
        inversion.retarget(drawn)
        inversion.step(task.generator.generate)
        times.append(time.perf_counter() - start)
    return float(np.median(times)) * 1e3


def load(model: Path, count: int, data_dir: Path | None) -> tuple[Task, Int64]:
    """Return the task for a generator, and the labels of its targets. Raises ExportError if it makes other images."""
    generator = open_generator(find_model(model), "cpu")
    info = generator.info
    test = datasets.load("mnist", data_dir, "test")
    targets = from_pixels(test.images[:count])
    if (info.channels, info.height, info.width) != targets.shape[1:]:
        raise ExportError(f"{model} does not make images like MNIST's.")
    pool = Pool.draw(info, generator.generate)
    classifier = usable_classifier(pool)
    classes = np.full(len(targets), -1, np.int64)
    if info.conditional:
        errors = pool.squared_errors(targets)
        classes = likeliest(probabilities(pool, targets, errors, None, classifier))[:, 0]
    return Task(generator, pool, targets, classes, classifier), test.labels[:count]


def command(given: argparse.Namespace) -> None:
    """Measure, and print and write the figures."""
    task, labels = load(given.model, given.count, given.data_dir)
    name = given.name or given.model.stem
    entry: dict[str, Any] = {"count": len(labels), "threads": usable_cpus(), "methods": {}}
    known = json.loads(given.json.read_text(encoding="utf-8")) if given.json and given.json.exists() else {}
    if known.get(name, {}).get("count") == len(labels):
        entry["methods"] = known[name]["methods"]
    if task.pool.info.conditional:
        entry["classes_proposed_right"] = float((task.classes == labels).mean())
    entry["answer_ms"] = answer_ms(task)
    methods = entry["methods"]
    with bar(Console(stderr=True), "searching", len(labels) * len(given.methods)) as shown:
        for method in given.methods:
            methods[method] = [measured(state, task, labels) for state in METHODS[method][1](task, shown)]
            entry["methods"] = {each: methods[each] for each in METHODS if each in methods}
            if {"samples", "everything"} <= methods.keys():
                entry["ratio"] = methods["everything"][-1]["rms"] / methods["samples"][-1]["rms"]
            if given.json:
                write_json(given.json, known | {name: entry})
    table = Table("method", "iterations", "error", f"below {NEAR}", "read as the original", "ms", title=name)
    for method, rows in entry["methods"].items():
        for row in rows:
            read = f"{row['read_as_the_original']:.1%}" if "read_as_the_original" in row else ""
            table.add_row(
                METHODS[method][0], row["iterations"], f"{row['rms']:.3f}", f"{row['near']:.1%}", read,
                f"{row['ms_per_digit']:.0f}",
            )  # fmt: skip
    Console().print(table)
    print(f"one answer while drawing: {entry['answer_ms']:.0f} ms")
    if "ratio" in entry:
        print(f"error, everything / best of {SAMPLES:,} random latents: {entry['ratio']:.2f}")


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.inversion", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", nargs="?", type=Path, default=BUNDLED_MODEL, metavar="MODEL.onnx")
    parser.add_argument("--methods", nargs="+", choices=tuple(METHODS), default=list(METHODS), help="default: all")
    parser.add_argument("--count", type=int, default=1000, help="number of test images; default: %(default)s")
    parser.add_argument("--name", help="the generator's name in the results; default: that of its file")
    parser.add_argument("--data-dir", type=Path, metavar="DIR", help="folder with MNIST")
    parser.add_argument("--json", type=Path, metavar="FILE", help="add the figures to this file")
    given = parser.parse_args(arguments)
    return exit_status(lambda: command(given))


if __name__ == "__main__":
    sys.exit(main())
