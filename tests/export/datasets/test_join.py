"""Shards become the whole, to the byte, or a sentence names what is wrong with them."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from digitforge.errors import CannotWrite, ExportError
from export.datasets import archive
from export.datasets.card import card_path
from export.datasets.dataset import write_dataset
from export.datasets.join import join_shards
from export.datasets.sampling import SampleRequest
from export.runtime.generator import open_generator
from export.sample import main as sample

COUNT = 1500


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces of 100 images and 1,800 labels."""
    monkeypatch.setattr(archive, "PIECE_BYTES", 144 * 100)


def make(model: Path, out: Path, shard: tuple[int, int] = (1, 1), count: int = COUNT, seed: int = 3) -> Path:
    out.parent.mkdir(exist_ok=True)
    write_dataset(open_generator(model), SampleRequest(count, seed, shard=shard), out, "npz")
    return out


def make_shards(model: Path, folder: Path, parts: int, count: int = COUNT) -> Path:
    for part in range(1, parts + 1):
        make(model, folder / f"{part}.npz", (part, parts), count)
    return folder


@pytest.mark.parametrize(("model", "parts", "count"), [
    ("digits", 4, COUNT), ("digits", 2, 1600), ("free", 3, COUNT), ("colour", 7, COUNT), ("digits", 5, 3),
    ("digits", 40, COUNT),
])  # fmt: skip
def test_joined_shards_are_the_file_of_one_process(
    models: dict[str, Path], tmp_path: Path, model: str, parts: int, count: int
) -> None:
    whole = make(models[model], tmp_path / "whole" / "a.npz", count=count)
    folder = make_shards(models[model], tmp_path / "shards", parts, count)
    joined = tmp_path / "joined" / "a.npz"
    assert sample(["--join", str(folder), "--out", str(joined)]) == 0
    assert joined.read_bytes() == whole.read_bytes()
    assert card_path(joined, "npz").read_bytes() == card_path(whole, "npz").read_bytes()
    assert join_shards(folder, joined) == (count, False), "it is there already"
    assert sorted(path.name for path in joined.parent.iterdir()) == ["a.card.json", "a.npz"]


def test_shards_of_given_latents_join_too(models: dict[str, Path], tmp_path: Path, rng: np.random.Generator) -> None:
    z = rng.normal(size=(700, 6)).astype(np.float32)
    np.savez(tmp_path / "z.npz", latents=z, weights=np.eye(10, dtype=np.float32)[np.arange(700) % 10])
    given = [str(models["digits"]), "--latents", str(tmp_path / "z.npz"), "--out"]
    assert sample([*given, str(tmp_path / "whole.npz")]) == 0
    (tmp_path / "shards").mkdir()
    for part in (1, 2):
        assert sample([*given, str(tmp_path / "shards" / f"{part}.npz"), "--shard", f"{part}/2"]) == 0
    assert join_shards(tmp_path / "shards", tmp_path / "joined.npz") == (700, True)
    assert (tmp_path / "joined.npz").read_bytes() == (tmp_path / "whole.npz").read_bytes()


def test_what_is_missing_is_named(models: dict[str, Path], tmp_path: Path) -> None:
    for part in (1, 5, 8):
        make(models["digits"], tmp_path / "s" / f"{part}.npz", (part, 8))
    with pytest.raises(ExportError, match=r"lacks 5 of 8 shards: 2-4, 6-7\."):
        join_shards(tmp_path / "s", tmp_path / "a.npz")
    (tmp_path / "s" / "8.npz").unlink()
    with pytest.raises(ExportError, match="lacks 6 of 8 shards: 2-4, 6-8"):
        join_shards(tmp_path / "s", tmp_path / "a.npz")
    assert not list(tmp_path.glob("*.npz"))


