from __future__ import annotations

import json
import shlex
from pathlib import Path

from export.datasets.card import card_path, describe
from export.datasets.sampling import SampleRequest
from export.runtime.generator import open_generator
from export.sample import main


def test_the_command_of_a_card_makes_the_same_data_set(models: dict[str, Path], tmp_path: Path) -> None:
    generator = open_generator(models["colour"])
    request = SampleRequest(9, seed=2**70, classes=(2, 0), truncation=0.5, shard=(2, 3))
    card = describe(generator, request, tmp_path / "my set", "png", None)
    words = shlex.split(card["command"])
    assert words[:4] == ["python", "-m", "export.sample", "colour.onnx"]
    out = tmp_path / words.pop()
    assert main([str(models["colour"]), *words[4:], str(out)]) == 0
    assert sorted(path.name for path in out.rglob("*.png")) == ["00000003.png", "00000004.png", "00000005.png"]
    made = json.loads(card_path(out, "png").read_text())
    assert made["command"] == card["command"]
    assert made["request"] == card["request"]
