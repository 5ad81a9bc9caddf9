"""A copied program makes exactly the picture of its cell."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from PIL import Image

from digitforge.bundled import BUNDLED_MODEL
from export.runtime.generator import open_generator
from export.runtime.latents import latents
from viewer.core.files.as_python import FILE, as_python


@pytest.mark.parametrize("kind", ["bundled", "mixture", "free", "elsewhere"])
def test_the_program_makes_the_picture_to_the_bit(kind: str, models: dict[str, Path], tmp_path: Path) -> None:
    path = models["free"] if kind == "free" else BUNDLED_MODEL
    if kind == "elsewhere":
        model = onnx.load(BUNDLED_MODEL)
        del model.metadata_props[:]
        path = tmp_path / "it's from elsewhere.onnx"
        onnx.save(model, path)
    generator = open_generator(path, "cpu")
    z, y = latents(generator.info, 5, 0, 1), None
    if generator.info.conditional:
        y = np.zeros((1, 10), np.float32)
        y[0, 3] = 1
        if kind == "mixture":
            y[0, [3, 8]] = np.float32(0.7), np.float32(0.3)
    text = as_python(path, generator.info, z[0], None if y is None else y[0])
    assert len(text.splitlines()) <= 4
    folder = tmp_path / "empty"
    folder.mkdir()
    # digitforge is found as an installed package would be.
    subprocess.run([sys.executable, "-c", text], cwd=folder, check=True, env={"PYTHONPATH": str(Path.cwd())})
    with Image.open(folder / FILE) as picture:
        np.testing.assert_array_equal(np.asarray(picture), generator.generate_pixels(z, y)[0])