def test_shards_of_different_requests_are_not_mixed(models: dict[str, Path], tmp_path: Path) -> None:
    make(models["digits"], tmp_path / "s" / "1.npz", (1, 2))
    other = make(models["digits"], tmp_path / "s" / "2.npz", (2, 2), seed=4)
    with pytest.raises(ExportError, match=r"1\.npz and .*2\.npz do not belong together: they differ in `seed` \(3, 4"):
        join_shards(tmp_path / "s", tmp_path / "a.npz")
    for path in (other, card_path(other, "npz")):
        path.unlink()
    make(models["free"], other, (2, 2))
    with pytest.raises(ExportError, match="they differ in the model"):
        join_shards(tmp_path / "s", tmp_path / "a.npz")
    for path in (other, card_path(other, "npz")):
        path.unlink()
    make(models["digits"], other, (2, 3))
    with pytest.raises(ExportError, match=r"they differ in the number of shards \(2, 3\)"):
        join_shards(tmp_path / "s", tmp_path / "a.npz")
    make(models["digits"], tmp_path / "s" / "3.npz", (1, 2))
    with pytest.raises(ExportError, match="do not belong together"):
        join_shards(tmp_path / "s", tmp_path / "a.npz")


def test_one_shard_twice_is_refused(models: dict[str, Path], tmp_path: Path) -> None:
    folder = make_shards(models["digits"], tmp_path / "s", 2)
    make(models["digits"], folder / "copy.npz", (1, 2))
    with pytest.raises(ExportError, match=r"1\.npz and .*copy\.npz are both shard 1: remove one"):
        join_shards(folder, tmp_path / "a.npz")


@pytest.mark.parametrize("where", [0.02, 0.3, 0.6, 0.97])
def test_a_damaged_shard_is_named_and_nothing_is_written(models: dict[str, Path], tmp_path: Path, where: float) -> None:
    folder = make_shards(models["digits"], tmp_path / "s", 3)
    content = bytearray((folder / "2.npz").read_bytes())
    content[int(where * len(content))] ^= 0x10
    (folder / "2.npz").write_bytes(content)
    with pytest.raises(ExportError, match=r"2\.npz is damaged: delete it and its card, and make this shard again"):
        join_shards(folder, tmp_path / "a.npz")
    assert not list(tmp_path.glob("*.npz"))
    (folder / "2.npz").write_bytes(content[: len(content) // 2])
    with pytest.raises(ExportError, match=r"2\.npz is damaged"):
        join_shards(folder, tmp_path / "a.npz")


def test_shards_of_an_older_version_are_made_again(models: dict[str, Path], tmp_path: Path) -> None:
    folder = make_shards(models["digits"], tmp_path / "s", 2)
    card = json.loads((folder / "1.card.json").read_text())
    del card["archive"]
    (folder / "1.card.json").write_text(json.dumps(card))
    with pytest.raises(ExportError, match="made by an older version"):
        join_shards(folder, tmp_path / "a.npz")


def test_bad_commands_are_explained(
    models: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = ["--out", str(tmp_path / "a.npz")]
    for arguments, said in (
        (out, "Name a generator, or a folder of shards with --join."),
        ([str(models["digits"]), "--join", str(tmp_path), *out], "without a generator"),
        (["--join", str(tmp_path), "--seed", "0", *out], "--seed does not apply to shards that are joined"),
        (["--join", str(tmp_path), *out], "holds no shards"),
        (["--join", str(tmp_path / "none"), *out], "is not a folder"),
        (["--join", str(tmp_path), "--out", str(tmp_path / "a")], "joined shards are a .npz file"),
    ):
        assert sample(arguments) == 2
        assert said in capsys.readouterr().err.replace("\n", " ")
    assert not list(tmp_path.iterdir())


def test_nothing_else_is_overwritten(models: dict[str, Path], tmp_path: Path) -> None:
    folder = make_shards(models["digits"], tmp_path / "s", 2)
    (tmp_path / "a.npz").write_text("mine")
    with pytest.raises(ExportError, match="exists and is not what this request would make"):
        join_shards(folder, tmp_path / "a.npz")
    (tmp_path / "file").touch()
    with pytest.raises(CannotWrite):
        join_shards(folder, tmp_path / "file" / "a.npz")
    assert (tmp_path / "a.npz").read_text() == "mine"


def test_memory_does_not_grow_with_the_data_set(
    models: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    peaks = []
    for count in (4_000, 16_000):
        folder = make_shards(models["digits"], tmp_path / str(count), 2, count)
        join_shards(folder, tmp_path / "first.npz")
        (tmp_path / "first.npz").unlink()
        card_path(tmp_path / "first.npz", "npz").unlink()
        tracemalloc.start()
        monkeypatch.setattr("export.datasets.join.COPY_BYTES", 2**14)
        join_shards(folder, tmp_path / f"{count}.npz")
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0]
