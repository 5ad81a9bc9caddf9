"""Restoring the settings that made a picture."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from tests.support.windows import OpenWindow, drop_file, sheet_of
from viewer.core.files.formats import read_recipe
from viewer.ui.window import Window


def exported(window: Window, path: Path, qtbot: QtBot) -> Path:
    with qtbot.waitSignal(window.task.succeeded):
        sheet_of(window).write(path)
    qtbot.waitUntil(lambda: window.task.isHidden())
    return path


def test_a_picture_of_another_generator_opens_it(
    models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    window = open_window(models["colour"])
    window.editor.edit("seed", lambda state: state.with_seed(5))
    picture = exported(window, tmp_path / "a.png", qtbot)
    (tmp_path / "renamed.onnx").write_bytes(models["colour"].read_bytes())
    with qtbot.waitSignal(window.player.opened):
        window.open(models["digits"])
    with qtbot.waitSignal(window.restorer.notified) as told:
        drop_file(window, picture)
    assert told.args == ["Restored the settings that made this picture."]
    assert window.player.model is not None
    assert window.player.model.info.digest == read_recipe(picture).model.sha256
    assert window.player.state.seed == 5


def test_a_recipe_with_the_hash_of_the_file_is_still_restored(
    models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    window = open_window(models["digits"])
    window.editor.edit("seed", lambda state: state.with_seed(9))
    picture = exported(window, tmp_path / "a.png", qtbot)
    model = window.player.model
    assert model is not None
    old = picture.read_bytes().replace(model.info.digest.encode(), model.sha256.encode())
    picture.write_bytes(old)
    assert read_recipe(picture).model.sha256 == model.sha256
    window.editor.edit("seed", lambda state: state.with_seed(1))
    with qtbot.waitSignal(window.restorer.notified) as told:
        drop_file(window, picture)
    assert told.args == ["Restored the settings that made this picture."]
    assert window.player.state.seed == 9


def test_without_its_generator_the_settings_that_fit_are_shown(
    models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    window = open_window(models["digits"])
    window.editor.edit("seed", lambda state: state.with_seed(9).with_digits((8,)))
    picture = exported(window, tmp_path / "a.png", qtbot)
    content = picture.read_bytes().replace(read_recipe(picture).model.sha256.encode(), b"0" * 64)
    other = tmp_path / "other.png"
    other.write_bytes(content)
    window.editor.edit("seed", lambda state: state.with_seed(1))
    with qtbot.waitSignal(window.restorer.notified) as told:
        drop_file(window, other)
    assert told.args is not None
    assert "made with digits.onnx (00000000…), which was not found" in told.args[0]
    assert (window.player.state.seed, window.player.state.digits) == (9, (8,))


def test_a_picture_without_a_recipe_is_a_message_and_nothing_changes(
    models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    Image.new("RGB", (3, 3)).save(tmp_path / "holiday.png")
    window = open_window(models["digits"])
    before = window.player.state
    with qtbot.waitSignal(window.drawer.failed):
        drop_file(window, tmp_path / "holiday.png")
    assert "holiday.png is too small" in window.message.text.text()
    assert window.player.state == before
    assert window.editor.stack.count() == 0


@pytest.mark.parametrize("name", ["a.png", "a.gif", "a.svg"])
def test_the_open_dialog_restores_a_picture_as_a_drop_does(
    models: dict[str, Path],
    open_window: OpenWindow,
    qtbot: QtBot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    window = open_window(models["colour"] if name == "a.png" else models["digits"])
    window.editor.edit("seed", lambda state: state.with_seed(5).with_cells(4))
    made = window.player.model
    sheet = sheet_of(window, "animation" if name == "a.gif" else "picture")
    if name == "a.svg":
        sheet.stills.formats.button("svg").click()
    with qtbot.waitSignal(window.task.succeeded):
        sheet.write(tmp_path / name)
    qtbot.waitUntil(lambda: window.task.isHidden())
    (tmp_path / "renamed.onnx").write_bytes(made.path.read_bytes() if made else b"")
    with qtbot.waitSignal(window.player.opened):
        window.open(models["other"])
    offered: list[str] = []

    def choose(_parent: object, _title: str, _folder: str, kinds: str) -> tuple[str, str]:
        offered.append(kinds)
        return str(tmp_path / name), ""

    monkeypatch.setattr(QFileDialog, "getOpenFileName", choose)
    with qtbot.waitSignal(window.restorer.notified) as told:
        window.header.buttons[2].defaultAction().trigger()
    assert f"*{Path(name).suffix}" in offered[0].partition(";;")[0]
    assert told.args == ["Restored the settings that made this picture."]
    assert window.player.state.seed == 5
    assert window.player.model is not None
    assert made is not None
    assert window.player.model.info.digest == made.info.digest


def test_a_picture_cannot_be_compared(models: dict[str, Path], open_window: OpenWindow, tmp_path: Path) -> None:
    window = open_window(models["digits"])
    window.open_beside(tmp_path / "a.png")
    assert window.message.text.text() == "a.png is a picture: choose a generator to compare with."
