"""Finding generator files by their hash."""

from __future__ import annotations

from pathlib import Path

from digitforge.hashing import sha256
from viewer.core.files.models import find_by_hash


def test_models_are_found_by_their_hash(models: dict[str, Path], tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    (run / "generator.onnx").write_bytes(models["colour"].read_bytes())
    (tmp_path / "broken.onnx").mkdir()
    wanted = sha256(models["colour"])
    assert find_by_hash(wanted, [tmp_path / "absent", tmp_path, models["digits"]]) is None
    assert find_by_hash(wanted, [tmp_path, run]) == run / "generator.onnx"
    assert find_by_hash(wanted, [models["colour"].parent]) == models["colour"]
