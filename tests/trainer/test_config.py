from __future__ import annotations

import dataclasses
import json

import pytest

from trainer import command_line
from trainer.config import TrainConfig
from trainer.errors import ConfigError
from trainer.presets import PRESETS, configure


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_survives_json(preset: str) -> None:
    config = configure(preset, {})
    assert TrainConfig.from_json(json.loads(json.dumps(config.to_json()))) == config


def test_every_field_is_a_flag() -> None:
    default = configure("quickstart", {})
    texts = {"int": "7", "float": "0.25", "bool": "false", "str": "0.25"}
    for field in dataclasses.fields(TrainConfig):
        text = "dcgan" if field.name == "preset" else (field.metadata["choices"] or [texts[str(field.type)]])[-1]
        config = command_line.parse([f"--{field.name.replace('_', '-')}", text]).config
        assert str(getattr(config, field.name)).lower() == text
        assert getattr(config, field.name) != getattr(default, field.name), field.name


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--preset", "quickstrat"], "did you mean quickstart?"),
        (["--latent-sise", "3"], "did you mean --latent-size?"),
        (["--batch-size", "0"], "batch_size is 0, but it must be at least 2"),
        (["--beta1", "1.5"], "between 0 and 0.9999"),
        (["--images", "many"], "takes a whole number"),
        (["--conditional", "perhaps"], "takes true or false"),
        (["--loss", "hinged"], "choose one of non-saturating, relativistic"),
        (["--gamma", "0.5,0.1"], "is not a schedule"),
        (["--g-lr", "nan"], "is not a schedule"),
        (["--images"], "expected one argument"),
    ],
)
def test_bad_flags_are_named(arguments: list[str], said: str) -> None:
    with pytest.raises(ConfigError, match=said.replace("?", r"\?")):
        command_line.parse(arguments)


def test_whole_numbers_may_be_written_shortly() -> None:
    assert command_line.parse(["--images", "2e5"]).config.images == 200_000
    assert command_line.parse(["--images", "200_000"]).config.images == 200_000


def test_an_unknown_field_in_json_is_named() -> None:
    with pytest.raises(ConfigError, match="did you mean latent_size"):
        TrainConfig.from_json({"latent_siz": 3})


def test_differences_leave_out_how_far_a_run_goes() -> None:
    config = configure("quickstart", {})
    other = dataclasses.replace(config, images=5, sample_every=7, g_lr="0.1")
    assert config.differences(other) == ["g_lr: 5e-4, not 0.1"]


def test_dcgan_is_its_published_row() -> None:
    config = configure("dcgan", {})
    assert (config.latent_size, config.latent_distribution, config.batch_size) == (100, "uniform", 64)
    assert (config.g_lr, config.d_lr, config.loss, config.images) == ("3e-4", "2e-4", "non-saturating", 11_993_600)
    assert not config.conditional
    assert config.gamma == "0"
