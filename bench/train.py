"""Compare training speed with a textbook loop: `python -m bench.train [--preset P ...] [--seconds S] [--json FILE]`.

The textbook loop is that of a tutorial: a DataLoader over torchvision's MNIST, float32, real and fake batches one after
the other, `.item()` at each step. Both loops train the same networks with the same batch size and loss. They run in
turns, so that both see the same load. The program also measures the cost of a checkpoint, and the peak memory with
recomputed activations.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from rich.console import Console
from rich.progress import track
from rich.table import Table
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits
from torch.utils.data import DataLoader
from torchvision import transforms
from torchvision.datasets import MNIST

from digitforge import mnist
from digitforge.errors import DataError, exit_status
from digitforge.files import write_json
from trainer import checkpoints, launch, losses, schedules
from trainer.config import ImageFormat, TrainConfig
from trainer.data import datasets
from trainer.data.batches import Batches
from trainer.graphs import make_step
from trainer.networks import build_discriminator, build_generator
from trainer.presets import PRESETS, configure
from trainer.state import Run, build_networks

ROUNDS = 5
WARM_UP_STEPS = 32
"""Enough to record each kind of step on a GPU, where a penalty is due every eighth."""
MEMORY_BATCH = 1024
MNIST_FORMAT = ImageFormat(1, 28, tuple("0123456789"))


def textbook(config: TrainConfig, root: Path, device: torch.device) -> Callable[[], None]:
    """Return a function that does one step of a textbook loop."""
    torch.manual_seed(0)
    generator = build_generator(config, MNIST_FORMAT).to(device)
    discriminator = build_discriminator(config, MNIST_FORMAT).to(device)
    betas = (config.beta1, config.beta2)
    g_optimizer = torch.optim.Adam(generator.parameters(), schedules.value_at(config.g_lr, 0), betas)
    d_optimizer = torch.optim.Adam(discriminator.parameters(), schedules.value_at(config.d_lr, 0), betas)
    transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize(0.5, 0.5)])
    loader = DataLoader(MNIST(str(root), transform=transform), config.batch_size, shuffle=True, drop_last=True)

    def forever() -> Iterator[tuple[Tensor, Tensor]]:
        while True:
            yield from loader

    batches = forever()
    number = 0
    one, zero = torch.ones(config.batch_size, device=device), torch.zeros(config.batch_size, device=device)

    def next_step() -> None:
        nonlocal number
        reals, labels = (tensor.to(device) for tensor in next(batches))
        y = torch.nn.functional.one_hot(labels, 10).float() if config.conditional else None
        gamma = schedules.value_at(config.gamma, 0) if number % config.penalty_every == 0 else 0.0
        number += 1
        d_optimizer.zero_grad()
        fakes = generator(torch.randn(len(reals), config.latent_size, device=device), y)
        for images, label in ((reals, one), (fakes.detach(), zero)):
            images.requires_grad_(gamma > 0)
            scores = discriminator(images, y)
            loss = binary_cross_entropy_with_logits(scores, label)
            if gamma:
                loss = loss + gamma / 2 * config.penalty_every * losses.zero_centred_penalty(scores, images)
            loss.backward()
            loss.item()
        d_optimizer.step()
        g_optimizer.zero_grad()
        g_loss = binary_cross_entropy_with_logits(discriminator(fakes, y), one)
        g_loss.backward()
        g_optimizer.step()
        g_loss.item()

    return next_step


def ours(config: TrainConfig, source: datasets.Source, accelerator: Accelerator) -> Callable[[], None]:
    """Return a function that does one step of digitforge's loop."""
    store = Batches(source, accelerator.device, config.batch_size, 0, config.conditional)
    networks = build_networks(config, source.format, accelerator)
    step = make_step(Run(config, store, networks, accelerator))
    images_seen = 0

    def next_step() -> None:
        nonlocal images_seen
        step(images_seen)
        images_seen += config.batch_size
        if config.ema_halflife_images:
            networks.ema.update(networks.plain_generator, 0.999)

    return next_step


def wait_for_device() -> None:
    """Wait until a GPU has computed all steps."""
    if torch.cuda.is_initialized():
        torch.cuda.synchronize()


def images_per_s(next_step: Callable[[], None], batch_size: int, seconds: float) -> float:
    """Train for `seconds` and return the images per second."""
    start = now = time.perf_counter()
    steps = 0
    while now - start < seconds:
        next_step()
        steps += 1
        now = time.perf_counter()
    wait_for_device()
    return steps * batch_size / (time.perf_counter() - start)


