"""The pictures of a run: sample grids and loss curves."""

from __future__ import annotations

import json
from pathlib import Path

import matplotlib as mpl
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn

from trainer import files
from trainer.config import ImageFormat, TrainConfig
from trainer.seeding import draw_latents, stream

mpl.use("Agg")  # no display is needed, and none is looked for
from matplotlib import pyplot as plt

GRID = 10
"""Rows and columns of a sample grid."""


def fixed_inputs(config: TrainConfig, images: ImageFormat, device: torch.device) -> tuple[Tensor, Tensor | None]:
    """Latents and class weights of the sample grid: the same at every stage of a run; a row is a class."""
    rows = len(images.classes) if config.conditional else GRID
    generator = stream(torch.device("cpu"), config.seed, "samples")
    z = draw_latents(rows * GRID, config.latent_size, config.latent_distribution, generator)
    y = F.one_hot(torch.arange(rows).repeat_interleave(GRID), rows).float() if config.conditional else None
    return z.to(device), y if y is None else y.to(device)


@torch.no_grad()
def save_samples(path: Path, generator: nn.Module, inputs: tuple[Tensor, Tensor | None]) -> None:
    """Write a grid of the generator's images for `inputs`, `GRID` in a row, twice their size."""
    images = generator(*inputs).float().cpu()
    count, channels, height, width = images.shape
    pixels = ((images + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)
    rows = pixels.view(count // GRID, GRID, channels, height, width)
    sheet = rows.permute(0, 3, 1, 4, 2).reshape(count // GRID * height, GRID * width, channels).squeeze(2)
    picture = Image.fromarray(sheet.numpy())
    with files.atomic_file(path) as temporary:
        picture.resize((2 * picture.width, 2 * picture.height), Image.Resampling.NEAREST).save(temporary)


def save_curves(path: Path, log: Path) -> None:
    """Draw both losses over the images seen from a run's log.jsonl."""
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    points = [line for line in lines if "g_loss" in line]
    figure, axes = plt.subplots(figsize=(8, 4), layout="constrained")
    seen = [point["images"] for point in points]
    axes.plot(seen, [point["d_loss"] for point in points], label="discriminator", linewidth=1)
    axes.plot(seen, [point["g_loss"] for point in points], label="generator", linewidth=1)
    axes.set(xlabel="images seen", ylabel="loss")
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.grid(alpha=0.3)
    axes.legend()
    with files.atomic_file(path) as temporary:
        figure.savefig(temporary, dpi=120)
    plt.close(figure)
