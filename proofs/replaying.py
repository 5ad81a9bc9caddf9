"""Prove that CUDA graphs train to the same bits as ordinary steps: `python -m proofs.replaying [--json FILE]`.

Each run trains twice on the embedded digits, with and without CUDA graphs. The runs cover network families, losses,
penalties, augmentations and ways to keep the images. For each, the largest difference of any weight, statistic,
optimizer moment or loss is printed. Augmentations that move pixels are left out, because no GPU repeats them bit for
bit. Without a GPU nothing is replayed and every difference is 0.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from digitforge.errors import exit_status
from digitforge.files import write_json
from trainer import checkpoints, launch
from trainer.data import datasets
from trainer.data.batches import Batches
from trainer.graphs import GraphedStep, make_step
from trainer.presets import configure
from trainer.state import Run, build_networks

STEPS = 48
"""Enough for every kind of step to occur more than three times, after which it is recorded and replayed."""

RUNS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("quickstart", {}),
    ("quickstart", {"g_lr": "1e-3,5e-4@1024", "gamma": "0.2,0@1024,0.1@2048", "penalty_every": 2}),
    ("quickstart", {"augment": "noise:0.1,cutout:0.3", "augment_target": 0.2, "label_dropout": 0.2}),
    ("quickstart", {"loss": "hinge", "spectral_norm": True, "self_attention": True, "gamma": "0"}),
    ("quickstart", {"loss": "wasserstein", "penalty": "gradient-penalty", "gamma": "10", "d_steps": 2}),
    ("quickstart", {"accumulation": 2, "store": "disk", "optimizer": "adamw", "weight_decay": 0.01}),
    ("quickstart", {"network": "residual", "loss": "relativistic"}),
    ("mlp", {"loss": "least-squares", "label_noise": 0.1, "label_smoothing": 0.1}),
    ("mlp-dropout", {}),
    ("dense-bn", {}),
    ("conv-upsample", {"classes": "", "limit": 0}),
    ("dcgan", {}),
)


def trained(preset: str, settings: dict[str, Any]) -> list[Tensor]:
    """Train for STEPS steps; return the whole training state, and the losses of each step."""
    config = configure(preset, settings | {"batch_size": 64})
    accelerator = launch.start(config)
    source = datasets.load("sklearn-digits", None)
    store = Batches(source, accelerator.device, config.batch_size, 0, config.conditional, config.store)
    networks = build_networks(config, source.format, accelerator)
    next_step = make_step(Run(config, store, networks, accelerator))
    if accelerator.device.type == "cuda" and isinstance(next_step, GraphedStep) != config.cuda_graphs:
        raise AssertionError(f"{preset} does not train as {config.cuda_graphs=} says")
    losses: list[Tensor] = []
    for images_seen in range(0, STEPS * config.batch_size, config.batch_size):
        losses += next_step(images_seen).values()
    store.close()
    state = checkpoints.pack(networks.modules(), networks.optimizers())
    return [tensor.detach().double().cpu() for tensor in (*state.values(), *losses)]


def largest_difference(preset: str, settings: dict[str, Any]) -> float:
    """Return the largest difference between a run with CUDA graphs and one without; NaN if either holds NaN."""
    replayed, computed = (trained(preset, settings | {"cuda_graphs": graphs}) for graphs in (True, False))
    pairs = zip(replayed, computed, strict=True)
    return float(torch.stack([(mine - theirs).abs().max() for mine, theirs in pairs]).max())


def command(results: Path | None) -> int:
    """Compare all runs; return the exit status."""
    differences: dict[str, float] = {}
    for preset, settings in RUNS:
        name = " ".join([preset, *(f"{key}={value}" for key, value in settings.items())])
        differences[name] = largest_difference(preset, settings)
        print(f"{name}: {differences[name]:g}", flush=True)
    if results:
        write_json(results, differences)
    equal = sum(difference == 0 for difference in differences.values())
    how = "" if torch.cuda.is_available() else " (without a GPU, nothing was replayed)"
    print(f"{equal} of {len(RUNS)} runs are equal bit for bit{how}")
    return int(equal < len(RUNS))


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit status: 1 if a run differs."""
    parser = argparse.ArgumentParser(
        prog="python -m proofs.replaying", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the differences there, by run")
    given = parser.parse_args(arguments)
    return exit_status(lambda: command(given.json))


if __name__ == "__main__":
    sys.exit(main())
