"""The library: `digitforge.open` and what it returns."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import digitforge
from digitforge.bundled import BUNDLED_MODEL
from export.runtime.latents import latents
from export.sample import main as sample

ROOT = Path(__file__).parents[2]


def python(code: str, cwd: Path = ROOT) -> str:
    """Run code in a new process; returns what it printed."""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=cwd, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=True
    )
    return done.stdout


def test_the_promised_line_works(tmp_path: Path) -> None:
    line = "import digitforge; print(digitforge.open('digits.onnx').sample(10).shape)"
    assert python(line, cwd=tmp_path) == "(10, 28, 28)\n"


def test_importing_it_loads_nothing_heavy() -> None:
    code = "import sys; before = set(sys.modules); import digitforge; print(*(set(sys.modules) - before))"
    loaded = {name.partition(".")[0] for name in python(code).split()}
    assert "digitforge" in loaded
    assert not loaded & {"numpy", "rich", "onnx", "onnxruntime", "torch", "PIL", "export", "trainer", "viewer"}


def test_opening_and_sampling_load_no_torch() -> None:
    code = "import sys, digitforge; digitforge.open().sample(1); print('torch' in sys.modules)"
    assert python(code) == "False\n"


def test_a_missing_onnxruntime_is_named() -> None:
    code = (
        "import sys; sys.modules['onnxruntime'] = None; import digitforge\n"
        "try: digitforge.open()\nexcept digitforge.DigitforgeError as error: print(error)"
    )
    assert python(code).startswith("onnxruntime cannot be imported")


@pytest.mark.parametrize(
    ("model", "options", "arguments"),
    [
        ("digits", ["--seed", "5"], {"seed": 5}),
        ("digits", ["--digit", "3,8", "--truncation", "0.5"], {"digits": [3, "8"], "truncation": 0.5}),
        ("digits", ["--digit", "7"], {"digits": 7}),
        ("colour", ["--digit", "hedgehog"], {"digits": "hedgehog"}),
        ("colour", ["--digit", "hedgehog,cat"], {"digits": np.array([2, 0])}),
        ("free", [], {}),
    ],
)
def test_samples_are_those_of_the_command(
    models: dict[str, Path], tmp_path: Path, model: str, options: list[str], arguments: dict[str, Any]
) -> None:
    images = digitforge.open(models[model]).sample(300, **arguments)
    assert images.dtype == np.uint8
    assert images.shape == (300, 12, 12, 3) if model == "colour" else (300, 12, 12)
    assert sample([str(models[model]), "--count", "300", "--out", str(tmp_path / "a.npz"), *options]) == 0
    with np.load(tmp_path / "a.npz") as data:
        np.testing.assert_array_equal(images, data["images"])


def test_paths_are_resolved(models: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert digitforge.open().path == digitforge.open("digits.onnx").path == BUNDLED_MODEL
    shutil.copy(models["free"], "digits.onnx")
    assert digitforge.open("digits.onnx").path == Path("digits.onnx"), "a file in the current folder comes first"
    (tmp_path / "run").mkdir()
    shutil.copy(models["free"], "run/generator.onnx")
    assert digitforge.open("run").info.classes == ()
    for absent in ("absent.onnx", "folder/digits.onnx"):
        with pytest.raises(digitforge.ExportError, match="There is no file"):
            digitforge.open(absent)
    Path("text.onnx").write_text("hello")
    with pytest.raises(digitforge.ModelRefused, match="not an ONNX file"):
        digitforge.open("text.onnx")


@pytest.mark.parametrize("model", ["digits", "free"])
def test_an_interpolation_goes_from_one_latent_to_the_other(models: dict[str, Path], model: str) -> None:
    generator = digitforge.open(models[model])
    images = generator.interpolate(3, 4, steps=7)
    assert images.shape == (7, 12, 12)
    digits = 0 if generator.info.conditional else None
    np.testing.assert_array_equal(images[0], generator.sample(1, digits, seed=3)[0])
    np.testing.assert_array_equal(images[-1], generator.sample(1, digits, seed=4)[0])
    a, b = generator.latents(1, 3)[0], generator.latents(1, 4)[0]
    np.testing.assert_array_equal(generator.interpolate(a, b, steps=7), images)
    np.testing.assert_array_equal(a, latents(generator.info, 3, 0, 1)[0])
    steps = np.abs(np.diff(images.astype(int), axis=0)).mean(axis=(1, 2))
    assert steps.min() > 0, "every step moves"


def test_an_interpolation_changes_the_class(models: dict[str, Path]) -> None:
    generator = digitforge.open(models["digits"])
    images = generator.interpolate(3, 3, digit=2, to_digit="9", truncation=0.5)
    for image, digit in ((images[0], 2), (images[-1], 9)):
        np.testing.assert_array_equal(image, generator.sample(1, digit, seed=3, truncation=0.5)[0])
    assert not np.array_equal(images[0], images[5])
    images = generator.interpolate(3, 3, to_digit=9)
    np.testing.assert_array_equal(images[0], generator.sample(1, 0, seed=3)[0], "it starts with the first class")
    np.testing.assert_array_equal(images[-1], generator.sample(1, 9, seed=3)[0])


@pytest.mark.parametrize("model", ["digits", "free", "colour"])
def test_a_picture_is_found_again(models: dict[str, Path], model: str, tmp_path: Path) -> None:
    generator = digitforge.open(models[model])
    pictures = generator.sample(6, seed=3)
    found = generator.invert(pictures)
    assert np.median(found.rms) < 0.05
    again = generator.generate(found.latents, found.weights)
    errors = np.sqrt(((again.astype(float) - pictures) ** 2).reshape(6, -1).mean(axis=1)) / 127.5
    np.testing.assert_allclose(errors, found.rms, atol=0.02)
    one = generator.invert(pictures[0])
    assert one.latents.shape == (1, 6)
    np.savez(tmp_path / "a.npz", images=pictures)
    np.testing.assert_array_equal(generator.invert(tmp_path / "a.npz").latents, found.latents)
    if generator.info.conditional:
        name = generator.info.classes[2]
        assert set(generator.invert(pictures, digit=name).labels.tolist()) == {2}


@pytest.mark.parametrize(
    ("model", "method", "arguments", "said"),
    [
        ("digits", "sample", {"count": 0}, "between 1 and"),
        ("digits", "sample", {"count": 1, "seed": -1}, "seed is -1"),
        ("digits", "sample", {"count": 1, "digits": 10}, "no class '10'"),
        ("digits", "sample", {"count": 1, "digits": [1, -1]}, "no class '-1'"),
        ("digits", "sample", {"count": 1, "digits": []}, "digits is empty"),
        ("digits", "sample", {"count": 1, "digits": np.array([])}, "digits is empty"),
        ("digits", "sample", {"count": 1, "digits": b"3"}, "no class \"b'3'\""),
        ("colour", "sample", {"count": 1, "digits": 3}, "no class '3'"),
        ("free", "sample", {"count": 1, "digits": 3}, "unconditional"),
        ("digits", "interpolate", {"first": 1, "second": 2, "steps": 1}, "at least 2 steps"),
        ("digits", "interpolate", {"first": 1, "second": 2, "steps": 10**12}, "at most 100,000,000"),
        ("digits", "interpolate", {"first": 1, "second": np.zeros((6, 1))}, "6 finite numbers"),
        ("digits", "interpolate", {"first": 1, "second": np.zeros(6, complex)}, "6 finite numbers"),
        ("digits", "interpolate", {"first": 1, "second": np.full(6, 1e39)}, "6 finite numbers"),
        ("digits", "interpolate", {"first": [[1], [1, 2]], "second": 1}, "6 finite numbers"),
        ("digits", "interpolate", {"first": ["a"] * 6, "second": 1}, "6 finite numbers"),
        ("digits", "interpolate", {"first": 1, "second": np.zeros(5)}, "6 finite numbers"),
        ("digits", "interpolate", {"first": 1, "second": 2, "truncation": 3}, "truncation is 3"),
        ("digits", "interpolate", {"first": -1, "second": 2}, "seed is -1"),
        ("free", "interpolate", {"first": 1, "second": 2, "digit": 3}, "unconditional"),
        (
            "digits",
            "generate",
            {"latents": np.zeros((2, 5))},
            r"Latents for this generator are finite numbers \[n, 6\]",
        ),
        ("digits", "generate", {"latents": np.full((2, 6), np.nan)}, "Latents for this generator"),
        ("digits", "generate", {"latents": np.zeros((2, 6))}, r"weights for this generator are .* \[2, 10\]"),
        ("digits", "generate", {"latents": np.zeros((2, 6)), "weights": np.zeros((3, 10))}, r"\[2, 10\]"),
        ("digits", "generate", {"latents": [[1], [1, 2]]}, "Latents for this generator"),
        ("digits", "invert", {"pictures": np.zeros((12, 13), np.uint8)}, r"uint8 \[n, 12, 12\] or \[12, 12\]"),
        ("digits", "invert", {"pictures": np.zeros((12, 12))}, "not float64"),
        ("digits", "invert", {"pictures": np.zeros((0, 12, 12), np.uint8)}, "Pictures for this generator"),
        ("digits", "invert", {"pictures": "absent.png"}, "absent.png"),
        ("digits", "invert", {"pictures": np.zeros((12, 12), np.uint8), "digit": "x"}, "no class 'x'"),
    ],
)
def test_bad_arguments_are_explained(
    models: dict[str, Path], model: str, method: str, arguments: dict[str, Any], said: str
) -> None:
    with pytest.raises(digitforge.ExportError, match=said):
        getattr(digitforge.open(models[model]), method)(**arguments)


@pytest.mark.parametrize(
    ("method", "arguments", "said"),
    [
        ("sample", {"count": "5"}, "count must be an integer, not str"),
        ("sample", {"count": 2.0}, "count must be an integer, not float"),
        ("sample", {"count": 1, "seed": None}, "seed must be an integer, not NoneType"),
        ("sample", {"count": 1, "truncation": "1"}, "truncation must be a number, not str"),
        ("sample", {"count": 1, "truncation": np.ones(2)}, "truncation must be a number, not ndarray"),
        ("latents", {"count": 1, "seed": 1.5}, "seed must be an integer, not float"),
        ("interpolate", {"first": 1.5, "second": 2}, "seed must be an integer, not float"),
        ("interpolate", {"first": 1, "second": "abc"}, "seed must be an integer, not str"),
        ("interpolate", {"first": 1, "second": 2, "steps": 2.5}, "steps must be an integer, not float"),
        ("interpolate", {"first": 1, "second": 2, "truncation": None}, "truncation must be a number, not NoneType"),
    ],
)
def test_arguments_of_a_wrong_type_are_named(
    models: dict[str, Path], method: str, arguments: dict[str, Any], said: str
) -> None:
    with pytest.raises(TypeError, match=said):
        getattr(digitforge.open(models["digits"]), method)(**arguments)


def test_numpy_numbers_are_numbers(models: dict[str, Path]) -> None:
    generator = digitforge.open(models["digits"])
    images = generator.sample(3, 7, seed=5, truncation=0.5)
    np.testing.assert_array_equal(
        generator.sample(np.uint8(3), np.array(7), np.int64(5), np.float32(0.5)),  # type: ignore[arg-type]
        images,
    )
    np.testing.assert_array_equal(generator.latents(np.int8(3)), generator.latents(3))  # type: ignore[arg-type]


def test_more_images_than_memory_are_refused(models: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise MemoryError

    generator = digitforge.open(models["digits"])
    monkeypatch.setattr(np, "empty", full)
    with pytest.raises(digitforge.ExportError, match="not enough memory for 100,000,000 images"):
        generator.sample(100_000_000)


@pytest.mark.parametrize("provider", ["gpu", "CPU", "", None])
def test_an_unknown_provider_is_refused(provider: Any) -> None:
    with pytest.raises(digitforge.ExportError, match="choose from auto, cpu, cuda"):
        digitforge.open(provider=provider)


def test_a_path_that_no_file_can_have_is_refused() -> None:
    with pytest.raises(digitforge.ExportError, match="cannot be read: file name too long"):
        digitforge.open("x" * 5000)


def test_the_repr_describes_the_generator(models: dict[str, Path]) -> None:
    assert repr(digitforge.open(models["colour"], "cpu")).startswith(
        "<digitforge.Generator colour.onnx: 12x12x3, 3 classes, CPU"
    )


def test_the_lines_of_the_documentation_run(tmp_path: Path) -> None:
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "library.md").read_text(), re.DOTALL)
    assert blocks
    python("\n".join(blocks), cwd=tmp_path)
