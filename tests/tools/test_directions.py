"""Writing directions beside a generator."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from digitforge.bundled import BUNDLED_MODEL
from tools.directions import main


def test_measured_directions_are_written_and_said_and_the_principal_ones_stay(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = tmp_path / "copy.onnx"
    shutil.copy(BUNDLED_MODEL, model)
    stored = BUNDLED_MODEL.with_suffix(".directions.json").read_text("utf-8")
    old = {key: value for key, value in json.loads(stored).items() if key != "named"}
    old["directions"][0]["name"] = "By hand"
    model.with_suffix(".directions.json").write_text(json.dumps(old), "utf-8")
    assert main([str(model)]) == 0
    said = capsys.readouterr().out
    assert "Slant: R^2 0.84" in said
    assert "Direction 1 is like Slant: |cosine| 0.94" in said
    new, bundled = json.loads(model.with_suffix(".directions.json").read_text("utf-8")), json.loads(stored)
    assert new["directions"] == bundled["directions"]
    assert [one["name"] for one in new["named"]] == [one["name"] for one in bundled["named"]]
    assert main([str(tmp_path / "none.onnx")]) == 2
