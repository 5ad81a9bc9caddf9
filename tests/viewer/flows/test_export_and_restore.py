"""A picture is exported, and its settings are restored from it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pytestqt.qtbot import QtBot

from tests.support.windows import OpenWindow, drop_file, export, sheet_of
from viewer.core.picture.compose import to_rgb
from viewer.core.picture.look import Look
from viewer.core.state.view_state import ViewState


def test_a_picture_and_the_way_back(
    models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = open_window(models["digits"])
    window.editor.edit("all", lambda state: state.with_seed(42).with_digits((7,)).with_cells(4).with_truncation(0.6))
    window.editor.edit("pixels", lambda state: state.with_look(Look(squares=True)))
    made = window.player.state
    qtbot.waitUntil(lambda: window.player.frame is not None and len(window.player.frame.pixels) == 4)
    shown = window.player.frame
    assert shown is not None
    sheet = sheet_of(window)
    sheet.stills.size_slider.slider.setValue(3)
    export(window, tmp_path / "mine", qtbot, monkeypatch)
    assert not sheet.isVisible()
    assert "Saved" in window.message.text.text()
    assert [path.name for path in tmp_path.iterdir()] == ["mine.png"]
    with Image.open(tmp_path / "mine.png") as image:
        np.testing.assert_array_equal(np.asarray(image)[::3, ::3], to_rgb(shown.picture))

    window.editor.edit("other", lambda _: ViewState(mode="number"))
    with qtbot.waitSignal(window.restorer.notified):
        drop_file(window, tmp_path / "mine.png")
    assert window.player.state == made
    window.editor.stack.undo()
    assert window.player.state.mode == "number"
