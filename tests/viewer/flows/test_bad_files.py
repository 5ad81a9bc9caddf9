"""Files that cannot be opened are a message, and nothing else changes."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from export.runtime.generator import Generator
from proofs.hostile import HOSTILE
from tests.support.windows import LEFT, OpenWindow, button, drop_file, wait_for_the_picture
from viewer.engine.worker import open_model


def test_a_broken_file_is_a_message_and_nothing_else_changes(
    models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(models["digits"].read_bytes()[:500])
    window = open_window(models["digits"])
    assert not window.message.isVisible()
    with qtbot.waitSignal(window.player.failed):
        drop_file(window, broken)
    assert window.message.isVisible()
    assert "broken.onnx is not an ONNX file, or it is damaged." in window.message.text.text()
    assert window.header.model.text().endswith("digits.onnx")
    QTest.mouseClick(button(window, "Class 3"), LEFT)
    wait_for_the_picture(qtbot, window)
    with qtbot.waitSignal(window.player.opened):
        drop_file(window, models["other"])
    assert not window.message.isVisible()


def test_hostile_files_are_a_message_each_and_nothing_else_changes(
    models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    window = open_window(models["digits"])
    before = window.player.state
    for number, make in enumerate(HOSTILE.values()):
        make(models["digits"], tmp_path / f"hostile-{number}.onnx")
        with qtbot.waitSignal(window.player.failed):
            drop_file(window, tmp_path / f"hostile-{number}.onnx")
        assert window.message.isVisible()
        said = window.message.text.text()
        assert said.endswith(".")
        assert "\n" not in said
        window.message.dismiss()
        (tmp_path / f"hostile-{number}.onnx").unlink()  # some have 100 MiB
    assert window.header.model.text().endswith("digits.onnx")
    assert window.player.state == before
    QTest.mouseClick(button(window, "Class 3"), LEFT)
    wait_for_the_picture(qtbot, window)


def test_an_open_model_whose_file_vanishes_still_works(
    models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    copy = tmp_path / "mine.onnx"
    copy.write_bytes(models["digits"].read_bytes())
    window = open_window(copy)
    copy.unlink()
    with qtbot.waitSignal(window.player.frame_ready) as painted:
        QTest.mouseClick(button(window, "Class 3"), LEFT)
    assert painted.args is not None
    assert set(painted.args[0].scene.y.argmax(axis=1)) == {3}
    with qtbot.waitSignal(window.player.failed):
        drop_file(window, copy)
    assert "mine.onnx" in window.message.text.text()
    with qtbot.waitSignal(window.player.opened):
        drop_file(window, models["other"])
    assert not window.message.isVisible()


def test_an_unreadable_file_is_a_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from digitforge.errors import ExportError

    path = tmp_path / "locked.onnx"
    path.touch()

    def locked(path: Path, provider: str) -> Generator:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("viewer.engine.worker.open_generator", locked)
    with pytest.raises(ExportError, match=r"locked\.onnx cannot be read: permission denied\."):
        open_model(path, "cpu")
