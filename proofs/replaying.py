"""Do CUDA graphs train to the bits of steps that are not replayed? `python -m proofs.replaying`.

Trains short runs twice each, on the embedded digits: families, losses, penalties, augmentations, stores. Prints the
largest difference of any weight, statistic, moment or figure by run, as JSON. Without a GPU nothing is replayed, and
all is 0. Augmentations that move pixels are left out, as they repeat on no GPU.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import torch
from torch import Tensor

from trainer import checkpoints, launch
from trainer.data import datasets
from trainer.data.batches import Batches
from trainer.graphs import GraphedStep, stepper
from trainer.loop import build
from trainer.presets import configure

STEPS = 48
"""More than three of each kind, after which a kind is recorded."""

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
    """All that training continues from after STEPS steps, and the figures of each."""
    config = configure(preset, settings | {"batch_size": 64})
    accelerator = launch.start(config)
    source = datasets.load("sklearn-digits", None)
    store = Batches(source, accelerator.device, config.batch_size, 0, config.conditional, config.store)
    networks = build(config, source.format, accelerator)
    next_step = stepper(networks, store, config, accelerator)
    if accelerator.device.type == "cuda" and isinstance(next_step, GraphedStep) != config.cuda_graphs:
        raise AssertionError(f"{preset} is not trained as {config.cuda_graphs=} says")
    figures: list[Tensor] = []
    for images_seen in range(0, STEPS * config.batch_size, config.batch_size):
        figures += next_step(images_seen).values()
    store.close()
    state = checkpoints.pack(networks.modules(), networks.optimizers())
    return [tensor.detach().double().cpu() for tensor in (*state.values(), *figures)]


def largest_difference(preset: str, settings: dict[str, Any]) -> float:
    """Between the run with and the run without CUDA graphs."""
    replayed, computed = (trained(preset, settings | {"cuda_graphs": graphs}) for graphs in (True, False))
    pairs = zip(replayed, computed, strict=True)
    return float(torch.stack([(mine - theirs).abs().max() for mine, theirs in pairs]).max())  # NaN, where one is


def main() -> int:
    """Run the command; returns the exit status."""
    found = {}
    for preset, settings in RUNS:
        name = " ".join([preset, *(f"{key}={value}" for key, value in settings.items())])
        found[name] = largest_difference(preset, settings)
        print(f"{name}: {found[name]}", file=sys.stderr)
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
