"""The cache of what a score computes from real images alone: features, distances and the floor.

An entry's key is made of three parts:

- the data: the hash of the real images, and how many of them or which part;
- the feature network: its name and the hash of its weights, where features are involved;
- the code: the hash of the files that compute the entry. For features these are `READING`: the judge network, the
  conversion of pixels and `features.py`. For everything else they are `COMPUTING`: these, all modules here that
  compute, and `trainer/seeding.py`, whose random numbers choose the training images of the floor. The floor's key
  also holds each metric and the code of its function.

Modules that only describe, store or train are not in the key (`metrics.py`, `scores.py`, `cache.py`, `during.py`,
`classifier.py`, `unlabelled.py`, `own.py`), nor is anything in `trainer/report`. So editing a text computes nothing
again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from digitforge import files
from digitforge.errors import CannotWrite
from digitforge.places import cache_folder
from trainer.scoring import metrics as metrics_module
from trainer.scoring.metrics import Metric

READING = ("networks/judge.py", "networks/pixels.py", "scoring/features.py")
COMPUTING = (
    *READING, "networks/gaussian.py", "seeding.py", "scoring/collapse.py", "scoring/fidelity.py", "scoring/measure.py",
    "scoring/memorisation.py", "scoring/neighbours.py", "scoring/pixels.py", "scoring/real.py",
    "scoring/reconstruction.py",
)  # fmt: skip


def cached_tensors(key: str, make: Callable[[], dict[str, Tensor]]) -> dict[str, Tensor]:
    """Return the tensors cached under `key`, or those of `make`, which are then cached."""
    path = _place(key, ".safetensors")
    try:
        return load_file(path)
    except (OSError, SafetensorError):
        made = make()
        with suppress(CannotWrite):  # the score does without its cache
            files.write_bytes(path, save(made))
        return made


def cached_json(key: str, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Return the JSON values cached under `key`, or those of `make`, which are then cached."""
    path = _place(key, ".json")
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        made = make()
        with suppress(CannotWrite):
            files.write_json(path, made)
        return made


def code_hash(modules: Iterable[str] = COMPUTING, metrics: Iterable[Metric] = ()) -> str:
    """Return a hash of the files `modules`, below `trainer/`, and of the functions of `metrics`."""
    digest = hashlib.sha256()
    for module in modules:
        digest.update((Path(__file__).parents[1] / module).read_bytes())
    for metric in metrics:
        digest.update(metric.key.encode() + _code_of(metric))
    return digest.hexdigest()


def _code_of(metric: Metric) -> bytes:
    """The file with the metric's function; for the rows of METRICS the function itself, beside which texts stand."""
    code = metric.compute.__code__
    path = Path(code.co_filename)
    if path.is_file() and path != Path(metrics_module.__file__):
        return path.read_bytes()
    return repr((code.co_code, code.co_names, code.co_consts)).encode()


def _place(key: str, suffix: str) -> Path:
    return cache_folder() / "scores" / (hashlib.sha256(key.encode()).hexdigest()[:32] + suffix)
