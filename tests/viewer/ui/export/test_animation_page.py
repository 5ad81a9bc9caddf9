"""Exporting an animation."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from tests.support.windows import LEFT, OpenWindow, export, sheet_of
from viewer.core.files.formats import read_recipe
from viewer.core.state.samples import of_class
from viewer.core.state.timeline import Timeline


def test_a_film_of_the_timeline(
    models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = open_window(models["digits"])
    window.editor.edit("mode", lambda state: state.with_mode("path"))
    sheet = sheet_of(window, "animation")
    assert not sheet.export.isEnabled()
    assert "Nothing moves yet" in sheet.summary.text()
    sheet.reject()
    keys = tuple(of_class(seed, 0, seed) for seed in range(3))
    window.editor.edit("keys", lambda state: state.with_timeline(Timeline(keys)))
    sheet = sheet_of(window, "animation")
    assert sheet.animations.kind.button("timeline").isVisible()
    assert not sheet.animations.kind.button("walk").isVisible()
    sheet.animations.rate.slider.setValue(10)
    sheet.animations.seconds.slider.setValue(5)
    assert sheet.summary.text() == "15 frames · 1.5 s"
    QTest.mouseClick(sheet.animations.formats.button("webp"), LEFT)
    assert sheet.animations.quality.isVisible()
    export(window, tmp_path / "film.webp", qtbot, monkeypatch)
    with Image.open(tmp_path / "film.webp") as image:
        assert getattr(image, "n_frames", 1) == 15
    assert read_recipe(tmp_path / "film.webp").state.timeline.keyframes == keys


def test_without_ffmpeg_mp4_is_not_offered(
    models: dict[str, Path], open_window: OpenWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    sheet = sheet_of(open_window(models["digits"]), "animation")
    assert not sheet.animations.formats.button("mp4").isEnabled()
    assert "ffmpeg is not on the PATH" in sheet.animations.note.text()
    assert sheet.animations.note.isVisible()
