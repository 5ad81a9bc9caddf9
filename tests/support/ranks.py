"""What the ranks of a launch compute: gradients, images, latents and replicas. Used by test_launch.py."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.utils import gather_object
from safetensors.torch import save_file
from torch import Tensor

from trainer import launch
from trainer.config import ImageFormat, TrainConfig
from trainer.data.batches import Batches
from trainer.data.datasets import Source
from trainer.presets import configure
from trainer.state import Networks, Run, build_networks
from trainer.step import step

TINY: dict[str, Any] = {
    "batch_size": 16, "g_width": 8, "d_width": 8, "g_layers": "32", "d_layers": "32", "precision": "fp32",
}  # fmt: skip
BY_SGD: dict[str, Any] = {"optimizer": "sgd", "beta1": 0.0, "g_lr": "0.1", "d_lr": "0.1", "reuse_fakes": False}
GRADIENTS: dict[str, dict[str, Any]] = {
    "plain": {},
    "reused fakes": {"reuse_fakes": True},
    "accumulation": {"accumulation": 2},
    "r1+r2": {"gamma": "1"},
    "wgan-gp": {"loss": "wasserstein", "penalty": "gradient-penalty", "gamma": "10"},
    "augmentation and label noise": {"augment": "shift:0.1,rotate:10,noise:0.1,cutout:0.3", "label_noise": 0.1},
    "label dropout": {"conditional": True, "label_dropout": 0.5},
    "recompute": {"recompute": "both"},
    "relativistic, in parts, penalised, recomputed": {
        "loss": "relativistic", "accumulation": 2, "gamma": "1", "recompute": "both", "conditional": True,
        "augment": "shift:0.1,noise:0.1",
    },
}  # fmt: skip
IMAGES = 64
EPOCH = IMAGES // TINY["batch_size"]


class WatchedBatches(Batches):
    """Remembers which images were used."""

    def batch_at(self, images_seen: int, rows: slice) -> tuple[Tensor, Tensor | None]:
        reals, y = super().batch_at(images_seen, rows)
        self.seen = [*getattr(self, "seen", []), *((reals[:, 0, 0, 0] + 1) * 127.5).round().int().tolist()]
        return reals, y


def begin(config: TrainConfig, accelerator: Accelerator) -> Run:
    """Return a run on images whose first pixel is their number, and the others noise."""
    noise = np.random.default_rng(0).integers(0, 256, (IMAGES, 1, 28, 28), dtype=np.uint8)
    noise[:, 0, 0, 0] = np.arange(IMAGES)
    images = ImageFormat(1, 28, tuple("0123456789"))
    source = Source("numbered", noise, np.arange(IMAGES, dtype=np.int64) % 10, images)
    batches = WatchedBatches(source, accelerator.device, config.batch_size, config.seed, config.conditional)
    return Run(config, batches, build_networks(config, images, accelerator), accelerator)


def weights(networks: Networks) -> dict[str, torch.nn.Parameter]:
    both = {"g": networks.plain_generator, "d": networks.plain_discriminator}
    return {f"{name}/{key}": weight for name, module in both.items() for key, weight in module.named_parameters()}


def gradients(accelerator: Accelerator) -> dict[str, Tensor]:
    """Return the gradients of two steps of each case, averaged over the ranks."""
    found = {}
    for case, settings in GRADIENTS.items():
        config = configure("mlp", TINY | BY_SGD | settings)
        run = begin(config, accelerator)
        for number in range(2):
            step(run, number * config.batch_size)
            for name, weight in weights(run.networks).items():
                assert weight.grad is not None
                found[f"{case}/{number}/{name}"] = weight.grad.clone()
    return found


def inputs(accelerator: Accelerator) -> dict[str, Tensor]:
    """Return the images [ranks, epochs, share] and latents [ranks, steps and uses, share, size] of two epochs."""
    config = configure("mlp", TINY | {"accumulation": 2, "reuse_fakes": False})
    run = begin(config, accelerator)
    latents: list[Tensor] = []
    run.networks.plain_generator.register_forward_pre_hook(lambda _, inputs: latents.append(inputs[0]))
    for number in range(2 * EPOCH):
        step(run, number * config.batch_size)
    assert isinstance(run.batches, WatchedBatches)
    shares = gather_object([run.batches.seen])
    return {
        "images": torch.tensor(shares).reshape(len(shares), 2, -1),
        "latents": torch.stack(gather_object([torch.stack(latents)])),
    }


def replicas(accelerator: Accelerator) -> dict[str, Tensor]:
    """Return each rank's weights, [ranks, weights], after a few steps of networks with BatchNorm."""
    config = configure("quickstart", TINY | {"penalty_every": 2})
    run = begin(config, accelerator)
    for number in range(4):
        step(run, number * config.batch_size)
    mine = torch.cat([weight.detach().flatten() for weight in weights(run.networks).values()])
    return {"replicas": torch.stack(gather_object([mine]))}


def compute(out: Path) -> int:
    """Join the launch, compute everything, and let the first rank write it to `out`."""
    accelerator = launch.start(configure("mlp", TINY))
    found = gradients(accelerator) | inputs(accelerator) | replicas(accelerator)
    if accelerator.is_main_process:
        save_file(found, out)
    return 0
