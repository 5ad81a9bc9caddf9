"""Exported files: the same bytes each time, complete or absent."""

from __future__ import annotations

import errno
import gc
import io
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

import numpy as np
import pytest
from PIL import Image

from digitforge.errors import CannotWrite, ExportError
from digitforge.hashing import sha256
from export.runtime.generator import open_generator
from export.safety.digest import file_digest
from viewer.core.files.formats import FORMATS, read_recipe
from viewer.core.files.recipe import Model
from viewer.core.files.saving import ExportSpec, Subject, copied, save, size_of
from viewer.core.picture.compose import compose, to_rgb
from viewer.core.picture.look import Look
from viewer.core.scene.animation import Animation, frame_count
from viewer.core.scene.messages import Opened
from viewer.core.state.view_state import ViewState

SHORT = Animation(frames_per_second=30, seconds_per_keyframe=0.1, keyframes=2)
needs_ffmpeg = pytest.mark.skipif(not FORMATS["mp4"].available, reason="needs ffmpeg")
STILLS = [name for name, each in FORMATS.items() if not each.animated]
ANIMATIONS = [
    pytest.param(name, marks=needs_ffmpeg) if each.program else name for name, each in FORMATS.items() if each.animated
]


def subject_of(path: Path, state: ViewState) -> Subject:
    generator = open_generator(path, "cpu")
    return Subject(Opened(1, path, generator.info, "CPUExecutionProvider", "", sha256(path)), state)


@pytest.fixture
def subject(models: dict[str, Path]) -> Subject:
    return subject_of(models["digits"], ViewState(cells=5, look=Look("ember")))


def nothing(_done: int, _of: int) -> None:
    """Nobody watches."""


def expected(subject: Subject, spec: ExportSpec, frame: int = 0) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    scene = subject.scene(spec, frame)
    assert scene is not None
    pixels = open_generator(subject.model.path, "cpu").generate_pixels(scene.z, scene.y)
    return to_rgb(compose(pixels, scene.columns, subject.state.look, scene.close))


@pytest.mark.parametrize("form", [*STILLS, *ANIMATIONS])
def test_two_exports_are_the_same_bytes_and_carry_the_recipe(form: str, subject: Subject, tmp_path: Path) -> None:
    spec = ExportSpec(form, 2, quality=90, animation=SHORT)
    first, second = (save(subject, spec, tmp_path / f"{name}.{form}", nothing) for name in ("first", "second"))
    assert first.read_bytes() == second.read_bytes()
    recipe = read_recipe(first)
    assert recipe.model == Model("digits.onnx", file_digest(subject.model.path))
    assert recipe.state == subject.state
    assert recipe.animation == (SHORT if spec.animated else None)
    assert {name for name, _ in recipe.software} >= {"numpy", "pillow"}
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("model", ["digits", "colour", "free"])
@pytest.mark.parametrize(("form", "off_by"), [("gif", 12), ("apng", 0), ("webp", 0)])
def test_every_frame_is_there(form: str, off_by: int, model: str, models: dict[str, Path], tmp_path: Path) -> None:
    subject, spec = subject_of(models[model], ViewState(cells=4)), ExportSpec(form, 3, animation=SHORT)
    path = save(subject, spec, tmp_path / f"a.{form}", nothing)
    with Image.open(path) as image:
        assert getattr(image, "n_frames", 1) == frame_count(subject.model.info, subject.state, SHORT) == 6
        assert image.info["loop"] == 0
        lengths_ms = []
        for frame in range(6):
            image.seek(frame)
            image.load()
            lengths_ms.append(image.info["duration"])
            rgb = np.asarray(image.convert("RGB"))
            wanted = expected(subject, spec, frame).repeat(3, axis=0).repeat(3, axis=1)
            assert rgb.shape == wanted.shape
            assert np.abs(rgb.astype(int) - wanted).mean() <= off_by
            if off_by == 0:
                np.testing.assert_array_equal(rgb, wanted)
        assert sum(lengths_ms) == pytest.approx(200, abs=2)


def with_squares(subject: Subject) -> Subject:
    return replace(subject, state=replace(subject.state, look=replace(subject.state.look, squares=True)))


