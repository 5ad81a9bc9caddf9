"""The commands and flags that scripts outside this project call: they keep their names."""

from __future__ import annotations

import dataclasses
import importlib
import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from digitforge.bundled import BUNDLED_MODEL
from tests.support.commands import ROOT, Run
from trainer import command_line
from trainer.config import TrainConfig
from trainer.presets import PRESETS

PROMISED = {
    "trainer.score": (
        "",
        "RUN_DIR",
        "MODEL.onnx --dataset mnist --data-dir DIR --count 1000 --json FILE",
    ),
    "export.onnx": (
        "",
        "RUN_DIR",
        "RUN_DIR --out FILE --precision fp32",
        "--precision fp16",
        "RUN_DIR --opset 13 --batch 1 --vectors",
    ),
    "export.sample": (
        "MODEL.onnx --count 10 --out FILE.npz",
        "MODEL.onnx --count 10 --out DIR --digit 3 --seed 1 --truncation 0.7",
    ),
    "export.invert": ("MODEL.onnx PICTURE.png --out FILE.npz", "MODEL.onnx DIR --out FILE.npz --shard 1/2 --json"),
    "export.publish": ("RUN_DIR --out DIR", "MODEL.onnx --out DIR --license mit"),
    "export.doctor": ("", "MODEL.onnx"),
    "viewer.__main__": ("", "MODEL.onnx", "RUN_DIR", "MODEL.onnx --screenshot FILE.png"),
    "viewer.gallery": ("", "RUN_DIR", "MODEL.onnx"),
}


@pytest.mark.parametrize(("module", "line"), [(module, line) for module, lines in PROMISED.items() for line in lines])
def test_the_flags_are_accepted(module: str, line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{module}.exit_status", lambda command: 42)  # everything up to the work itself
    assert importlib.import_module(module).main(line.split()) == 42


@pytest.mark.parametrize("resume", ["auto", "never", "must"])
def test_the_flags_of_training_are_accepted(resume: str) -> None:
    line = "--preset mlp --dataset mnist --data-dir D --run-dir R --images 1000 --batch-size 32 --seed 3 --resume"
    command = command_line.parse([*line.split(), resume])
    assert (command.data_dir, command.run_dir, command.resume) == (Path("D"), Path("R"), resume)
    config = command.config
    assert (config.preset, config.dataset, config.images, config.batch_size, config.seed) == (
        "mlp",
        "mnist",
        1000,
        32,
        3,
    )


@pytest.mark.parametrize("field", [field.name for field in dataclasses.fields(TrainConfig)])
def test_every_setting_of_training_is_a_flag(field: str) -> None:
    value = getattr(TrainConfig(), field)
    assert command_line.parse([f"--{field.replace('_', '-')}={str(value).lower() if value is True else value}"])


def test_the_presets_keep_their_names() -> None:
    names = "mlp mlp-dropout mlp-dropout-deep dense-bn conv-upsample dcgan digits quickstart stacked-mnist"
    assert set(names.split()) <= PRESETS.keys()


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
@pytest.mark.parametrize("target", ["demo", "test"])
def test_make_knows_its_targets(target: str) -> None:
    subprocess.run(["make", "--dry-run", target], cwd=ROOT, check=True, capture_output=True)


def test_the_library_opens_a_generator_in_a_line(run: Run) -> None:
    line = f"import digitforge; print(digitforge.open({str(BUNDLED_MODEL.relative_to(ROOT))!r}).sample(10).shape)"
    done = run("-c", line)
    assert done.stdout == "(10, 28, 28)\n", done.stderr


def test_samples_lie_in_the_promised_arrays(tmp_path: Path) -> None:
    from export.sample import main

    out = tmp_path / "digits.npz"
    assert main([str(BUNDLED_MODEL), "--count", "12", "--out", str(out), "--digit", "3", "--seed", "1"]) == 0
    with np.load(out) as arrays:
        images, labels = arrays["images"], arrays["labels"]
    assert (images.shape, images.dtype) == ((12, 28, 28), np.uint8)
    assert (labels.tolist(), labels.dtype) == ([3] * 12, np.int64)


def test_a_score_holds_the_promised_values(trained_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from trainer.score import main

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    out = tmp_path / "score.json"
    assert main([str(trained_run / "generator.onnx"), "--count", "100", "--json", str(out)]) == 0
    score = json.loads(out.read_text())
    compared = {
        "frechet_distance", "kernel_distance", "classifier_score", "precision", "recall", "density", "coverage",
        "conditional_accuracy", "entropy_generated",
    }  # fmt: skip
    others = {"count", "features_sha256", "collapse_rate", "class_shares", "entropy_real", "floor"}
    assert compared | others <= score.keys()
    assert compared - {"conditional_accuracy", "entropy_generated"} <= score["floor"].keys()


def test_a_run_directory_holds_the_promised_files(trained_run: Path) -> None:
    for name in ("config.json", "log.jsonl", "samples", "checkpoints", "generator.safetensors"):
        assert (trained_run / name).exists()
