from __future__ import annotations

import itertools
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import helper

from digitforge.bundled import BUNDLED_MODEL
from digitforge.errors import ModelRefused
from export.runtime.generator import open_generator
from export.runtime.predict import BUNDLED_CLASSIFIER
from export.safety import budget, checks, skeleton
from export.safety.checks import read_model
from export.safety.skeleton import InvalidModel
from proofs.fuzz import rich_generator
from proofs.hostile import HOSTILE, before
from proofs.isolated import Outcome, attempt_all

GOOD = "what is good"


@pytest.fixture(scope="module")
def outcomes(models: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Outcome]:
    """Open and run each hostile file in a process of its own."""
    if sys.platform != "linux":
        pytest.skip("measures memory as Linux does")
    folder = tmp_path_factory.mktemp("hostile")
    paths = [models["digits"], rich_generator(folder / "rich.onnx")]
    for place, make in enumerate(HOSTILE.values()):
        paths.append(folder / f"{place}.onnx")
        make(models["digits"], paths[-1])
    return dict(zip([GOOD, "what is rich", *HOSTILE], attempt_all(paths), strict=True))


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_refused_in_one_sentence_with_little_memory(outcomes: dict[str, Outcome], name: str) -> None:
    outcome = outcomes[name]
    assert outcome.kind == "refused", outcome
    assert outcome.harmless, outcome
    assert outcome.message.endswith(".")
    assert "pwned" not in outcome.message.splitlines()[-1].partition(":")[0], "the message is not from the file"


def test_good_files_open(outcomes: dict[str, Outcome]) -> None:
    assert [outcomes[name].kind for name in (GOOD, "what is rich")] == ["ran", "ran"]


def test_reading_changes_nothing(models: dict[str, Path]) -> None:
    for path in (*models.values(), BUNDLED_MODEL, BUNDLED_CLASSIFIER):
        assert read_model(path) == onnx.load(path)


def test_operator_sets_that_nothing_uses_are_ignored(tmp_path: Path) -> None:
    resaved = tmp_path / "resaved.onnx"
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath, options.log_severity_level = str(resaved), 4
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    onnxruntime.InferenceSession(BUNDLED_MODEL, options, providers=["CPUExecutionProvider"])
    assert "com.microsoft" in {entry.domain for entry in onnx.load(resaved).opset_import}
    z, y = np.ones((2, 64), np.float32), np.eye(10, dtype=np.float32)[:2]
    expected = open_generator(BUNDLED_MODEL, "cpu").generate(z, y)
    np.testing.assert_allclose(open_generator(resaved, "cpu").generate(z, y), expected, atol=1e-5)


def test_a_file_with_onnxruntimes_own_operators_is_explained(models: dict[str, Path], tmp_path: Path) -> None:
    model = onnx.load(models["digits"])
    model.graph.node[0].domain = "com.microsoft"
    model.opset_import.append(helper.make_opsetid("com.microsoft", 1))
    onnx.save(model, tmp_path / "g.onnx")
    with pytest.raises(ModelRefused, match=r"operator 'com\.microsoft\..*use the file it was made from"):
        read_model(tmp_path / "g.onnx")


def test_the_skeleton_has_everything_but_the_weights() -> None:
    with BUNDLED_MODEL.open("rb") as file:
        kept = skeleton.read_skeleton(file, BUNDLED_MODEL.stat().st_size)
    whole = onnx.load(BUNDLED_MODEL)
    for tensor, left, spans in zip(whole.graph.initializer, kept.model.graph.initializer, kept.spans, strict=True):
        large = len(tensor.raw_data) > skeleton.SMALL_BYTES
        assert [span.length for span in spans] == ([len(tensor.raw_data)] if large else [])
        if large:
            content = BUNDLED_MODEL.read_bytes()[spans[0].start :][: spans[0].length]
            assert content == tensor.raw_data
            tensor.ClearField("raw_data")
        assert left == tensor
    assert kept.model == whole


def test_a_graph_with_many_operators_opens(models: dict[str, Path], tmp_path: Path) -> None:
    path = tmp_path / "long.onnx"
    names = ["image_", *(f"c{place}" for place in range(2_000)), "extra"]
    model = onnx.load(models["free"])
    before(model, "image", *(helper.make_node("Tanh", [a], [b]) for a, b in itertools.pairwise(names)))
    onnx.save(model, path)
    assert open_generator(path).generate_pixels(np.zeros((2, 6), np.float32)).shape == (2, 12, 12)


def test_the_cost_counts_held_values_and_multiplications(models: dict[str, Path]) -> None:
    model = onnx.load(models["free"])
    image = 12 * 12
    for batch in (1, 7):
        cost = budget.cost(model, batch)
        # At the peak: the image, which is an output, and two float32 values of its size.
        assert cost.peak_bytes == batch * 3 * 4 * image
        assert cost.work >= batch * 6 * image
        assert cost.outputs["pixels"][1] == (batch, 12, 12)


@pytest.mark.parametrize(("limit", "said"), [("IMAGE_LIMIT_BYTES", "needs more than"), ("WORK_LIMIT", "too long")])
def test_the_budget_has_limits(models: dict[str, Path], monkeypatch: pytest.MonkeyPatch, limit: str, said: str) -> None:
    monkeypatch.setattr(budget, limit, 10)
    with pytest.raises(InvalidModel, match=said):
        budget.check_budget(onnx.load(models["free"]))


def test_shapes_are_computed_from_shapes(tmp_path: Path) -> None:
    model = onnx.load(rich_generator(tmp_path / "rich.onnx"))
    assert any(node.op_type == "Shape" for node in model.graph.node)
    assert budget.cost(model, 5).outputs["image"] == (onnx.TensorProto.FLOAT, (5, 1, 12, 12))
    next(tensor for tensor in model.graph.initializer if tensor.name == "zero").raw_data = np.int64(1).tobytes()
    # Now the shape is computed with the latent size, 6, in place of the batch.
    with pytest.raises(InvalidModel, match=r"computes 'image' of shape \[6, 1, 12, 12\] for a batch of 2"):
        budget.check_budget(model)


def test_the_size_is_checked_before_anything_is_read(tmp_path: Path) -> None:
    path = tmp_path / "x.onnx"
    path.touch()
    with path.open("rb+") as file:
        file.truncate(checks.SIZE_LIMIT_BYTES + 2**20)
    with pytest.raises(ModelRefused, match="has 129 MiB; generators may have up to 128 MiB"):
        read_model(path)


def test_a_convolution_without_groups_is_refused_before_it_runs(models: dict[str, Path], tmp_path: Path) -> None:
    for name in ("digits", "other", "free"):
        HOSTILE["no groups"](models[name], tmp_path / "g.onnx")
        with pytest.raises(ModelRefused, match="'Conv' with 0 groups"):
            open_generator(tmp_path / "g.onnx")
