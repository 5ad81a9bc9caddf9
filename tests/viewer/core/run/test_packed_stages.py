"""The packed early stages of the bundled generator."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from digitforge.bundled import BUNDLED_MODEL, BUNDLED_STAGES
from digitforge.errors import ExportError
from digitforge.hashing import sha256
from export.runtime.generator import open_generator
from export.safety.digest import file_digest
from tools.stages import measure
from viewer.core.run.packed_stages import HASHES, IMAGES, PackedStages, open_packed
from viewer.core.run.stages import Stage, file_name_of, name_of, origin_of
from viewer.core.scene.directions import Directions, Search

CARD = BUNDLED_MODEL.with_suffix(".md").read_text(encoding="utf-8")


def no_report(*_: int) -> None:
    """Report to nobody."""


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> PackedStages:
    return PackedStages(tmp_path_factory.mktemp("unpacked"))


@pytest.fixture(scope="module")
def stages(packed: PackedStages) -> tuple[Stage, ...]:
    return packed.unpack(no_report)


def test_a_dozen_stages_lead_from_noise_to_the_generator_itself(
    packed: PackedStages, stages: tuple[Stage, ...]
) -> None:
    images = [stage.images or 0 for stage in stages]
    assert len(stages) >= 10
    assert images[0] <= 1024
    assert images == sorted(set(images))
    assert stages[-1] == Stage(BUNDLED_MODEL, 6_000_000)
    with open_packed(packed.packed) as archive:
        assert [sha256(stage.path) for stage in stages[:-1]] == archive[HASHES].tolist()
        assert images[:-1] == archive[IMAGES].tolist()
    assert BUNDLED_STAGES.stat().st_size < 5_000_000


def test_each_stage_opens_as_a_generator_that_says_what_it_is(stages: tuple[Stage, ...], tmp_path: Path) -> None:
    final = open_generator(BUNDLED_MODEL, "cpu", 1)
    for stage in stages[:-1]:
        generator = open_generator(stage.path, "cpu", 1)
        facts = generator.info.provenance
        assert (facts["images_seen"], facts["stage_of"]) == (str(stage.images), "digits.onnx")
        assert "scores" not in facts, "they are those of the final weights"
        assert generator.info.inputs() == final.info.inputs()
        directions = Search(tmp_path).step(generator)
        assert isinstance(directions, Directions), "the same amounts make the same latents"
        assert directions.named is not None
        assert directions.named[0].name == "Slant"


def test_names_say_of_which_training_a_stage_is() -> None:
    path = PackedStages(Path("somewhere")).path(4_096)
    assert name_of(path) == "digits · 4,096 images"
    assert file_name_of(path) == "digits.onnx after 4,096 images"
    assert origin_of(path) == BUNDLED_MODEL
    assert file_name_of(Path("runs/demo/exports/000000004096.onnx")) == "000000004096.onnx"


def test_the_pictures_are_as_near_to_the_exact_ones_as_the_card_says() -> None:
    rows, pictures = measure(BUNDLED_STAGES, BUNDLED_MODEL)
    stated = re.findall(r"^\| ([\d,]+) \| (\d\.\d\d) \|$", CARD, re.MULTILINE)
    assert [int(images.replace(",", "")) for images, _ in stated] == [row["images"] for row in rows]
    for (_, change), row in zip(stated, rows, strict=True):
        assert row["mean_change"] == pytest.approx(float(change), abs=0.02)
    assert max(row["mean_change"] for row in rows) < 2
    changes = np.abs(np.diff(pictures.astype(int), axis=0)).mean(axis=(1, 2, 3))
    assert changes.min() > 3, "each stage differs visibly from the one before"


def test_the_card_names_the_file() -> None:
    assert f"`{sha256(BUNDLED_STAGES)}`" in CARD


def test_files_that_are_there_are_kept_and_damaged_ones_are_written_again(packed: PackedStages, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    packed.unpack(no_report)
    shutil.copytree(packed.folder, folder)
    copy = PackedStages(folder)
    first, second = (stage.path for stage in copy.unpack(no_report)[:2])
    whole, kept = first.read_bytes(), second.stat().st_mtime_ns
    first.write_bytes(whole[:1000])
    copy.unpack(no_report)
    assert first.read_bytes() == whole
    assert second.stat().st_mtime_ns == kept


@pytest.mark.parametrize("name", [sha256, file_digest])
def test_a_stage_is_found_by_its_digest_or_its_hash(
    stages: tuple[Stage, ...], tmp_path: Path, name: Callable[[Path], str]
) -> None:
    wanted = name(stages[2].path)
    elsewhere = PackedStages(tmp_path)
    assert elsewhere.find("0" * 64, no_report) is None
    assert not list(tmp_path.iterdir()), "nothing is unpacked for another generator"
    found = elsewhere.find(wanted, no_report)
    assert found == elsewhere.path(stages[2].images or 0)
    assert name(found) == wanted


def test_stages_of_another_generator_are_refused(models: dict[str, Path], tmp_path: Path) -> None:
    other = PackedStages(tmp_path / "unpacked", models["digits"])
    with pytest.raises(ExportError, match=r"early stages of another generator than this digits\.onnx: install"):
        other.unpack(no_report)
    assert not (tmp_path / "unpacked").exists()


@pytest.mark.parametrize("content", [b"", b"not an archive", BUNDLED_STAGES.read_bytes()[:-5000]])
def test_a_damaged_file_is_an_error(content: bytes, tmp_path: Path) -> None:
    damaged = tmp_path / "digits.stages.npz"
    damaged.write_bytes(content)
    packed = PackedStages(tmp_path / "unpacked", packed=damaged)
    with pytest.raises(ExportError, match=r"digits\.stages\.npz is damaged: install digitforge again\.$"):
        packed.unpack(no_report)
    assert packed.find("0" * 64, no_report) is None


def test_objects_are_never_unpickled(tmp_path: Path) -> None:
    path = tmp_path / "digits.stages.npz"
    np.savez(path, generator=np.array([print], dtype=object))
    with pytest.raises(ExportError, match="is damaged"):
        PackedStages(tmp_path / "unpacked", packed=path).unpack(no_report)


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"^There is no file .*gone\.npz: install digitforge again\.$"):
        PackedStages(tmp_path, packed=tmp_path / "gone.npz").unpack(no_report)
