from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from export.contract import GeneratorInfo
from export.datasets import inverting
from export.inversion.batch import invert
from export.invert import main
from export.runtime.generator import open_generator
from export.runtime.latents import latents, one_hot
from export.sample import main as sample
from proofs.tiny_generator import write_model

SMALL_BLOCK = 4


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of four pictures, so that few pictures have several."""
    monkeypatch.setattr(inverting, "BLOCK", SMALL_BLOCK)
    monkeypatch.setattr("export.invert.BLOCK", SMALL_BLOCK)


@pytest.fixture
def archive(models: dict[str, Path], tmp_path: Path) -> Path:
    path = tmp_path / "pictures.npz"
    assert sample([str(models["digits"]), "--count", "10", "--seed", "4", "--out", str(path)]) == 0
    return path


def arrays(path: Path) -> dict[str, Any]:
    with np.load(path) as data:
        return dict(data)


def test_an_archive_is_found_and_sampled_again(models: dict[str, Path], archive: Path, tmp_path: Path) -> None:
    out, again = tmp_path / "latents.npz", tmp_path / "again.npz"
    assert main([str(models["digits"]), str(archive), "--out", str(out)]) == 0
    found = arrays(out)
    assert found["latents"].shape == (10, 6)
    assert found["labels"].tolist() == list(range(10))
    np.testing.assert_array_equal(found["weights"], one_hot(range(10), 10))
    assert np.median(found["rms"]) < 0.05
    assert sample([str(models["digits"]), "--latents", str(out), "--out", str(again)]) == 0
    before, after = arrays(archive), arrays(again)
    np.testing.assert_array_equal(after["labels"], before["labels"])
    difference = (after["images"].astype(float) - before["images"]) / 127.5
    np.testing.assert_allclose(np.sqrt((difference**2).mean(axis=(1, 2))), found["rms"], atol=0.02)
    card = json.loads((tmp_path / "again.card.json").read_text())
    assert card["request"]["latents_sha256"]
    assert "--latents latents.npz" in card["command"]


def test_latents_are_run_as_they_are(models: dict[str, Path], tmp_path: Path) -> None:
    generator = open_generator(models["digits"])
    z, y = latents(generator.info, 3, 0, 300), np.full((300, 10), 0.1, np.float32)
    np.savez(tmp_path / "z.npz", latents=z, weights=y)
    for shard in ("1/2", "2/2"):
        options = ["--shard", shard, "--out", str(tmp_path / f"{shard[0]}.npz")]
        assert sample([str(models["digits"]), "--latents", str(tmp_path / "z.npz"), *options]) == 0
    images = np.concatenate([arrays(tmp_path / f"{part}.npz")["images"] for part in "12"])
    np.testing.assert_array_equal(images, generator.generate_pixels(z, y))


def test_a_folder_of_pictures(models: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    generator = open_generator(models["colour"])
    made = generator.generate_pixels(latents(generator.info, 8, 0, 3), one_hot([0, 1, 2], 3))
    folder = tmp_path / "pictures"
    for number, pixels in enumerate(made):
        (folder / str(number)).mkdir(parents=True)
        Image.fromarray(pixels).save(folder / str(number) / "a.png")
    out = tmp_path / "latents.npz"
    assert main([str(models["colour"]), str(folder), "--out", str(out), "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert [each["class"] for each in result["pictures"]] == ["cat", "dog", "hedgehog"]
    assert [each["picture"] for each in result["pictures"]] == [str(Path(name, "a.png")) for name in "012"]
    for picture in result["pictures"]:
        tried = picture["tried"]
        assert tried[0] == {"class": picture["class"], "rms": picture["rms"]}
        assert 1 <= len(tried) <= 3
        assert [each["rms"] for each in tried] == sorted(each["rms"] for each in tried)
    assert result["count"] == 3
    assert main([str(models["colour"]), str(folder), "--out", str(out)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[2].startswith(f"  {Path('1', 'a.png')}: as 'dog' 0.0")
    assert result["rms"] < 0.1


def test_one_picture_of_a_named_class(
    models: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    generator = open_generator(models["digits"])
    picture = tmp_path / "a.png"
    Image.fromarray(generator.generate_pixels(latents(generator.info, 8, 0, 1), one_hot([7], 10))[0]).save(picture)
    for options, name in (([], "7"), (["--digit", "2"], "2")):
        out = tmp_path / f"{name}.npz"
        assert main([str(models["digits"]), str(picture), "--out", str(out), *options]) == 0
        assert f"found as '{name}' with an error of" in capsys.readouterr().out
        assert arrays(out)["labels"].tolist() == [int(name)]


def test_an_unconditional_generator(models: dict[str, Path], tmp_path: Path) -> None:
    pictures, out = tmp_path / "pictures.npz", tmp_path / "latents.npz"
    assert sample([str(models["free"]), "--count", "5", "--out", str(pictures)]) == 0
    assert main([str(models["free"]), str(pictures), "--out", str(out)]) == 0
    found = arrays(out)
    assert "weights" not in found
    assert np.abs(found["latents"]).max() <= 1
    assert sample([str(models["free"]), "--latents", str(out), "--out", str(tmp_path / "again")]) == 0


def test_shards_are_parts_of_the_whole(
    models: dict[str, Path], archive: Path, tmp_path: Path, small_blocks: None
) -> None:
    whole = tmp_path / "whole.npz"
    command = [str(models["digits"]), str(archive), "--find-classes", "--out"]
    assert main([*command, str(whole)]) == 0
    parts = []
    for shard in ("1/2", "2/2"):
        assert main([*command, str(tmp_path / f"{shard[0]}.npz"), "--shard", shard]) == 0
        parts.append(arrays(tmp_path / f"{shard[0]}.npz")["latents"])
    assert [len(part) for part in parts] == [4, 6]
    np.testing.assert_array_equal(np.concatenate(parts), arrays(whole)["latents"])


def test_an_interrupted_search_goes_on(
    models: dict[str, Path], archive: Path, tmp_path: Path, small_blocks: None, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    whole, out = tmp_path / "whole.npz", tmp_path / "latents.npz"
    command = [str(models["digits"]), str(archive), "--out"]
    assert main([*command, str(whole)]) == 0
    searched: list[int] = []

    def interrupted(*arguments: Any, **options: Any) -> Any:
        if len(searched) == 2:
            raise KeyboardInterrupt
        searched.append(len(arguments[2]))
        return invert(*arguments, **options)

    monkeypatch.setattr(inverting, "invert", interrupted)
    assert main([*command, str(out)]) == 130
    assert not out.exists()
    searched.clear()
    assert main([*command, str(out)]) == 0
    assert searched == [2]
    assert out.read_bytes() == whole.read_bytes()
    assert not (tmp_path / ".latents.npz.partial").exists()
    capsys.readouterr()
    assert main([*command, str(out)]) == 0
    assert "10 latents, which existed already" in capsys.readouterr().out


def test_another_file_is_never_overwritten(
    models: dict[str, Path], archive: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = archive.read_bytes()
    assert main([str(models["digits"]), str(archive), "--out", str(archive)]) == 2
    assert "is not what this request would make" in capsys.readouterr().err.replace("\n", " ")
    assert archive.read_bytes() == before


def test_bad_pictures_are_explained(
    models: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Image.new("L", (30, 12)).save(tmp_path / "wide.png")
    (tmp_path / "text.png").write_text("hello")
    (tmp_path / "damaged.png").write_bytes((tmp_path / "wide.png").read_bytes()[:50])
    frames = [Image.new("L", (12, 12), shade) for shade in (0, 255)]
    frames[0].save(tmp_path / "moving.gif", save_all=True, append_images=frames[1:])
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.npz").write_text("hello")
    np.savez(tmp_path / "other.npz", images=np.zeros((3, 5, 5), np.uint8))
    np.savez(tmp_path / "pickled.npz", images=np.array([{}]))
    for name, said in {
        "wide.png": "is 30 x 12 pixels, and this generator makes 12 x 12",
        "text.png": "not a picture in a format that is read",
        "damaged.png": "damaged",
        "moving.gif": "is animated",
        "empty": "holds no pictures",
        "missing.png": "no such file",
        "missing.npz": "no such file",
        "text.npz": "is damaged, or not a file of NumPy arrays",
        "other.npz": "needs `images` uint8 [n, 12, 12]",
        "pickled.npz": "holds pickled objects, which digitforge never loads",
    }.items():
        out = tmp_path / "latents.npz"
        assert main([str(models["digits"]), str(tmp_path / name), "--out", str(out)]) == 2
        assert said in capsys.readouterr().err.replace("\n", " "), name
        assert not [path for path in tmp_path.iterdir() if "latents" in path.name], "nothing is left behind"


def test_bad_requests_are_explained(
    models: dict[str, Path], archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    long = write_model(tmp_path / "long.onnx", GeneratorInfo(4096, "normal", (), 1, 12, 12, {}))
    for model, options, said in (
        (models["digits"], ["--out", "a.png"], "written to a .npz file"),
        (models["digits"], ["--out", "a.npz", "--digit", "ten"], "no class 'ten'"),
        (models["digits"], ["--out", "a.npz", "--digit", "3", "--find-classes"], "leave one of them out"),
        (models["digits"], ["--out", "a.npz", "--shard", "3/2"], "must be I/N"),
        (models["digits"], ["--out", "a.npz", "--shard", "1/2"], "This shard is empty"),
        (models["free"], ["--out", "a.npz", "--digit", "3"], "unconditional"),
        (long, ["--out", "a.npz"], "4,096 numbers"),
    ):
        assert main([str(model), str(archive), *options]) == 2
        assert said in capsys.readouterr().err.replace("\n", " "), said


def test_bad_latents_are_explained(models: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good = {"latents": np.zeros((2, 6), np.float32), "weights": np.zeros((2, 10), np.float32)}
    out = tmp_path / "out.npz"
    for change, said in (
        ({"latents": np.zeros((2, 7))}, "needs an array `latents` [n, 6]"),
        ({"latents": np.full((2, 6), np.nan)}, "needs an array `latents` [n, 6]"),
        ({"latents": np.full((2, 6), 1e300)}, "needs an array `latents` [n, 6]"),
        ({"latents": np.zeros((0, 6))}, "needs an array `latents` [n, 6]"),
        ({"weights": np.zeros((3, 10))}, "needs an array `weights` [2, 10]"),
    ):
        both: dict[str, Any] = good | change
        np.savez(tmp_path / "z.npz", **both)
        assert sample([str(models["digits"]), "--latents", str(tmp_path / "z.npz"), "--out", str(out)]) == 2
        assert said in capsys.readouterr().err.replace("\n", " ")
    np.savez(tmp_path / "z.npz", latents=good["latents"], weights=good["weights"])
    for options, said in (
        (["--count", "3"], "--count does not apply"),
        (["--truncation", "1"], "--truncation does not apply"),
        (["--min-confidence", "0.5"], "--min-confidence does not apply"),
        (["--format", "idx"], "test set"),
    ):
        target = tmp_path / "set" if "idx" in options else out
        command = [str(models["digits"]), "--latents", str(tmp_path / "z.npz"), "--out", str(target), *options]
        assert sample(command) == 2
        assert said in capsys.readouterr().err.replace("\n", " ")
    assert sample([str(models["digits"]), "--out", str(out)]) == 2
    assert "Name the number of images with --count" in capsys.readouterr().err.replace("\n", " ")
