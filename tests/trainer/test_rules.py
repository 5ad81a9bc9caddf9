from __future__ import annotations

from typing import Any

import pytest

from digitforge.errors import ConfigError
from export.contract import ContractError, GeneratorInfo
from export.safety import budget, checks
from trainer import rules
from trainer.config import ImageFormat
from trainer.presets import PRESETS, configure
from trainer.rules import check, check_export


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("world", [1, 2, 8])
def test_presets_may_be_launched_anywhere(preset: str, world: int) -> None:
    assert check(configure(preset, {}), world, "cpu") == []


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("mlp", {"accumulation": 3}, "multiple of 3"),
    ("mlp", {"accumulation": 2}, "Reused fakes"),
    ("dcgan", {"accumulation": 64, "reuse_fakes": False}, "BatchNorm needs at least two images"),
    ("mlp", {"loss": "hinge", "label_noise": 0.1}, "no labels to smooth"),
    ("mlp", {"label_dropout": 0.1}, "unconditional"),
    ("mlp", {"labels": 100}, "labels is about classes"),
    ("mlp", {"infer_labels": True}, "infer_labels is about classes"),
    ("mlp", {"loss": "wasserstein"}, "--penalty gradient-penalty"),
    ("quickstart", {"compile": True}, "second derivative"),
    ("mlp", {"compile": True, "recompute": "both"}, "cannot be compiled"),
    ("mlp", {"spectral_norm": True, "recompute": "discriminator"}, "second time"),
    ("dcgan", {"sync_batch_norm": True, "gamma": "1"}, "no second derivative"),
    ("dcgan", {"sync_batch_norm": True}, "only on GPUs"),
    ("mlp", {"self_attention": True}, "no self-attention"),
    ("dcgan", {"dropout": 0.1}, "no dropout"),
    ("mlp", {"augment_target": 0.6}, "there are none"),
    ("mlp", {"augment_target": 0.6, "augment": "shift:0.1", "loss": "relativistic"}, "watches the sign"),
    ("mlp", {"augment": "shft:0.1"}, "did you mean shift"),
]


@pytest.mark.parametrize(("preset", "settings", "said"), REFUSED)
def test_what_cannot_work_is_refused(preset: str, settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        check(configure(preset, settings), 1, "cpu")


@pytest.mark.parametrize(
    ("preset", "settings", "said"),
    [
        ("mlp", {"spectral_norm": True, "weight_decay": 0.01}, "weight decay"),
        ("dcgan", {"gamma": "0,1@1000"}, "does not act on single images"),
    ],
)
def test_what_is_better_avoided_is_said(preset: str, settings: dict[str, Any], said: str) -> None:
    (sentence,) = check(configure(preset, settings), 1, "cpu")
    assert said in sentence


@pytest.mark.parametrize(
    ("preset", "settings", "size", "classes", "said"),
    [
        ("quickstart", {}, 28, 1_001, "1,001 classes"),
        ("dense-bn", {}, 48, 10, "169 MiB of weights"),
        ("conv-upsample", {"g_width": 16}, 512, 10, "more memory or time"),
    ],
)
def test_what_cannot_be_exported_is_refused(
    preset: str, settings: dict[str, Any], size: int, classes: int, said: str
) -> None:
    images = ImageFormat(1, size, tuple(map(str, range(classes))))
    with pytest.raises(ConfigError, match=said):
        check_export(configure(preset, settings), images)


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_can_be_exported(preset: str) -> None:
    check_export(configure(preset, {}), ImageFormat(3, 28, tuple(map(str, range(1_000)))))
    check_export(configure(preset, {"conditional": False}), ImageFormat(1, 28, tuple(map(str, range(1_001)))))


def test_the_limits_are_those_of_exported_files() -> None:
    assert rules.MOST_WEIGHT_BYTES + 2**20 == checks.SIZE_LIMIT_BYTES
    assert (rules.MOST_IMAGE_BYTES, rules.MOST_WORK) == (budget.IMAGE_LIMIT_BYTES, budget.WORK_LIMIT)
    GeneratorInfo(8, "normal", tuple(map(str, range(rules.MOST_CLASSES))), 1, 28, 28)
    with pytest.raises(ContractError):
        GeneratorInfo(8, "normal", tuple(map(str, range(rules.MOST_CLASSES + 1))), 1, 28, 28)