def test_a_still_is_the_picture_enlarged(subject: Subject, tmp_path: Path) -> None:
    subject = with_squares(subject)
    path = save(subject, ExportSpec("png", 7), tmp_path / "a.png", nothing)
    with Image.open(path) as image:
        picture = np.asarray(image)
        np.testing.assert_array_equal(picture, expected(subject, ExportSpec()).repeat(7, axis=0).repeat(7, axis=1))
    cell = ExportSpec("png", 1, cell=3)
    with Image.open(save(subject, cell, tmp_path / "b.png", nothing)) as image:
        np.testing.assert_array_equal(np.asarray(image), picture[91:175:7, 0:84:7], "the fourth cell of three columns")
        assert image.size == (12, 12)
    assert read_recipe(tmp_path / "b.png").cell == 3


@pytest.mark.parametrize("width", [1, 20, 40, 101, 640])
def test_a_still_of_any_width_looks_like_the_window(width: int, subject: Subject, tmp_path: Path) -> None:
    plain = expected(subject, ExportSpec())
    spec = ExportSpec("png", width / plain.shape[1])
    with Image.open(save(with_squares(subject), spec, tmp_path / "a.png", nothing)) as image:
        assert image.size == (width, max(1, round(width * plain.shape[0] / plain.shape[1])))
        colours = {tuple(colour) for colour in plain.reshape(-1, 3).tolist()}
        assert {tuple(colour) for colour in np.asarray(image).reshape(-1, 3).tolist()} <= colours, "none is mixed"
    with Image.open(save(subject, spec, tmp_path / "b.png", nothing)) as soft:
        np.testing.assert_array_equal(
            np.asarray(soft), np.asarray(Image.fromarray(plain).resize(soft.size, Image.Resampling.BILINEAR))
        )
        assert width < 101 or len(np.unique(np.asarray(soft).reshape(-1, 3), axis=0)) > len(colours)
    assert (tmp_path / "b.png").read_bytes() == save(subject, spec, tmp_path / "c.png", nothing).read_bytes()
    assert read_recipe(tmp_path / "a.png").state == with_squares(subject).state
    svg = save(subject, replace(spec, format="svg"), tmp_path / "a.svg", nothing).read_text()
    assert f'width="{width}" height="{image.height}" viewBox="0 0 {plain.shape[1]} {plain.shape[0]}"' in svg


def test_animations_need_a_whole_scale() -> None:
    assert ExportSpec("png", 1.5).scale == 1.5
    with pytest.raises(ValueError, match=r"scale is 1\.5; for animations it must be a whole number from 1 to 64"):
        ExportSpec("gif", 1.5)


def test_a_copied_picture_is_large_enough_to_paste(subject: Subject) -> None:
    with Image.open(io.BytesIO(copied(open_generator(subject.model.path, "cpu"), subject))) as image:
        assert 700 < max(image.size) <= 1400
        assert "digitforge" in image.info


def test_sizes_are_known_before_the_export(subject: Subject) -> None:
    for state in (
        ViewState(cells=5),
        ViewState(mode="number"),
        ViewState(cells=2, look=Look(smoothing=1, beside=True)),
    ):
        here = replace(subject, state=state)
        scene = here.scene(ExportSpec())
        assert scene is not None
        assert size_of(here.model.info, scene, state.look) == expected(here, ExportSpec()).shape[1::-1]
    assert FORMATS["png"].largest_scale((28, 28)) == 64
    assert FORMATS["png"].largest_width((28, 28)) == 8192
    assert FORMATS["png"].largest_width((280, 28)) == 16384
    assert FORMATS["png"].largest_width((28, 2800)) == 163, "the height is 16,300 then"
    assert FORMATS["png"].largest_width((20_000, 20_000)) == 20_000, "nothing has to become smaller"
    assert FORMATS["gif"].largest_scale((2000, 2000)) == 1
    assert FORMATS["gif"].largest_scale((238, 238)) ** 2 * 238**2 <= 2**22


