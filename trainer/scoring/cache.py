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

An entry begins with the SHA-256 of its content. Of all processes that share the cache folder, the first one computes an
entry and the others wait.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from safetensors.torch import load, save
from torch import Tensor

from digitforge import files
from digitforge.errors import CannotWrite
from digitforge.locks import wait_for_lock
from digitforge.places import cache_folder
from trainer.scoring import metrics as metrics_module
from trainer.scoring.metrics import Metric

Entry = TypeVar("Entry")

READING = ("networks/judge.py", "networks/pixels.py", "scoring/features.py")
COMPUTING = (
    *READING, "networks/gaussian.py", "seeding.py", "scoring/collapse.py", "scoring/fidelity.py", "scoring/measure.py",
    "scoring/memorisation.py", "scoring/neighbours.py", "scoring/pixels.py", "scoring/real.py",
    "scoring/reconstruction.py",
)  # fmt: skip


def cached_tensors(key: str, make: Callable[[], dict[str, Tensor]]) -> dict[str, Tensor]:
    """Return the tensors cached under `key`, or those of `make`, which are then cached."""
    return _cached(_place(key, ".tensors"), make, save, load)


def cached_json(key: str, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Return the JSON values cached under `key`, or those of `make`, which are then cached."""
    return _cached(_place(key, ".values"), make, lambda values: json.dumps(values).encode(), json.loads)


def _cached(
    path: Path, make: Callable[[], Entry], encode: Callable[[Entry], bytes], decode: Callable[[bytes], Entry]
) -> Entry:
    """Return what is stored at `path`. If it is absent or damaged, one process makes it and the others wait."""
    content = _read(path)
    if content is None:
        with wait_for_lock(path.with_suffix(".lock"), "computes features of the real images"):
            content = _read(path)  # another process may have written it meanwhile
            if content is None:
                made = make()
                content = encode(made)
                with suppress(CannotWrite):  # the score does without its cache
                    files.write_bytes(path, hashlib.sha256(content).digest() + content)
                return made
    return decode(content)


def _read(path: Path) -> bytes | None:
    """Return the content of an entry, which follows its hash; None if it is absent or damaged."""
    try:
        stored = path.read_bytes()
    except OSError:
        return None
    digest, content = stored[:32], stored[32:]
    return content if hashlib.sha256(content).digest() == digest else None


def code_hash(modules: Iterable[str] = COMPUTING, metrics: Iterable[Metric] = ()) -> str:
    """Return a hash of the files `modules`, below `trainer/`, and of the functions of `metrics`."""
    digest = hashlib.sha256()
    for module in modules:
        digest.update((Path(__file__).parents[1] / module).read_bytes())
    for metric in metrics:
        digest.update(metric.key.encode() + _code_of(metric))
    return digest.hexdigest()


def _code_of(metric: Metric) -> bytes:
    """Return the file with the metric's function; for METRICS the function alone, as texts stand beside it there."""
    code = metric.compute.__code__
    path = Path(code.co_filename)
    if path.is_file() and path != Path(metrics_module.__file__):
        return path.read_bytes()
    return repr((code.co_code, code.co_names, code.co_consts)).encode()


def _place(key: str, suffix: str) -> Path:
    return cache_folder() / "scores" / (hashlib.sha256(key.encode()).hexdigest()[:32] + suffix)
