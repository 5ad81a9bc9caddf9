"""Finding generator files by their digest."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import onnx
import pytest

from digitforge.hashing import sha256
from export.safety.digest import file_digest
from viewer.core.files.models import find_by_hash


@pytest.mark.parametrize("name", [file_digest, sha256], ids=["digest", "hash of an older recipe"])
def test_models_are_found(models: dict[str, Path], tmp_path: Path, name: Callable[[Path], str]) -> None:
    run = tmp_path / "run"
    run.mkdir()
    (run / "generator.onnx").write_bytes(models["colour"].read_bytes())
    (tmp_path / "broken.onnx").mkdir()
    (tmp_path / "text.onnx").write_text("hello")
    wanted = name(models["colour"])
    assert find_by_hash(wanted, [tmp_path / "absent", tmp_path, models["digits"]]) is None
    assert find_by_hash(wanted, [tmp_path, run]) == run / "generator.onnx"
    assert find_by_hash(wanted, [models["colour"].parent]) == models["colour"]


def test_a_model_with_other_metadata_is_the_same_model(models: dict[str, Path], tmp_path: Path) -> None:
    wanted, copy = file_digest(models["colour"]), tmp_path / "a.onnx"
    shutil.copy(models["colour"], copy)
    model = onnx.load(copy)
    model.metadata_props.add(key="digitforge.provenance.scores", value="{}")
    onnx.save(model, copy)
    assert find_by_hash(wanted, [copy]) == copy
