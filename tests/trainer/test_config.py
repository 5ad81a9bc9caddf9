from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Any, get_args

import pytest

from digitforge.errors import ConfigError
from trainer import command_line
from trainer.config import (
    DatasetName,
    LossName,
    NetworkName,
    OptimizerName,
    TrainConfig,
    choices,
    sections,
    type_of,
)
from trainer.data.datasets import DATASETS
from trainer.losses import LOSSES
from trainer.networks import FAMILIES
from trainer.optimizers import OPTIMIZERS
from trainer.presets import PRESETS, configure


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_survives_json(preset: str) -> None:
    config = configure(preset, {})
    assert TrainConfig.from_json(json.loads(json.dumps(config.to_json()))) == config


def test_every_field_is_a_flag() -> None:
    default = configure("digits", {})
    texts = {int: "7", float: "0.25", str: "0.25"}
    named = {"preset": "dcgan", "network": "mlp", "score_count": "123", "dataset": "folder:PATH"}
    for field in dataclasses.fields(TrainConfig):
        text = str(not getattr(default, field.name)) if field.type is bool else texts.get(type_of(field), "")
        text = named.get(field.name, (choices(field) or (text,))[-1])
        config = command_line.parse([f"--{field.name.replace('_', '-')}", text]).config
        assert str(getattr(config, field.name)) == text
        assert getattr(config, field.name) != getattr(default, field.name), field.name


@pytest.mark.parametrize(
    ("names", "table"),
    [(LossName, LOSSES), (NetworkName, FAMILIES), (OptimizerName, OPTIMIZERS), (DatasetName, DATASETS)],
    ids=["losses", "networks", "optimisers", "data sets"],
)
def test_the_typed_names_are_those_of_the_tables(names: Any, table: Mapping[str, object]) -> None:
    assert get_args(names) == tuple(table)


def test_a_row_added_to_a_table_is_a_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match="loss is 'mine'"):
        configure("mlp", {"loss": "mine"})
    monkeypatch.setitem(LOSSES, "mine", LOSSES["hinge"])
    assert str(configure("mlp", {"loss": "mine"}).loss) == "mine"
    assert str(command_line.parse(["--loss", "mine"]).config.loss) == "mine"


@pytest.mark.parametrize("columns", ["40", "60", "80"])
def test_help_keeps_names_whole(monkeypatch: pytest.MonkeyPatch, columns: str) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    words = command_line.build_parser().format_help().replace(",", " ").replace(".", " ").replace(";", " ").split()
    fields = [field for fields in sections().values() for field in fields]
    names = {name for field in fields for name in choices(field)} | set(PRESETS)
    assert {name for name in names if "-" in name} <= set(words)


def test_help_has_sections_and_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    text = command_line.build_parser().format_help()
    parts = [text.index(f"\n{title}:\n") for title in sections()]
    assert parts == sorted(parts)
    words = " ".join(text.split())
    assert "Images per step, over all processes. (default: 128)" in words
    assert "Weight decay of both networks. (default: 0)" in words
    assert "One of adam, adamw, rmsprop, sgd. (default: adam)" in words


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--preset", "quickstrat"], "did you mean quickstart?"),
        (["--latent-sise", "3"], "did you mean --latent-size?"),
        (["--batch-size", "0"], "batch_size is 0, but it must be at least 2"),
        (["--beta1", "1.5"], "between 0 and 0.9999"),
        (["--images", "many"], "takes a whole number"),
        (["--conditional", "perhaps"], "takes true or false"),
        (["--loss", "hinged"], "did you mean hinge?"),
        (["--optimizer", "q"], "choose one of adam, adamw, rmsprop, sgd"),
        (["--dataset", "folder:"], "did you mean folder:PATH?"),
        (["--gamma", "0.5,0.1"], "is not a schedule"),
        (["--g-lr", "nan"], "is not a schedule"),
        (["--images"], "expected one argument"),
        (["--label-smoothing", "-1e-4"], "label_smoothing is -0.0001, but it must be between"),
        (["--beta1", "-.5"], "beta1 is -0.5, but it must be between"),
        (["--images", "5", " "], "One argument is blank"),
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
    assert config.differences(other) == [f"g_lr: {config.g_lr}, not 0.1"]


@pytest.mark.parametrize(
    ("preset", "row"),
    [
        ("mlp", ("mlp", 64, 550 * 937 * 64, "2e-4", "2e-4", 0.0)),
        ("mlp-dropout", ("mlp", 128, 100 * 468 * 128, "2e-4", "2e-4", 0.0)),
        ("mlp-dropout-deep", ("mlp", 128, 200 * 468 * 128, "2e-4", "2e-4", 0.0)),
        ("dense-bn", ("dense", 128, 10_000 * 128, "2e-4", "2e-4", 0.0)),
        ("conv-upsample", ("upsample", 600, 300 * 600, "2e-4", "2e-4", 0.05)),
        ("dcgan", ("dcgan", 64, 200 * 937 * 64, "3e-4", "2e-4", 0.0)),
    ],
)
def test_reference_presets_are_their_published_rows(preset: str, row: tuple[object, ...]) -> None:
    config = configure(preset, {})
    assert (config.network, config.batch_size, config.images, config.g_lr, config.d_lr, config.label_noise) == row
    assert (config.latent_size, config.optimizer, config.loss) == (100, "adam", "non-saturating")
    assert (config.conditional, config.gamma, config.beta1, config.beta2) == (False, "0", 0.5, 0.999)
    assert (config.latent_distribution == "uniform") == (preset == "dcgan")
    assert (config.dataset, config.classes, config.limit) == (
        ("mnist", "0", 4_132) if preset == "conv-upsample" else ("auto", "", 0)
    )
