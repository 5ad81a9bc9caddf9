from __future__ import annotations

import json
import shlex
import shutil
from pathlib import Path

import onnx
import pytest
from huggingface_hub import DatasetCard

from export.datasets.card import card_path, describe
from export.datasets.readme import dataset_readme
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


def test_a_folder_has_a_readme_that_the_hub_reads(models: dict[str, Path], tmp_path: Path) -> None:
    out = tmp_path / "set"
    assert main([str(models["colour"]), "--count", "9", "--out", str(out)]) == 0
    data = DatasetCard.load(out / "README.md").data.to_dict()
    assert data["task_categories"] == ["image-classification"]
    assert data["size_categories"] == ["n<1K"]
    text = (out / "README.md").read_text("utf-8")
    assert json.loads((out / "card.json").read_text())["command"] in text
    assert "| hedgehog | 3 |" in text


@pytest.mark.parametrize("older", [False, True])
def test_a_data_set_stays_that_of_a_generator_whose_metadata_change(
    models: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str], older: bool
) -> None:
    model = Path(shutil.copy(models["colour"], tmp_path / "g.onnx"))
    command = [str(model), "--count", "9", "--out", str(tmp_path / "set")]
    assert main(command) == 0
    if older:
        path = card_path(tmp_path / "set", "png")
        card = json.loads(path.read_text())
        del card["model"]["digest"]
        path.write_text(json.dumps(card))
    else:
        changed = onnx.load(model)
        changed.metadata_props.add(key="digitforge.provenance.scores", value="{}")
        onnx.save(changed, model)
    assert main(command) == 0
    assert "which existed already" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("count", "size"), [(1, "n<1K"), (999, "n<1K"), (1000, "1K<n<10K"), (60_000, "10K<n<100K"), (10**7, "10M<n<100M")]
)
def test_the_size_is_the_category_of_the_hub(count: int, size: str) -> None:
    model = {"file": "a.onnx", "provenance": {"licence": "weights: MIT"}}
    text = dataset_readme({"images": {"all": count, "by_class": {}}, "model": model, "command": "python"})
    assert f"- {size}\n" in text
    assert "- unconditional-image-generation\n" in text
    assert "Its licence: weights: MIT." in text
