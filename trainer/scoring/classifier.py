"""The digit classifier that generated images are judged by: `python -m trainer.scoring.classifier`.

Trains it on MNIST, measures it on the test set, and writes `classifier.safetensors` with `classifier.md` beside it.
Its last hidden layer is the feature space of the Fréchet distance.
"""

from __future__ import annotations

import argparse
import hashlib
import math
import sys
import time
from pathlib import Path

import torch
import torch.nn.functional as F
from rich.progress import track
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from trainer import files
from trainer.data import sources
from trainer.data.sources import Source
from trainer.errors import DataError, TrainerError, explain_os_error
from trainer.seeding import stream

BUNDLED = Path(__file__).with_name("classifier.safetensors")
FEATURES = 128


class Classifier(nn.Module):
    """Five convolutions, global average, one linear layer: 28x28 grey images in [-1, 1] -> ten logits."""

    def __init__(self) -> None:
        super().__init__()
        widths = [(1, 32), (32, 32), (32, 64), (64, 64), (64, FEATURES)]
        layers: list[nn.Module] = []
        for index, (inputs, outputs) in enumerate(widths):
            layers += [nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]
            if index in (1, 3):
                layers.append(nn.MaxPool2d(2))
        self.layers = nn.Sequential(*layers)
        self.head = nn.Linear(FEATURES, 10)

    def features(self, images: Tensor) -> Tensor:
        """images: [batch, 1, 28, 28] in [-1, 1] -> [batch, 128]."""
        features: Tensor = self.layers(images).mean(dim=(2, 3))
        return features

    def forward(self, images: Tensor) -> Tensor:
        """images: [batch, 1, 28, 28] in [-1, 1] -> logits [batch, 10]."""
        logits: Tensor = self.head(self.features(images))
        return logits


def load_classifier(path: Path = BUNDLED) -> Classifier:
    """The classifier in evaluation mode. Raises DataError where the file is missing or damaged."""
    model = Classifier()
    try:
        model.load_state_dict(load_file(path))
    except (OSError, SafetensorError, RuntimeError) as error:
        raise DataError(
            f"{path} is missing or damaged: make it with `python -m trainer.scoring.classifier`."
        ) from error
    return model.eval()


@torch.no_grad()
def read(model: Classifier, images: Tensor, batch: int = 500) -> tuple[Tensor, Tensor]:
    """The digit that the classifier reads in each image, int64 [n], and its features, float32 [n, 128].

    images: uint8 [n, 1, 28, 28].
    """
    features = torch.cat([model.features(part.float() / 127.5 - 1) for part in images.split(batch)])
    return model.head(features).argmax(dim=1), features


def accuracy(model: Classifier, source: Source) -> float:
    """Share of the source's images that are read as labelled."""
    digits, _ = read(model, torch.from_numpy(source.images.copy()))
    return float((digits == torch.from_numpy(source.labels)).float().mean())


def train_classifier(source: Source, epochs: int, batch_size: int, seed: int) -> Classifier:
    """Train on all images of `source`, slightly distorted, with a one-cycle rate and averaged last weights."""
    torch.manual_seed(seed)
    model = Classifier().to(memory_format=torch.channels_last)
    average = torch.optim.swa_utils.AveragedModel(
        model, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.998), use_buffers=True
    )
    optimizer = torch.optim.AdamW(model.parameters(), lr=4e-3, weight_decay=0.05, fused=True)
    per_epoch = len(source.images) // batch_size
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, total_steps=epochs * per_epoch)
    images, labels = torch.from_numpy(source.images.copy()), torch.from_numpy(source.labels)
    for step in track(range(epochs * per_epoch), "training the classifier"):
        epoch, batch = divmod(step, per_epoch)
        if batch == 0:
            order = torch.randperm(len(images), generator=stream(torch.device("cpu"), seed, "epoch", epoch))
        chosen = order[batch * batch_size : (batch + 1) * batch_size]
        distorted = distort(images[chosen].float() / 127.5 - 1, stream(torch.device("cpu"), seed, "distort", step))
        with torch.autocast("cpu", torch.bfloat16):
            logits = model(distorted)
        loss = F.cross_entropy(logits.float(), labels[chosen], label_smoothing=0.05)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        average.update_parameters(model)
    trained = average.module
    assert isinstance(trained, Classifier)
    return trained.eval()


def distort(images: Tensor, generator: torch.Generator) -> Tensor:
    """Rotate (12 degrees), scale (12 %), shear and shift (2 pixels) each image at random, up to these amounts.

    images: [batch, 1, size, size] in [-1, 1], -1 outside.
    """
    count, size = len(images), images.shape[-1]
    angle, scale_x, scale_y, shear, shift_x, shift_y = torch.rand(6, count, generator=generator) * 2 - 1
    angle, shear = angle * math.radians(12), shear * 0.15
    across = torch.stack([angle.cos() * (1 + 0.12 * scale_x), shear - angle.sin(), shift_x * 4 / size], dim=1)
    down = torch.stack([angle.sin(), angle.cos() * (1 + 0.12 * scale_y), shift_y * 4 / size], dim=1)
    grid = F.affine_grid(torch.stack([across, down], dim=1), list(images.shape), align_corners=False)
    return F.grid_sample(images + 1, grid, align_corners=False) - 1


def main() -> int:
    """Run the command; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data-dir", type=Path, help="Folder with MNIST.")
    parser.add_argument("--out", type=Path, default=BUNDLED, help="Where the weights go.")
    parser.add_argument("--epochs", type=int, default=16)
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    try:
        source, test = (sources.load("mnist", arguments.data_dir, split) for split in ("train", "test"))
        began = time.monotonic()
        model = train_classifier(source, arguments.epochs, arguments.batch_size, arguments.seed)
        minutes = (time.monotonic() - began) / 60
        correct = accuracy(model, test)
        with files.atomic_file(arguments.out) as temporary:
            save_file({name: tensor.contiguous() for name, tensor in model.state_dict().items()}, temporary)
        digest = hashlib.sha256(arguments.out.read_bytes()).hexdigest()
        files.write_text(
            arguments.out.with_suffix(".md"),
            f"# {arguments.out.name}\n\n"
            "A digit classifier (trainer/scoring/classifier.py), for judging generated digits.\n\n"
            f"- data: MNIST, 60,000 training images (CC BY-SA 3.0), slightly distorted\n"
            f"- command: `python -m trainer.scoring.classifier --epochs {arguments.epochs} "
            f"--batch-size {arguments.batch_size} --seed {arguments.seed}`, {minutes:.1f} minutes on "
            f"{torch.get_num_threads()} CPU threads\n"
            f"- accuracy on the 10,000 test images: {correct:.2%}\n"
            f"- sha256: `{digest}`\n",
        )
    except TrainerError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"error: {explain_os_error(error)}", file=sys.stderr)
        return 2
    print(f"{arguments.out}: {correct:.2%} of the test images read correctly, after {minutes:.1f} minutes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
