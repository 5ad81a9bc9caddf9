"""SPACE.toml: what is read, and what is refused before anything starts."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url

from digitforge.errors import ConfigError
from trainer.presets import configure
from trainer.search.space import Range, Space, build_space, read_space
from trainer.search.storage import sqlite

LEAST: dict[str, Any] = {"images": 1000, "search": {"g_width": [32, 64]}}


def test_the_example_in_the_docs_is_a_space(project: Path) -> None:
    space = read_space(project / "docs" / "search.toml")
    assert space.trials > 10
    assert isinstance(space.search["g_lr"], Range)


def test_values_take_the_settings_own_types() -> None:
    space = build_space(
        {
            "images": 6e4,
            "fixed": {"gamma": 0.5, "beta1": 0},
            "search": {"g_lr": [2e-4, "5e-4,1e-4@300"], "g_width": {"low": 8, "high": 64.0}, "beta2": [0, 0.9]},
        }
    )
    assert (space.images, space.fixed) == (60_000, {"gamma": "0.5", "beta1": 0.0})
    assert space.search == {"g_lr": ("0.0002", "5e-4,1e-4@300"), "g_width": Range(8, 64), "beta2": (0.0, 0.9)}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"trails": 3}, "A search has no key 'trails': did you mean trials"),
        ({"trials": "many"}, "trials is 'many', but it must be a whole number"),
        ({"sampler": "tpee"}, "did you mean tpe"),
        ({"pruner": "medain"}, "did you mean median"),
        ({"objective": "frechet"}, "did you mean frechet_distance"),
        ({"preset": "quickstrat"}, "did you mean quickstart"),
        ({"repeats": -1}, "repeats is -1, but it must be at least 0"),
        ({"score_count": 3}, "score_count is 3, but it must be at least 100"),
        ({"seconds": 5}, "either images or seconds"),
        ({"images": 0}, "either images or seconds"),
        ({"search": {}}, "Nothing is searched"),
        ({"search": {"g_widht": [1]}}, "no setting 'g_widht': did you mean g_width"),
        ({"search": {"g_width": ["wide"]}}, "g_width is 'wide', but it must be of type int"),
        ({"search": {"g_width": [0]}}, "g_width is 0, but it must be between 1 and 4096"),
        ({"search": {"g_width": [8, 8]}}, "lists 8 twice"),
        ({"search": {"g_width": 8}}, "must be a list of choices, or a range"),
        ({"search": {"g_width": {"low": 8}}}, "needs both low and high"),
        ({"search": {"g_width": {"low": 8, "hihg": 9}}}, "A range has no 'hihg' (search.g_width): did you mean high"),
        ({"search": {"g_width": {"low": 8.5, "high": 9}}}, "must be a whole number"),
        ({"search": {"beta2": {"low": 0.5, "high": 2}}}, "beta2 is 2.0, but it must be between"),
        ({"search": {"g_lr": {"low": 0, "high": 1, "log": True}}}, "its low must be above 0"),
        ({"search": {"loss": {"low": 0, "high": 1}}}, "as it is not a number"),
        ({"search": {"loss": ["hinged"]}}, "did you mean hinge"),
        ({"search": {"g_lr": ["5e-4,1e-4"]}}, "is not a schedule"),
        ({"search": {"seed": [1, 2]}}, "seed can be neither fixed nor searched: the search sets it, at the top"),
        ({"fixed": {"images": 5}}, "images can be neither fixed nor searched"),
        ({"fixed": {"g_width": 8}}, "g_width is both fixed and searched"),
        ({"fixed": {"conditional": 1}}, "conditional is 1, but it must be of type bool"),
        ({"fixed": {"conditional": False}, "objective": "conditional_accuracy"}, "needs a conditional generator"),
        ({"sampler": "grid", "search": {"beta2": {"low": 0.5, "high": 0.9}}}, "give its range a step"),
        ({"images": math.inf}, "images is inf, but it must be a whole number"),
        ({"trials": math.nan}, "trials is nan, but it must be a whole number"),
        ({"images": 0, "seconds": math.inf}, "either images or seconds"),
        ({"search": {"g_width": [math.inf]}}, "g_width is inf, but it must be of type int"),
        ({"search": {"g_lr": {"low": 1e-4, "high": math.inf, "step": 1e-4}}}, "is not a range"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_one_sentence(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        build_space(LEAST | change)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_file_that_is_no_toml_is_named(tmp_path: Path) -> None:
    (tmp_path / "s.toml").write_text("images = ")
    with pytest.raises(ConfigError, match="is not a TOML file"):
        read_space(tmp_path / "s.toml")


def test_one_rate_is_one_choice_however_it_is_spelled() -> None:
    grid = {"images": 1000, "sampler": "grid", "preset": "dcgan"}
    space = build_space(grid | {"search": {"g_lr": [0.0003, "1e-4"]}})
    assert configure("dcgan", {}).g_lr == "3e-4"
    assert (space.preset_values(), space.grid()) == ({"g_lr": "0.0003"}, [{"g_lr": "0.0001"}])
    with pytest.raises(ConfigError, match=r"lists '0\.0003' twice"):
        build_space(grid | {"search": {"g_lr": ["3e-4", 3e-4]}})


def test_a_grid_holds_every_combination_but_the_presets_own() -> None:
    space = build_space(
        {
            "images": 1000, "sampler": "grid",
            "search": {"g_width": [32, 64], "beta2": {"low": 0.98, "high": 0.995, "step": 0.01}},
        }
    )  # fmt: skip
    assert space.preset_values() == {"g_width": 32, "beta2": 0.99}
    assert space.grid() == [
        {"g_width": 32, "beta2": 0.98}, {"g_width": 64, "beta2": 0.98}, {"g_width": 64, "beta2": 0.99},
    ]  # fmt: skip
    assert space.trials == 4


@pytest.mark.parametrize(
    ("spec", "value", "encoded"),
    [
        ((32, 64), 64, 64), ((32,), 64, None),
        (Range(8, 64, 8), 64, 64), (Range(8, 64, 9), 64, None), (Range(65, 99), 64, None),
    ],
)  # fmt: skip
def test_whether_a_space_holds_a_value(spec: Any, value: int, encoded: int | None) -> None:
    assert Space(search={"g_width": spec}).encode("g_width", value) == encoded


def test_a_schedule_is_encoded_as_a_number_and_decoded_as_text() -> None:
    space = Space(search={"g_lr": Range(1e-5, 1e-2, log=True)})
    assert space.decode("g_lr", 0.00012345678) == "0.0001235"
    assert space.encode("g_lr", "5e-4") == 5e-4


def test_every_point_of_a_fine_grid_is_one_that_the_space_holds() -> None:
    ranges = {
        "ema_halflife_images": Range(100_000, 200_000, 6_250), "g_lr": Range(1e-4, 1e-3, 1.23456e-6),
        "beta2": Range(0.7, 0.7 + 0.1, 0.1),  # 0.7999999999999999
    }  # fmt: skip
    space = Space(search=dict(ranges))
    for name, each in ranges.items():
        assert [space.encode(name, space.decode(name, level)) for level in each.levels()] == pytest.approx(
            each.levels()
        )
    assert space.encode("g_lr", "5e-4,1e-4@300") is None


@pytest.mark.parametrize("name", ["plain", "a#b?c%20d&e;f @g", "ü"])
def test_the_database_is_in_the_folder_whatever_its_name(tmp_path: Path, name: str) -> None:
    assert make_url(sqlite(tmp_path / name)).database == str(tmp_path / name)
