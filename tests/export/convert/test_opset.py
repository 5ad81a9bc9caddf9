"""Older operator sets and fixed batches, behind the same comparison to torch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx.reference import ReferenceEvaluator

from digitforge.errors import ExportError
from export.convert.exporter import export_generator
from export.convert.opset import lower
from export.runtime.generator import open_generator
from export.runtime.vectors import COUNT, make_vectors
from tests.export.convert.test_exporter import untrained
from trainer.config import ImageFormat
from trainer.presets import PRESETS

DIGITS = ImageFormat(1, 28, tuple("01"))
NARROW = {"g_width": 8, "g_layers": "16,32"}


def test_a_file_of_opset_13_with_a_fixed_batch_agrees_with_torch(tmp_path: Path) -> None:
    weights, out = untrained(tmp_path, "quickstart", NARROW, DIGITS), tmp_path / "g.onnx"
    exported = export_generator(weights, out, opset=13, batch=4)
    assert {case.batch for case in exported.parity.cases} == {1, 2, 7, 64}, "any number of images is made"
    model = onnx.load(out)
    assert (model.opset_import[0].version, model.ir_version) == (13, 7)
    for value in (*model.graph.input, *model.graph.output):
        assert value.type.tensor_type.shape.dim[0].dim_value == 4
    fixed = open_generator(out, "cpu")
    assert (fixed.batch, fixed.sizes) == (4, (4,))
    vectors = make_vectors(fixed)
    assert len(vectors.z) == 4 != COUNT
    for node in model.graph.node:
        for attribute in node.attribute:
            if (node.op_type, attribute.name) == ("BatchNormalization", "momentum"):
                attribute.f = 1.0  # below opset 14, onnx's evaluator wrongly moves the statistics towards the batch's
    computed: Any = ReferenceEvaluator(model).run(None, {"z": vectors.z, "y": vectors.y})
    np.testing.assert_allclose(computed[0], vectors.image, atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("opset", [13, 15, 17, 18])
@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_exports_to_older_operator_sets(tmp_path: Path, preset: str, opset: int) -> None:
    size = 64 if "64" in preset else 32 if "32" in preset else 28
    weights = untrained(tmp_path, preset, NARROW, ImageFormat(1, size, tuple("01")))
    export_generator(weights, tmp_path / "g.onnx", opset=opset)
    assert onnx.load(tmp_path / "g.onnx").opset_import[0].version == opset


def test_what_an_older_operator_set_lacks_is_refused(models: dict[str, Path]) -> None:
    model = onnx.load(models["digits"])
    next(node for node in model.graph.node if node.op_type == "Tanh").op_type = "Gelu"
    with pytest.raises(ExportError, match="cannot be expressed in opset 19"):
        lower(model, 19)


@pytest.mark.parametrize(
    ("option", "said"),
    [({"opset": 12}, "between 13 and 20"), ({"opset": 21}, "between 13 and 20"), ({"batch": -1}, "between 1")],
)
def test_numbers_out_of_range_are_refused(tmp_path: Path, option: dict[str, int], said: str) -> None:
    with pytest.raises(ExportError, match=said):
        export_generator(tmp_path / "absent.safetensors", tmp_path / "g.onnx", **option)  # type: ignore[arg-type]
    assert not list(tmp_path.iterdir())
