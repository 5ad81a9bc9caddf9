"""Train a generator as tutorials do, without digitforge: `python -m tools.tutorial_generator --out FILE.onnx`.

The networks, the loss and the optimiser are those of the conditional GAN of PyTorch-GAN (E. Linder-Norén): fully
connected layers, labels through an embedding, least squares, Adam. The file is what `torch.onnx.export` writes: it has
no metadata, labels instead of class weights, and one output. `bench.inversion` uses it as a generator from elsewhere.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from torch import Tensor, nn

from digitforge.errors import exit_status
from digitforge.files import atomic_file, write_json
from digitforge.progress import bar
from trainer.data import datasets

LATENT, CLASSES, SIDE, BATCH = 100, 10, 28, 64
SEED = 0


class Generator(nn.Module):
    """Latents [n, 100] and labels [n] to images [n, 1, 28, 28]."""

    def __init__(self) -> None:
        super().__init__()
        self.label_emb = nn.Embedding(CLASSES, CLASSES)
        layers: list[nn.Module] = [nn.Linear(LATENT + CLASSES, 128), nn.LeakyReLU(0.2)]
        for inputs, outputs in ((128, 256), (256, 512), (512, 1024)):
            layers += [nn.Linear(inputs, outputs), nn.BatchNorm1d(outputs, 0.8), nn.LeakyReLU(0.2)]
        self.model = nn.Sequential(*layers, nn.Linear(1024, SIDE * SIDE), nn.Tanh())

    def forward(self, noise: Tensor, labels: Tensor) -> Tensor:
        """Generate images."""
        images: Tensor = self.model(torch.cat((self.label_emb(labels), noise), -1))
        return images.view(images.size(0), 1, SIDE, SIDE)


class Discriminator(nn.Module):
    """Images [n, 1, 28, 28] and labels [n] to scores [n, 1]."""

    def __init__(self) -> None:
        super().__init__()
        self.label_embedding = nn.Embedding(CLASSES, CLASSES)
        layers: list[nn.Module] = [nn.Linear(CLASSES + SIDE * SIDE, 512), nn.LeakyReLU(0.2)]
        for _ in range(2):
            layers += [nn.Linear(512, 512), nn.Dropout(0.4), nn.LeakyReLU(0.2)]
        self.model = nn.Sequential(*layers, nn.Linear(512, 1))

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        """Score images."""
        scores: Tensor = self.model(torch.cat((images.flatten(1), self.label_embedding(labels)), -1))
        return scores


def train(images: Tensor, labels: Tensor, seconds: float) -> tuple[Generator, int]:
    """Train for `seconds`; return the generator and the number of images that it was trained on.

    images: uint8 [n, 1, 28, 28]; labels: int64 [n].
    """
    torch.manual_seed(SEED)
    generator, discriminator = Generator(), Discriminator()
    optimisers = [torch.optim.Adam(one.parameters(), lr=2e-4, betas=(0.5, 0.999)) for one in (generator, discriminator)]
    loss, start, seen = nn.MSELoss(), time.perf_counter(), 0
    valid, fake = torch.ones(BATCH, 1), torch.zeros(BATCH, 1)
    with bar(Console(stderr=True), "training", round(seconds)) as shown:
        while (elapsed := time.perf_counter() - start) < seconds:
            rows = torch.randint(len(images), (BATCH,))
            real, real_labels = images[rows].float() / 127.5 - 1, labels[rows]
            wanted = torch.randint(CLASSES, (BATCH,))
            made = generator(torch.randn(BATCH, LATENT), wanted)
            optimisers[0].zero_grad()
            loss(discriminator(made, wanted), valid).backward()
            optimisers[0].step()
            optimisers[1].zero_grad()
            real_loss = loss(discriminator(real, real_labels), valid)
            ((real_loss + loss(discriminator(made.detach(), wanted), fake)) / 2).backward()
            optimisers[1].step()
            seen += BATCH
            shown.show(round(elapsed), round(seconds), "training")
    return generator.eval(), seen


def command(given: argparse.Namespace) -> None:
    """Train, and export with torch alone."""
    data = datasets.load("mnist", given.data_dir, "train")
    images, labels = torch.from_numpy(np.array(data.images)), torch.from_numpy(np.array(data.labels, np.int64))
    generator, seen = train(images, labels, given.seconds)
    examples = (torch.zeros(2, LATENT), torch.zeros(2, dtype=torch.int64))
    axes = {name: {0: "batch"} for name in ("noise", "labels", "images")}
    with atomic_file(given.out) as temporary:
        torch.onnx.export(
            generator, examples, str(temporary), dynamo=False, input_names=["noise", "labels"],
            output_names=["images"], dynamic_axes=axes,
        )  # fmt: skip
    if given.json:
        write_json(given.json, {"images": seen})
    print(f"{given.out}: a generator that was trained on {seen:,} images")


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.tutorial_generator", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.onnx")
    parser.add_argument("--seconds", type=float, default=600.0, help="how long to train; default: %(default)s")
    parser.add_argument("--data-dir", type=Path, metavar="DIR", help="folder with MNIST")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the number of training images there")
    given = parser.parse_args(arguments)
    return exit_status(lambda: command(given))


if __name__ == "__main__":
    sys.exit(main())