@pytest.mark.parametrize("form", ANIMATIONS)
def test_stopping_leaves_nothing(form: str, subject: Subject, tmp_path: Path) -> None:
    class Stopped(Exception):
        pass

    def stop(done: int, of: int) -> None:
        assert of == 6
        if done == 4:
            raise Stopped

    with pytest.raises(Stopped):
        save(subject, ExportSpec(form, animation=SHORT), tmp_path / f"a.{form}", stop)
    assert list(tmp_path.iterdir()) == []


def pictures() -> int:
    """Those in memory. By type: to ask an object for its class makes one of torch's warn."""
    return sum(issubclass(type(one), Image.Image) for one in gc.get_objects())


@pytest.mark.parametrize("form", [*STILLS, *ANIMATIONS])
def test_no_picture_waits_for_the_garbage_collector(form: str, subject: Subject, tmp_path: Path) -> None:
    gc.collect()
    gc.disable()
    try:
        before = pictures()
        save(subject, ExportSpec(form, animation=SHORT), tmp_path / f"a.{form}", nothing)
        assert pictures() == before
    finally:
        gc.enable()


@pytest.mark.parametrize("form", ["png", "svg", "gif", "apng", "webp"])
def test_a_full_disk_is_a_sentence_and_leaves_what_was_there(
    form: str, subject: Subject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / f"a.{form}"
    path.write_bytes(b"before")
    opened = Path.open

    def full(self: Path, mode: str = "r", *more: Any, **named: Any) -> IO[Any]:
        file = opened(self, mode, *more, **named)
        if "w" in mode and self.parent == tmp_path:

            class Full(io.BufferedWriter):
                def write(self, data: Any) -> int:
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

            return Full(file.detach())  # type: ignore[attr-defined]
        return file

    monkeypatch.setattr(Path, "open", full)
    with pytest.raises(CannotWrite, match="no space left on device; free some space and try again"):
        save(subject, ExportSpec(form, animation=SHORT), path, nothing)
    monkeypatch.undo()
    assert [(one.name, one.read_bytes()) for one in tmp_path.iterdir()] == [(path.name, b"before")]


def test_a_model_that_was_replaced_is_not_exported_under_another_name(models: dict[str, Path], tmp_path: Path) -> None:
    model = tmp_path / "model.onnx"
    model.write_bytes(models["digits"].read_bytes())
    subject = subject_of(model, ViewState(cells=1))
    model.write_bytes(models["colour"].read_bytes())
    with pytest.raises(ExportError, match="has changed since it was opened"):
        save(subject, ExportSpec(), tmp_path / "a.png", nothing)


def test_nothing_to_show_is_a_sentence(subject: Subject, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="nothing to show yet"):
        save(replace(subject, state=ViewState(mode="path")), ExportSpec(), tmp_path / "a.png", nothing)


def test_without_ffmpeg_there_is_no_mp4(subject: Subject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CannotWrite, match="MP4 needs ffmpeg, which is not on the PATH"):
        save(subject, ExportSpec("mp4", animation=SHORT), tmp_path / "a.mp4", nothing)


@pytest.mark.skipif(sys.platform == "win32", reason="a script as a program")
def test_an_ffmpeg_that_fails_is_a_sentence(subject: Subject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "bin" / "ffmpeg"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho 'no encoder' >&2\necho 'Unknown encoder.' >&2\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    big = ExportSpec("mp4", animation=replace(SHORT, keyframes=64, seconds_per_keyframe=2.0))
    with pytest.raises(CannotWrite, match=r"ffmpeg failed: Unknown encoder\.$"):
        save(replace(subject, state=ViewState(cells=64)), big, tmp_path / "a.mp4", nothing)
    assert [one.name for one in tmp_path.iterdir()] == ["bin"]


@needs_ffmpeg
def test_odd_sizes_become_videos(subject: Subject, tmp_path: Path) -> None:
    odd = replace(subject, state=ViewState(cells=5))
    assert size_of(odd.model.info, odd.scene(ExportSpec()), Look())[1] % 2 == 1  # type: ignore[arg-type]
    save(odd, ExportSpec("mp4", 1, animation=SHORT), tmp_path / "a.mp4", nothing)
