"""A run in several sessions ends with the same bits as a run in one session, wherever the sessions end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from accelerate.state import AcceleratorState
from safetensors.torch import load_file
from torch import Tensor

from trainer import augment
from trainer.presets import PRESETS
from trainer.train import main

TINY = (
    "--dataset", "sklearn-digits", "--classes", "", "--limit", "130", "--batch-size", "24", "--g-width", "4",
    "--d-width", "4", "--g-layers", "32", "--d-layers", "32,16", "--latent-size", "8", "--threads", "1",
)  # fmt: skip
STEPS = 13
"""Steps of a whole run: more than two epochs."""

MLP = "--preset mlp "
CONV = "--preset quickstart "
SETTINGS = {
    **{name: f"--preset {name}" for name in PRESETS},
    "fp32": CONV + "--precision fp32",
    "augmentation": CONV + "--augment shift:0.1,rotate:10,cutout:0.3,noise:0.1 --augment-probability 0.7",
    "adaptive augmentation": MLP + "--augment shift:0.1,elastic:0.05 --augment-target 0.6",
    "accumulation, dropout, label noise": "--preset conv-upsample --accumulation 3 --label-smoothing 0.1",
    "adamw": MLP + "--optimizer adamw --weight-decay 0.01",
    "rmsprop": MLP + "--optimizer rmsprop --beta1 0.5",
    "sgd": CONV + "--optimizer sgd --beta1 0.9 --g-lr 0.01,0.005@100 --d-lr 0.01",
    "wasserstein": MLP + "--loss wasserstein --penalty gradient-penalty --gamma 10 --d-steps 2",
    "relativistic": CONV + "--loss relativistic --gamma 0,0.1@100 --penalty-every 3 --label-dropout 0.2",
    "spectral norm and attention": CONV + "--spectral-norm true --self-attention true --gamma 0 --loss hinge",
    "recomputed": CONV + "--recompute both --d-steps 2 --store disk",
}


def state(run_dir: Path, images: int, *arguments: str) -> dict[str, Tensor]:
    """Return the tensors of a run after a session that ends at `images`."""
    assert main([*TINY, *arguments, "--images", str(images), "--run-dir", str(run_dir)]) == 0
    AcceleratorState._reset_state(reset_partial_state=True)
    newest = max((run_dir / "checkpoints").iterdir())
    return load_file(newest / "state.safetensors") | load_file(run_dir / "generator.safetensors")


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS.keys())
def test_sessions_of_any_length_make_the_same_run(
    tmp_path: Path, settings: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(augment, "ADAPT_IMAGES", 300)  # so that an adaptive probability matters within a few steps
    # The first session ends after 5 steps: in the middle of an epoch, and between two penalties, two generator steps
    # and two changes of the augmentation. The second session has one step.
    arguments = settings.split()
    whole = state(tmp_path / "whole", STEPS * 24, *arguments)
    for images in (5 * 24 - 3, 5 * 24 + 1, STEPS * 24):
        parts = state(tmp_path / "parts", images, *arguments)
    assert whole.keys() == parts.keys()
    assert [name for name in whole if not whole[name].equal(parts[name])] == []
    grid = f"samples/{STEPS * 24:012d}.png"
    assert (tmp_path / "whole" / grid).read_bytes() == (tmp_path / "parts" / grid).read_bytes()


def test_what_keeps_a_run_from_resuming_to_the_bit_is_said_and_logged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state(tmp_path, 48)
    state(tmp_path, 96, "--threads", "2")
    said = "Resuming after 48 images. Not bit for bit: threads changed from 1 to 2."
    assert said in capsys.readouterr().out.replace("\n", " ")
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [line.get("note") for line in lines] == [None, said, None]
