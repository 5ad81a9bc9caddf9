"""A file that was changed after its export is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from digitforge.errors import ModelRefused
from export.runtime.generator import open_generator
from export.safety.digest import file_digest


@pytest.fixture
def digested(models: dict[str, Path], tmp_path: Path) -> Path:
    """A generator that states its digest."""
    info = replace(open_generator(models["digits"]).info, digest=file_digest(models["digits"]))
    model = onnx.load(models["digits"])
    onnx.helper.set_model_props(model, info.to_metadata())
    onnx.save(model, tmp_path / "g.onnx")
    return tmp_path / "g.onnx"


def test_a_file_without_a_digest_gets_it_computed(models: dict[str, Path]) -> None:
    assert open_generator(models["digits"]).info.digest == file_digest(models["digits"])
    assert file_digest(models["digits"]) == file_digest(models["other"]), "the same weights"
    assert file_digest(models["digits"]) != file_digest(models["colour"])


def test_other_metadata_change_nothing(digested: Path, models: dict[str, Path]) -> None:
    model = onnx.load(digested)
    model.metadata_props.add(key="digitforge.provenance.scores", value="{}")
    onnx.save(model, digested)
    assert open_generator(digested).info.digest == file_digest(models["digits"])


def test_a_changed_weight_is_noticed(digested: Path) -> None:
    model = onnx.load(digested)
    tensor = model.graph.initializer[0]
    tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor) * np.float32(1.01), tensor.name))
    onnx.save(model, digested)
    with pytest.raises(ModelRefused, match="was changed after its export"):
        open_generator(digested)
