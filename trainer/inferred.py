"""Name the classes of images without a label: `--infer-labels true`.

A small classifier learns from the labelled images, and from the others what it is already sure of: it names an image as
it is, and learns to name it so when it is strongly changed (FixMatch, Sohn et al. 2020). What it names is kept as
evenly spread over the classes as the known labels (ReMixMatch, Berthelot et al. 2020). A conditional GAN then trains on
its labels, as in Lucic et al. 2019, "High-fidelity image generation with fewer labels".
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from rich.console import Console
from torch import Tensor

from digitforge import files, places
from digitforge.errors import ConfigError
from digitforge.progress import bar
from trainer import augment
from trainer.data.datasets import Source
from trainer.data.decoded import say
from trainer.ema import Ema
from trainer.networks.judge import Classifier, predict
from trainer.networks.pixels import from_pixels
from trainer.seeding import Draws, stream

VERSION = 1
"""Part of the name of cached labels: raise it when the classifier changes."""
LEAST_SIZE = 8
STEPS = 600
LABELLED, UNLABELLED = 16, 64
"""Images of a step."""
PEAK_RATE = 3e-3
SURE = 0.9
"""Probability from which the classifier's own label counts."""
WARM_UP_STEPS = 100
"""Steps that learn from labelled images alone."""
MILD = augment.parse("shift:0.07,rotate:12,scale:0.15,shear:10,elastic:0.03")
STRONG = augment.parse("shift:0.1,rotate:20,scale:0.2,shear:15,elastic:0.03,cutout:0.4,noise:0.2")
CPU = torch.device("cpu")


def infer(
    source: Source, console: Console | None, stop_requested: Callable[[], bool] = lambda: False, steps: int = STEPS
) -> Source:
    """Return the source with labels for the images that a classifier is sure of; others stay without one.

    The labels are kept in the cache folder. Raises KeyboardInterrupt if a stop is requested meanwhile, and ConfigError
    if there are no labels to learn from, or the images are smaller than 8 pixels.
    """
    known = source.labels >= 0
    if known.all():
        return source
    if not known.any() or source.format.size < LEAST_SIZE:
        raise ConfigError(
            f"The labels of {source.dataset} cannot be inferred: some must be known, and images must have "
            f"{LEAST_SIZE} pixels a side. Use --infer-labels false."
        )
    key = hashlib.sha256(f"{VERSION} {source.sha256} {steps}".encode()).hexdigest()[:24]
    path = places.cache_folder() / "labels" / f"{key}.npy"
    labels = _cached(path, source)
    if labels is None:
        labels = np.where(known, source.labels, _classify(source, known, console, stop_requested, steps))
        places.require_cache(path.parent)
        content = io.BytesIO()
        np.save(content, labels)
        files.write_bytes(path, content.getvalue())
    named = int((labels >= 0).sum() - known.sum())
    say(
        console,
        f"Named the classes of {named:,} of the {(~known).sum():,} images without a label.",
    )
    return replace(source, labels=labels, known_sha256="")


def _cached(path: Path, source: Source) -> npt.NDArray[np.int64] | None:
    try:
        labels: npt.NDArray[np.int64] = np.load(path, allow_pickle=False)
    except (OSError, ValueError):
        return None
    return labels if labels.shape == source.labels.shape and labels.dtype == np.int64 else None


def _classify(
    source: Source,
    known: npt.NDArray[np.bool_],
    console: Console | None,
    stop_requested: Callable[[], bool],
    steps: int,
) -> npt.NDArray[np.int64]:
    """Return a label for each image; -1 where the classifier is not sure."""
    classes = len(source.format.classes)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = Classifier(source.format.channels, classes).to(memory_format=torch.channels_last)
    average = Ema(model)
    optimizer = torch.optim.AdamW(model.parameters(), PEAK_RATE, weight_decay=0.05, fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, PEAK_RATE, total_steps=steps)
    labels, labelled = torch.from_numpy(source.labels), torch.from_numpy(np.flatnonzero(known))

    def pick(name: str, step: int, among: Tensor, count: int) -> Tensor:
        return among[torch.randint(len(among), (count,), generator=stream(CPU, 0, name, step))]

    def images(rows: Tensor) -> Tensor:
        return from_pixels(torch.from_numpy(source.images[rows.numpy()]))

    everything = torch.arange(len(labels))
    spread = torch.bincount(labels[labelled], minlength=classes) / len(labelled)
    named = spread.clone()
    with bar(console, "Naming classes", steps) as progress:
        for step in range(steps):
            if stop_requested():
                raise KeyboardInterrupt
            rows = pick("labelled", step, labelled, LABELLED)
            plain = images(pick("unlabelled", step, everything, UNLABELLED))
            mild = augment.augment(images(rows), MILD, 1.0, Draws(CPU, 0, step, LABELLED, slice(None)), "mild")
            strong = augment.augment(plain, STRONG, 0.8, Draws(CPU, 0, step, UNLABELLED, slice(None)), "strong")
            with torch.autocast("cpu", torch.bfloat16):
                with torch.no_grad():
                    probabilities = average.module(plain)[0].float().softmax(dim=1)
                logits = model(torch.cat([mild, strong]))[0].float()
            named.lerp_(probabilities.mean(dim=0), 0.05)
            sureness, own = F.normalize(probabilities * spread / named, p=1, dim=1).max(dim=1)
            loss = F.cross_entropy(logits[:LABELLED], labels[rows], label_smoothing=0.05)
            if step >= WARM_UP_STEPS:
                learnt = F.cross_entropy(logits[LABELLED:], own, reduction="none")
                loss = loss + (learnt * (sureness > SURE)).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            average.update(model, min(0.99, (step + 1) / (step + 10)))
            progress.advance()
    assert isinstance(average.module, Classifier)
    found = np.full(len(labels), -1, np.int64)
    with bar(console, "Naming images", len(labels)) as progress:
        for start in range(0, len(labels), 1_000):
            logits, _ = predict(average.module, torch.from_numpy(source.images[start : start + 1_000].copy()))
            sureness, own = logits.softmax(dim=1).max(dim=1)
            found[start : start + 1_000] = torch.where(sureness > SURE, own, -1).numpy()
            progress.advance(len(own))
    return found
