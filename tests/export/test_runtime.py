from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from export.contract import ExportError
from export.runtime import find_model, open_generator


def test_it_runs_what_the_contract_promises(models: dict[str, Path], rng: np.random.Generator) -> None:
    for name, channels in (("digits", 1), ("colour", 3), ("free", 1)):
        generator = open_generator(models[name])
        info = generator.info
        assert generator.provider == "CPUExecutionProvider"
        for batch in (1, 5):
            z = rng.standard_normal((batch, info.latent_size)).astype(np.float32)
            y = np.eye(len(info.classes), dtype=np.float32)[[0] * batch] if info.conditional else None
            image, pixels = generator.generate(z, y), generator.generate_pixels(z, y)
            assert image.shape == (batch, channels, info.height, info.width)
            shown = image[:, 0] if channels == 1 else image.transpose(0, 2, 3, 1)
            np.testing.assert_allclose(pixels, (shown + 1) * 127.5, atol=0.51)


@pytest.mark.parametrize(
    ("z", "y"),
    [
        (np.zeros((2, 5), np.float32), np.zeros((2, 10), np.float32)),
        (np.zeros((2, 6)), np.zeros((2, 10), np.float32)),
        (np.zeros((2, 6), np.float32), np.zeros((1, 10), np.float32)),
        (np.zeros((2, 6), np.float32), np.zeros((2, 10), np.int64)),
        (np.full((2, 6), np.nan, np.float32), np.zeros((2, 10), np.float32)),
        (np.zeros((2, 6), np.float32), None),
    ],
)
def test_wrong_arguments_are_refused_before_the_call(models: dict[str, Path], z: object, y: object) -> None:
    generator = open_generator(models["digits"])
    with pytest.raises(ValueError, match=r"must be float32|not finite|takes z, y"):
        generator.generate_pixels(z, y)  # type: ignore[arg-type]


def test_cuda_that_is_not_there_is_an_error_only_where_it_was_asked_for(models: dict[str, Path]) -> None:
    # Every GPU is hidden from the tests, so CUDA cannot come whatever is installed.
    generator = open_generator(models["digits"], provider="auto")
    assert (generator.provider, generator.notice) == ("CPUExecutionProvider", "")
    with pytest.raises(ExportError, match=r"CUDA was asked for, but it cannot run\. "):
        open_generator(models["digits"], provider="cuda")


def test_find_model(trained_run: Path, tmp_path: Path) -> None:
    assert find_model(trained_run) == trained_run / "generator.onnx"
    with pytest.raises(ExportError, match="There is no file"):
        find_model(tmp_path / "absent.onnx")
    with pytest.raises(ExportError, match="not a run directory"):
        find_model(tmp_path)
    (tmp_path / "config.json").touch()
    with pytest.raises(ExportError, match=r"python -m export\.onnx"):
        find_model(tmp_path)
