"""Favourites: a folder of small pictures."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from digitforge.errors import CannotWrite
from export.runtime.generator import open_generator
from viewer.core.files import favourites
from viewer.core.files.saving import Subject, copied
from viewer.core.scene.cells import scene_of
from viewer.core.scene.messages import Opened
from viewer.core.state.samples import Sample, held_sample
from viewer.core.state.view_state import ViewState


def nothing(done: int, of: int) -> None:
    assert 0 <= done < of


@pytest.fixture
def content(models: dict[str, Path]) -> bytes:
    generator = open_generator(models["digits"], "cpu")
    opened = Opened(1, generator.path, generator.info, generator.provider, "", "0" * 64)
    return copied(generator, Subject(opened, ViewState(seed=5, cells=4)), favourites.SIDE)


def names(folder: Path) -> list[str]:
    return sorted(one.name for one in favourites.load(folder, nothing)[0])


def test_what_is_kept_is_found_with_its_recipe(tmp_path: Path, content: bytes) -> None:
    kept = favourites.keep(tmp_path / "f", "Seed 5", content)
    found, sentence = favourites.load(tmp_path / "f", nothing)
    assert (found, sentence) == ([kept], "")
    assert kept.recipe.state == ViewState(seed=5, cells=4)
    assert kept.path.read_bytes() == content


def test_the_newest_comes_first_and_equal_names_are_numbered(tmp_path: Path, content: bytes) -> None:
    first = favourites.keep(tmp_path, "Seed 5", content)
    os.utime(first.path, (1, 1))
    favourites.keep(tmp_path, "Seed 5", content)
    assert [one.name for one in favourites.load(tmp_path, nothing)[0]] == ["Seed 5 (2)", "Seed 5"]


def test_renaming_moves_the_file_and_replaces_no_other(tmp_path: Path, content: bytes) -> None:
    one = favourites.keep(tmp_path, "one", content)
    favourites.keep(tmp_path, "two", content)
    assert favourites.rename(one, " a/b:c?.. ").name == "a b c"
    assert names(tmp_path) == ["a b c", "two"]
    again = favourites.load(tmp_path, nothing)[0]
    moved = next(favourite for favourite in again if favourite.name == "a b c")
    assert favourites.rename(moved, "two").name == "two (2)"
    kept = next(favourite for favourite in again if favourite.name == "two")
    assert favourites.rename(kept, "///") == kept


def test_removed_favourites_can_be_put_back_until_they_are_deleted(tmp_path: Path, content: bytes) -> None:
    one = favourites.keep(tmp_path, "one", content)
    away = favourites.remove(one)
    assert names(tmp_path) == []
    assert favourites.put_back(away) == one
    assert names(tmp_path) == ["one"]
    away = favourites.remove(one)
    favourites.forget_removed(tmp_path)
    with pytest.raises(CannotWrite, match="could not be moved"):
        favourites.put_back(away)


def test_damaged_files_are_reported_and_left_alone(tmp_path: Path, content: bytes) -> None:
    favourites.keep(tmp_path, "good", content)
    (tmp_path / "cut.png").write_bytes(content[:60])
    (tmp_path / "text.png").write_text("no picture")
    (tmp_path / ".half.123.png").write_bytes(content)
    found, sentence = favourites.load(tmp_path, nothing)
    assert [one.name for one in found] == ["good"]
    assert sentence.startswith("2 of the favourites")
    assert (tmp_path / "cut.png").exists()
    assert favourites.load(tmp_path / "nowhere", nothing) == ([], "")


def test_the_state_of_one_sample_shows_that_sample(models: dict[str, Path]) -> None:
    sample = Sample(2**64 - 1, 7, ((3, 1.0),))
    state = favourites.alone(replace(ViewState(seed=9, cells=16), playing=True), sample)
    scene = scene_of(open_generator(models["digits"], "cpu").info, state)
    assert scene is not None
    assert scene.samples == (sample,)
    assert not state.playing


HALF_OF_4_AND_7 = np.array([0, 0, 0, 0, 0.5, 0, 0, 0.5, 0, 0], np.float32)


@pytest.mark.parametrize(
    ("state", "name"),
    [
        (ViewState(seed=12), "Seed 12"),
        (ViewState(seed=12, position=0.77), "Between seeds 12 and 13"),
        (favourites.alone(ViewState(seed=12), Sample(5, 3)), "Seed 5"),
        (
            favourites.alone(ViewState(), held_sample(np.ones(2, np.float32), None, "between seeds 3 and 4")),
            "Between seeds 3 and 4",
        ),
        (favourites.alone(ViewState(), held_sample(np.ones(2, np.float32), HALF_OF_4_AND_7)), "Between 4 and 7"),
        (ViewState(mode="path"), "Morph of 0"),
        (ViewState(mode="pad"), "Blend of 0"),
        (ViewState(mode="number"), "Written 2026"),
    ],
)
def test_default_names(state: ViewState, name: str) -> None:
    assert favourites.name_of(state, tuple("0123456789")) == name
