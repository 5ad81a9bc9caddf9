"""The stages of run directories."""

from __future__ import annotations

from pathlib import Path

import pytest

from digitforge.errors import ExportError
from viewer.core.run import stages
from viewer.core.run.stages import Stage


def stage(run: Path, images: int, content: bytes = b"x") -> Path:
    path = run / "exports" / f"{images:012d}.onnx"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_stages_are_in_order_and_other_files_are_ignored(tmp_path: Path) -> None:
    assert stages.stages_of(tmp_path / "nowhere") == ()
    for images in (2_000, 10_000, 3_000):
        stage(tmp_path, images)
    for name in (".000000004000.123.onnx", "000000005000.onnx.failed.json", "notes.onnx", "4000.txt"):
        (tmp_path / "exports" / name).touch()
    assert [one.images for one in stages.stages_of(tmp_path)] == [2_000, 3_000, 10_000]
    assert stages.model_of(tmp_path) == tmp_path / "exports" / "000000010000.onnx"


def test_without_stages_the_export_of_the_run_is_used(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"config": {"images": 500}}')
    assert stages.is_run(tmp_path)
    assert stages.planned_images(tmp_path) == 500
    (tmp_path / "config.json").write_text('{"config": {"images": 500, "seconds": 60.0}}')
    assert stages.planned_images(tmp_path) is None
    with pytest.raises(ExportError, match=r"python -m export\.onnx"):
        stages.model_of(tmp_path)
    (tmp_path / "generator.onnx").write_bytes(b"x")
    (only,) = stages.stages_of(tmp_path)
    assert (only.path.name, only.images) == ("generator.onnx", None)
    stage(tmp_path, 100)
    assert [one.images for one in stages.stages_of(tmp_path)] == [100]


def test_the_newest_stage_is_opened_while_following_and_again_when_rewritten(tmp_path: Path) -> None:
    stage(tmp_path, 100, b"half")
    first = stages.stages_of(tmp_path)
    assert stages.to_open(first, None, follow=True) == first[-1]
    assert stages.to_open(first, first[-1], follow=True) is None
    assert stages.to_open(first, None, follow=False) is None
    assert stages.to_open((), first[-1], follow=True) is None
    stage(tmp_path, 100, b"half and the rest")
    rewritten = stages.stages_of(tmp_path)
    assert stages.to_open(rewritten, first[-1], follow=True) == rewritten[-1]


def test_names_say_which_run_and_which_stage() -> None:
    path = Path("runs/demo/exports/000000012800.onnx")
    assert stages.name_of(path) == "demo · 12,800 images"
    assert stages.run_of(path) == Path("runs/demo")
    assert stages.name_of(Path("runs/demo/generator.onnx")) == "demo/generator.onnx"
    assert stages.shorter_names_of(path) == ("12,800 images", "12,800")
    assert stages.shorter_names_of(Path("runs/demo/generator.onnx")) == ()
    assert stages.run_of(Path("exports/mine.onnx")) == Path("exports/mine.onnx")


def test_the_nearest_stage() -> None:
    three = tuple(Stage(Path(), images) for images in (100, 200, 400))
    assert [stages.nearest(three, images) for images in (0, 149, 151, 310, 9_999)] == [0, 0, 1, 2, 2]