def compare(preset: str, data_dir: Path | None, seconds: float) -> dict[str, Any]:
    """Return the images per second of both loops, run in turns: medians over the rounds."""
    config = configure(preset, {"dataset": "mnist", "classes": "", "limit": 0})
    accelerator = launch.start(config)
    folder = mnist.find("mnist", data_dir)
    if folder is None or folder.parts[-2:] != ("MNIST", "raw"):
        raise DataError("The textbook loop needs a folder with MNIST/raw: name it with --data-dir or $DIGITFORGE_DATA.")
    loops = {
        "textbook": textbook(config, folder.parents[1], accelerator.device),
        "ours": ours(config, datasets.load("mnist", data_dir), accelerator),
    }
    for next_step in loops.values():
        for _ in range(WARM_UP_STEPS):
            next_step()
    speeds: dict[str, list[float]] = {name: [] for name in loops}
    for _ in range(ROUNDS):
        for name, next_step in loops.items():
            speeds[name].append(images_per_s(next_step, config.batch_size, seconds / ROUNDS))
    medians = {name: statistics.median(values) for name, values in speeds.items()}
    facts = launch.facts(accelerator)
    return {"preset": preset, "batch_size": config.batch_size, **facts, "images_per_s": medians, "rounds": speeds,
            "ratio": medians["ours"] / medians["textbook"]}  # fmt: skip


def checkpoint_cost(preset: str) -> dict[str, Any]:
    """Return the milliseconds that one checkpoint takes, and its size in MiB."""
    config = configure(preset, {})
    accelerator = launch.start(config)
    networks = build_networks(config, MNIST_FORMAT, accelerator)
    weights = [*networks.plain_generator.parameters(), *networks.plain_discriminator.parameters()]
    for weight in weights:
        weight.grad = torch.zeros_like(weight)
    for optimizer in networks.optimizers().values():
        optimizer.step()
    times = []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(5):
            start = time.perf_counter()
            state = checkpoints.pack(networks.modules(), networks.optimizers())
            path = checkpoints.save(Path(folder), number, state, {}, keep=2)
            times.append(time.perf_counter() - start)
        size = sum(file.stat().st_size for file in path.iterdir())
    return {"preset": preset, "milliseconds": statistics.median(times) * 1e3, "MiB": size / 2**20}


def peak_memory(recompute: str, batch_size: int) -> int:
    """Return the peak memory in bytes of three steps of a wide quickstart. Needs a process of its own."""
    overrides = {"recompute": recompute, "batch_size": batch_size, "g_width": 128, "d_width": 64, "precision": "fp32"}
    config = configure("quickstart", overrides)
    accelerator = launch.start(config)
    next_step = ours(config, datasets.load("sklearn-digits", None), accelerator)
    for _ in range(3):
        next_step()
    wait_for_device()
    if accelerator.device.type == "cuda":
        return torch.cuda.max_memory_allocated()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def apart(measure: Callable[..., Any], *arguments: object) -> Any:
    """Call `measure` in a process of its own, because a process has one precision and one peak of memory."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(measure, arguments)


def command(given: argparse.Namespace) -> None:
    """Measure, and print and write the results."""
    console = Console()
    rows = [
        apart(compare, preset, given.data_dir, given.seconds)
        for preset in track(given.preset, "training in turns", console=console)
    ]
    saved = [apart(checkpoint_cost, preset) for preset in given.preset]
    peaks = {name: apart(peak_memory, name, MEMORY_BATCH) / 2**20 for name in ("none", "both")}
    table = Table("preset", "batch", "textbook", "digitforge", "ratio", "a checkpoint", title="images/s in training")
    for row, cost in zip(rows, saved, strict=True):
        speed = row["images_per_s"]
        table.add_row(
            row["preset"], str(row["batch_size"]), f"{speed['textbook']:,.0f}", f"{speed['ours']:,.0f}",
            f"{row['ratio']:.2f}", f"{cost['milliseconds']:.0f} ms, {cost['MiB']:.1f} MiB",
        )  # fmt: skip
    console.print(table)
    console.print(f"Peak memory, batch {MEMORY_BATCH}: {peaks['none']:,.0f} MiB, recomputed {peaks['both']:,.0f} MiB")
    if given.json:
        memory = {"batch_size": MEMORY_BATCH, "peak_MiB": peaks}
        write_json(given.json, {"training": rows, "checkpoints": saved, "memory": memory})
    for row in rows:
        print(f"{row['preset']}, images/s, digitforge / textbook: {row['ratio']:.2f}")


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.train", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    presets = ("mlp", "mlp-dropout", "dcgan", "quickstart")
    parser.add_argument(
        "--preset", nargs="+", choices=PRESETS, default=presets, help=f"default: {' '.join(presets)}", metavar="PRESET"
    )
    parser.add_argument("--seconds", type=float, default=30, help="for each loop of each preset; default: %(default)s")
    parser.add_argument("--data-dir", type=Path, metavar="DIR", help="folder with MNIST")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results there")
    given = parser.parse_args(arguments)
    return exit_status(lambda: command(given))


if __name__ == "__main__":
    sys.exit(main())
