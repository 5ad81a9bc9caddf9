"""Principal directions."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from digitforge.bundled import BUNDLED_MODEL
from export.contract import GeneratorInfo
from export.runtime.arrays import Float32
from export.runtime.generator import Generator, open_generator
from export.runtime.latents import latents, one_hot
from export.safety.digest import file_digest
from viewer.core.scene.directions import (
    MOST_NAMED,
    Directions,
    Named,
    Search,
    _coarse,
    from_json,
    principal,
    render_coarse,
    to_json,
)
from viewer.core.scene.quantities import QUANTITIES, measure


def find(path: Path, folder: Path) -> Directions:
    search, generator = Search(folder), open_generator(path, "cpu")
    while not isinstance(found := search.step(generator), Directions):
        pass
    return found


def change(generator: Generator, vectors: Float32) -> Float32:
    """Mean squared change of the pictures from one standard deviation along each direction, float32 [directions]."""
    z, classes = latents(generator.info, 5, 0, 100), len(generator.info.classes)
    y = one_hot(np.arange(100) % classes, classes) if classes else None
    changes = [np.mean((generator.generate(z + v, y) - generator.generate(z - v, y)) ** 2) for v in vectors]
    return np.array(changes, np.float32)


@pytest.fixture(scope="module")
def bundled(tmp_path_factory: pytest.TempPathFactory) -> Directions:
    """Found anew, without the file beside the generator."""
    path = tmp_path_factory.mktemp("alone") / "copy.onnx"
    path.write_bytes(BUNDLED_MODEL.read_bytes())
    return find(path, path.parent)


def test_directions_change_pictures_more_than_random_ones_and_the_first_most(bundled: Directions) -> None:
    generator = open_generator(BUNDLED_MODEL, "cpu")
    random = np.linalg.qr(np.random.default_rng(1).standard_normal((64, 64)))[0].astype(np.float32)
    found, chance = change(generator, bundled.vectors), change(generator, random)
    assert found[0] > 6 * chance.mean()
    assert found[:8].min() > 1.5 * chance.mean()
    assert found[:4].mean() > found[4:8].mean() > found[8:].mean()


@pytest.mark.parametrize(("name", "square"), [("digits", 1.0), ("colour", 1.0), ("free", 1 / 3), ("many", 1.0)])
def test_directions_are_orthogonal_and_one_standard_deviation_long(
    name: str, square: float, models: dict[str, Path], tmp_path: Path
) -> None:
    vectors = find(models[name], tmp_path).vectors
    assert vectors.shape == (6, 6)
    np.testing.assert_allclose(vectors @ vectors.T, square * np.eye(6), atol=1e-6)
    assert (vectors[np.arange(6), np.abs(vectors).argmax(axis=1)] > 0).all()


def test_the_same_file_gives_the_same_directions(models: dict[str, Path], tmp_path: Path) -> None:
    first, second = (find(models["digits"], tmp_path / name) for name in ("a", "b"))
    np.testing.assert_array_equal(first.vectors, second.vectors)
    assert (tmp_path / "a").is_dir()


def test_the_bundled_directions_are_those_that_a_search_finds(bundled: Directions) -> None:
    text = BUNDLED_MODEL.with_suffix(".directions.json").read_text("utf-8")
    names = hashlib.sha256(BUNDLED_MODEL.read_bytes()).hexdigest(), file_digest(BUNDLED_MODEL)
    kept = next(filter(None, (from_json(text, name, 64) for name in names)), None)
    assert kept is not None, "the generator was trained again: its directions have to be found and named again"
    np.testing.assert_allclose(np.abs(np.sum(kept.vectors * bundled.vectors, axis=1)), 1.0, atol=1e-3)
    assert kept.named is not None
    assert bundled.named is not None
    assert [(one.name, one.quantity) for one in kept.named] == [(one.name, one.quantity) for one in bundled.named]
    for one, again in zip(kept.named, bundled.named, strict=True):
        assert np.frombuffer(one.vector, "<f4") @ np.frombuffer(again.vector, "<f4") > 0.999
        assert abs(one.explained - again.explained) < 0.01


def test_measured_directions_replace_the_names_given_by_hand(bundled: Directions) -> None:
    """Direction 1 was named Slant by eye, 2 Width and 3 Weight: what is measured says the same."""
    alike = [bundled.alike(place) for place in range(len(bundled.names))]
    assert [one and one.name for one in alike] == ["Slant", "Width", "Stroke weight", *[None] * 9]
    assert not {"Slant", "Width", "Weight"} & set(bundled.names)
    assert bundled.named is not None
    figures = {one.name: one.explained for one in bundled.named}
    assert figures == pytest.approx({"Slant": 0.84, "Stroke weight": 0.74, "Width": 0.73, "Height": 0.32}, abs=0.02)


def test_each_measured_direction_changes_its_quantity(bundled: Directions) -> None:
    """Half way along the slider each quantity grows by the share of its spread that R^2 promises, on other latents."""
    generator = open_generator(BUNDLED_MODEL, "cpu")
    z, y = latents(generator.info, 9, 0, 200), one_hot(np.arange(200) % 10, 10)
    plain = measure(generator.generate(z, y))
    spread = np.stack([plain[digit::10] - plain[digit::10].mean(axis=0) for digit in range(10)]).std(axis=(0, 1))
    for one in bundled.named or ():
        place = list(QUANTITIES).index(one.quantity)
        along = np.frombuffer(one.vector, "<f4")
        changed = (measure(generator.generate(z + along, y)) - measure(generator.generate(z - along, y))).mean(axis=0)
        assert changed[place] / spread[place] == pytest.approx(2 * one.explained**0.5, rel=0.2), one.name


def test_a_cache_of_a_version_that_measured_nothing_is_completed(models: dict[str, Path], tmp_path: Path) -> None:
    first = find(models["digits"], tmp_path)
    path = next(tmp_path.iterdir())
    path.write_text(to_json(dataclasses.replace(first.renamed(0, "Mine"), named=None), path.stem))
    assert "named" not in json.loads(path.read_text())
    again = find(models["digits"], tmp_path)
    assert again.names[0] == "Mine"
    assert again.named == first.named


def test_directions_stay_with_a_generator_whose_metadata_change(models: dict[str, Path], tmp_path: Path) -> None:
    first = find(models["digits"], tmp_path / "cache")
    (path,) = (tmp_path / "cache").iterdir()
    assert path.stem == file_digest(models["digits"])
    path.write_text(to_json(first.renamed(0, "Mine"), path.stem))
    model = onnx.load(models["digits"])
    model.metadata_props.add(key="digitforge.provenance.scores", value="{}")
    onnx.save(model, tmp_path / "scored.onnx")
    assert find(tmp_path / "scored.onnx", tmp_path / "cache").names[0] == "Mine"


def test_directions_that_were_stored_by_the_hash_of_the_file_are_read(models: dict[str, Path], tmp_path: Path) -> None:
    first = find(models["digits"], tmp_path)
    path, name = next(tmp_path.iterdir()), hashlib.sha256(models["digits"].read_bytes()).hexdigest()
    path.unlink()
    (tmp_path / f"{name}.json").write_text(to_json(first.renamed(0, "Mine"), name))
    assert find(models["digits"], tmp_path).names[0] == "Mine"


def test_own_directions_are_added_renamed_and_removed() -> None:
    one, other = (np.array(values, "<f4").tobytes() for values in ([1, 0], [0, 1]))
    directions = Directions(np.eye(2, dtype=np.float32), ("a", "b"), (Named("Slant", one, "Slant", 0.5),))
    assert directions.free_name() == "My direction 1"
    more = directions.with_named(other, " My direction 1\n ")
    assert (more.named or ())[1:] == (Named("My direction 1", other),)
    assert more.free_name() == "My direction 2"
    assert more.with_named(other, "x" * 99).named == (*(directions.named or ()), Named("x" * 24, other))
    assert more.with_named(other, "  ").named == directions.named, "an empty name removes one's own"
    assert more.with_named(one, "Lean").with_named(one, "").named == more.named, "and resets a measured one"
    full = directions
    for place in range(2 * MOST_NAMED):
        full = full.with_named(np.array([0, place / 100], "<f4").tobytes(), "n")
    assert len(full.named or ()) == MOST_NAMED
    kept = from_json(to_json(more, "h"), "h", 2)
    assert kept is not None
    assert kept.named == more.named


def test_a_linear_generator_has_the_directions_of_its_map() -> None:
    info = GeneratorInfo(8, "normal", (), 1, 4, 4)
    weights = np.linalg.qr(np.random.default_rng(0).standard_normal((16, 8)))[0] * [5, 4, 3, 2, 1, 0, 0, 0]
    found = principal(info, (latents(info, 0, 0, 256) @ weights.T).astype(np.float32))
    np.testing.assert_allclose(np.abs(found.vectors), np.eye(5, 8), atol=1e-5)
    assert len(principal(info, np.zeros((256, 16), np.float32)).names) == 0, "pictures that never change"


def test_large_pictures_are_averaged() -> None:
    images = np.arange(2 * 3 * 70 * 33, dtype=np.float32).reshape(2, 3, 70, 33)
    coarse = _coarse(images)
    assert coarse.shape == (2, 3, 35, 33)
    np.testing.assert_allclose(coarse[0, 0, 0, 0], images[0, 0, :2, 0].mean())


def test_batches_of_latents_do_not_change_the_pictures(models: dict[str, Path]) -> None:
    generator = open_generator(models["digits"], "cpu")
    parts = [render_coarse(generator, 0, 5), render_coarse(generator, 5, 3)]
    np.testing.assert_allclose(np.concatenate(parts), render_coarse(generator, 0, 8), atol=1e-6)


def test_names_are_cached_for_one_file_only(models: dict[str, Path], tmp_path: Path) -> None:
    search, generator = Search(tmp_path), open_generator(models["digits"], "cpu")
    while not isinstance(found := search.step(generator), Directions):
        pass
    search.cache(found.renamed(1, "  Schräge  ").renamed(2, "x" * 99).renamed(3, " "))
    again = find(models["digits"], tmp_path)
    assert again.names == ("Direction 1", "Schräge", "x" * 24, "Direction 4", "Direction 5", "Direction 6")
    np.testing.assert_array_equal(again.vectors, found.vectors)
    assert len(list(tmp_path.iterdir())) == 1
    other = find(models["colour"], tmp_path)
    assert "Schräge" not in other.names


def test_a_folder_that_cannot_be_written_is_no_error(models: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert len(find(models["digits"], tmp_path / "file").names) == 6


def damaged(key: str, value: Any) -> str:
    good = {"generator": "abc", "directions": [{"name": "a", "vector": [0.6, 0.8]}]}
    return json.dumps(good | {key: value})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "[" * 100_000,
        damaged("generator", "other"),
        damaged("directions", None),
        damaged("directions", [1]),
        damaged("directions", [{"name": "a"}]),
        damaged("directions", [{"name": "a", "vector": [1.0]}]),
        damaged("directions", [{"name": "a", "vector": [1.0, float("nan")]}]),
        damaged("directions", [{"name": "a", "vector": [1.0, 1e99]}]),
        damaged("directions", [{"name": "a", "vector": "12"}]),
        damaged("named", None),
        damaged("named", [{"name": "a", "vector": [0.6, 0.8]}]),
        damaged("named", [{"name": "a", "vector": [0.6], "quantity": "", "explained": 0}]),
        damaged("named", [{"name": "a", "vector": [0.6, 2.0], "quantity": "", "explained": 0}]),
        damaged("named", [{"name": "a", "vector": [0.6, 0.8], "quantity": "Taste", "explained": 0}]),
        damaged("named", [{"name": "a", "vector": [0.6, 0.8], "quantity": "", "explained": 10**400}]),
        damaged("named", [{"name": "a\n", "vector": [0.6, 0.8], "quantity": "", "explained": 0}]),
    ],
)
def test_invalid_files_are_skipped(text: str) -> None:
    assert from_json(text, "abc", 2) is None
    assert from_json(damaged("more", 1), "abc", 2) is not None


def test_json_keeps_every_bit() -> None:
    vectors = np.random.default_rng(0).uniform(-1, 1, (3, 5)).astype(np.float32)
    kept = from_json(to_json(Directions(vectors, ("a", "b", '"')), "h"), "h", 5)
    assert kept is not None
    np.testing.assert_array_equal(kept.vectors, vectors)
    assert kept.names == ("a", "b", '"')
    with pytest.raises(ValueError, match="cannot be 2 directions"):
        dataclasses.replace(kept, names=("a", "b"))
