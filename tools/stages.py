"""A run directory as training leaves it, of the bundled generator: its stages are that under less and less noise."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

from digitforge.bundled import BUNDLED_MODEL
from viewer.core.run.stages import CONFIG_FILE, EXPORTS, LOG_FILE

LOG = BUNDLED_MODEL.with_name("digits.log.jsonl")
"""Of the bundled generator's own training."""
NOISE = {100_000: 0.6, 500_000: 0.5, 1_500_000: 0.42, 3_000_000: 0.35, 4_500_000: 0.2, 6_000_000: 0.0}
"""Share of noise in the weights after so many images: what looks like learning."""


def write_run(folder: Path) -> tuple[Path, ...]:
    """Write the run into `folder`, which is made; returns the paths of its stages, the oldest first."""
    (folder / EXPORTS).mkdir(parents=True)
    shutil.copy(LOG, folder / LOG_FILE)
    (folder / CONFIG_FILE).write_text(json.dumps({"config": {"images": max(NOISE)}}))
    paths = []
    for images, share in NOISE.items():
        paths.append(folder / EXPORTS / f"{images:012d}.onnx")
        onnx.save(_noisy(share), paths[-1])
    return tuple(paths)


def _noisy(share: float) -> onnx.ModelProto:
    """The bundled generator, its matrices and kernels blended with normal noise of their own deviation."""
    model = onnx.load(BUNDLED_MODEL)
    random = np.random.default_rng(0)
    for tensor in model.graph.initializer:
        weights = numpy_helper.to_array(tensor)
        if weights.ndim >= 2:
            noise = random.standard_normal(weights.shape, np.float32) * weights.std()
            tensor.CopyFrom(numpy_helper.from_array((1 - share) * weights + share * noise, tensor.name))
    return model
