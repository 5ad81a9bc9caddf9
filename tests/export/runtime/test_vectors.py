"""Test vectors: written beside a file in ONNX's own layout, and compared to what a runtime computes."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import pytest
from onnx import numpy_helper
from onnx.reference import ReferenceEvaluator

from digitforge.errors import ExportError
from export import doctor
from export import onnx as command
from export.runtime.generator import Generator, open_generator
from export.runtime.vectors import compare_with_vectors, read_vectors, vectors_folder, write_vectors


@pytest.fixture(params=["digits", "colour", "free"])
def generator(request: pytest.FixtureRequest, models: dict[str, Path], tmp_path: Path) -> Generator:
    """A generator in a folder of its own."""
    return open_generator(Path(shutil.copy(models[request.param], tmp_path / "g.onnx")), "cpu")


def tensor(path: Path) -> npt.NDArray[Any]:
    return numpy_helper.to_array(onnx.load_tensor(path))


def _computed(path: Path, feeds: dict[str, npt.NDArray[Any]]) -> Any:
    return ReferenceEvaluator(str(path)).run(None, feeds)


def rows(generator: Generator) -> list[doctor.Row]:
    return doctor._vectors(generator, "CPU")


def test_they_are_what_another_runtime_computes(generator: Generator) -> None:
    folder = write_vectors(generator, generator.path)
    assert folder == generator.path.parent / "test_data_set_0"
    inputs = sorted(folder.glob("input_*.pb"))
    assert len(list(folder.iterdir())) == len(inputs) + 2
    assert len(inputs) == len(generator.info.inputs())
    feeds = {onnx.load_tensor(path).name: tensor(path) for path in inputs}
    assert feeds.keys() == generator.info.inputs().keys()
    assert all(len(values) == 8 for values in feeds.values())
    image, pixels = _computed(generator.path, feeds)
    np.testing.assert_allclose(tensor(folder / "output_0.pb"), image, atol=1e-6)
    assert np.abs(tensor(folder / "output_1.pb").astype(int) - pixels).max() <= 1
    if generator.info.conditional:
        assert (feeds["y"][-1] > 0).sum() == 2, "the last is a blend of two classes"


def test_the_doctor_says_how_well_a_runtime_agrees(generator: Generator) -> None:
    assert rows(generator) == []
    write_vectors(generator, generator.path)
    (row,) = rows(generator)
    assert row.status == doctor.OK
    assert row.value.startswith("this runtime agrees to 0 in [-1, 1]")
    path = vectors_folder(generator.path) / "output_0.pb"
    moved = onnx.load_tensor(path)
    changed = numpy_helper.from_array(numpy_helper.to_array(moved) + np.float32(0.4), moved.name)
    changed.doc_string = moved.doc_string
    path.write_bytes(changed.SerializeToString())
    assert compare_with_vectors(generator, read_vectors(generator, path.parent)).largest_error == pytest.approx(0.4)
    (row,) = rows(generator)
    assert row.status == doctor.BROKEN
    assert "differs by 0.4 in [-1, 1]" in row.value


def test_vectors_of_another_generator_are_not_compared(models: dict[str, Path], tmp_path: Path) -> None:
    generator = open_generator(Path(shutil.copy(models["digits"], tmp_path / "g.onnx")), "cpu")
    write_vectors(replace(generator, info=replace(generator.info, digest="0" * 64)), generator.path)
    (row,) = rows(generator)
    assert (row.status, row.value.endswith("belongs to another generator")) == (doctor.INFO, True)


@pytest.mark.parametrize("damage", ["absent", "text", "another shape", "another type", "not finite"])
def test_vectors_that_do_not_fit_are_one_sentence(models: dict[str, Path], tmp_path: Path, damage: str) -> None:
    generator = open_generator(Path(shutil.copy(models["digits"], tmp_path / "g.onnx")), "cpu")
    path = write_vectors(generator, generator.path) / "input_0.pb"
    known = numpy_helper.to_array(onnx.load_tensor(path))
    if damage == "absent":
        path.unlink()
    elif damage == "text":
        path.write_text("hello")
    else:
        values = {"another shape": known[:, 1:], "another type": known.astype(np.float64), "not finite": known * np.inf}
        path.write_bytes(numpy_helper.from_array(values[damage], "z").SerializeToString())
    (row,) = rows(generator)
    assert row.status == doctor.BROKEN
    assert row.value.count(". ") == 0
    with pytest.raises(ExportError):
        read_vectors(generator, path.parent)


def test_the_command_writes_those_of_a_file(
    models: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = Path(shutil.copy(models["digits"], tmp_path / "g.onnx"))
    assert command.main([str(path)]) == 2
    assert "with --vectors" in " ".join(capsys.readouterr().err.split())
    assert command.main([str(path), "--vectors", "--batch", "2"]) == 2
    assert "only --vectors applies" in " ".join(capsys.readouterr().err.split())
    assert command.main([str(path), "--vectors"]) == 0
    assert (tmp_path / "test_data_set_0" / "output_1.pb").is_file()
