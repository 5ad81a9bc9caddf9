"""A cell as a short Python program."""

from __future__ import annotations

import base64
from pathlib import Path

import numpy as np

from export.contract import CLASS_WEIGHTS, LATENTS, PIXELS, GeneratorInfo
from export.runtime.arrays import Float32
from export.runtime.foreign import ASSUMED

FILE = "picture.png"
"""Where the program writes the picture."""


def as_python(path: Path, info: GeneratorInfo, z: Float32, y: Float32 | None) -> str:
    """Return a program that writes exactly the picture of one latent, without a look, as a PNG file.

    It needs onnxruntime and Pillow alone. A generator from elsewhere, whose inputs and outputs have other names and
    forms, is run by digitforge. path: the generator's file. z: float32 [latent], with truncation and directions.
    y: float32 [classes]; None for an unconditional generator.
    """
    model = repr(str(path.absolute()))
    latents = (
        f'numpy.frombuffer(base64.b64decode("{base64.b64encode(z.astype("<f4").tobytes()).decode()}"), "<f4")[None]'
    )
    weights = "" if y is None else _weights(y)
    if info.provenance.get(ASSUMED):
        inputs = ", ".join(filter(None, (latents, weights)))
        return (
            "import base64, digitforge, numpy, PIL.Image\n"
            f"pixels = digitforge.open({model}, 'cpu').generate({inputs})[0]\n"
            f'PIL.Image.fromarray(pixels).save("{FILE}")\n'
        )
    inputs = ", ".join(f'"{name}": {one}' for name, one in ((LATENTS, latents), (CLASS_WEIGHTS, weights)) if one)
    return (
        "import base64, numpy, onnxruntime, PIL.Image\n"
        f'session = onnxruntime.InferenceSession({model}, providers=["CPUExecutionProvider"])\n'
        f'pixels = session.run(["{PIXELS}"], {{{inputs}}})[0][0]\n'
        f'PIL.Image.fromarray(pixels).save("{FILE}")\n'
    )


def _weights(y: Float32) -> str:
    chosen = np.flatnonzero(y)
    if len(chosen) == 1 and y[chosen[0]] == 1:
        return f'numpy.eye({len(y)}, dtype="f4")[[{chosen[0]}]]'
    return f'numpy.array([{y.tolist()}], "f4")'
