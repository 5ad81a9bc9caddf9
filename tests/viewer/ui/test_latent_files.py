"""Saving and opening files of latents."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from export.sample import main as sample
from tests.support.windows import OpenWindow, drop_file, locked, state, wait_for_the_picture
from viewer.core.state.samples import of_class
from viewer.engine.player import Player
from viewer.ui.window import Window


@pytest.fixture
def window(open_window: OpenWindow, models: dict[str, Path]) -> Window:
    return open_window(models["digits"])


def save(window: Window, path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Save the latents by the menu; return the message."""
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, **__: (str(path), ""))
    next(one for one in window.menu.actions() if one.text() == "Save latents…").trigger()
    return window.message.text.text()


def test_what_is_saved_is_shown_again_and_sampled_to_the_bit(
    window: Window, qtbot: QtBot, tmp_path: Path, models: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    window.editor.edit("grid", lambda one: one.with_cells(4).with_truncation(0.7).with_seed(5))
    wait_for_the_picture(qtbot, window)
    assert window.player.frame is not None
    pixels = window.player.frame.pixels
    assert save(window, tmp_path / "kept", monkeypatch) == "Saved 4 latents in kept.npz."
    assert (
        sample([str(models["digits"]), "--latents", str(tmp_path / "kept.npz"), "--out", str(tmp_path / "a.npz")]) == 0
    )
    with np.load(tmp_path / "a.npz") as made:
        np.testing.assert_array_equal(made["images"], pixels)
    window.editor.edit("grid", lambda one: one.with_cells(9).with_mode("number"))
    before = state(window)
    with qtbot.waitSignal(window.latents.notified):
        drop_file(window, tmp_path / "kept.npz")
    assert window.message.text.text() == "kept.npz: the grid shows 4 latents."
    assert (state(window).mode, state(window).truncation, locked(window)) == ("grid", 1.0, [0, 1, 2, 3])
    wait_for_the_picture(qtbot, window)
    np.testing.assert_array_equal(window.player.frame.pixels, pixels)
    assert state(window).locks[1][1].origin == "latent 2 of kept.npz"
    window.editor.stack.undo()
    assert state(window) == before


def test_locked_cells_are_saved_alone(
    window: Window, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window.editor.edit("lock", lambda one: one.locked(2, of_class(3, 0, 7)).locked(5, of_class(4, 0, 1)))
    wait_for_the_picture(qtbot, window)
    assert save(window, tmp_path / "two.npz", monkeypatch) == "Saved 2 latents in two.npz."
    with np.load(tmp_path / "two.npz") as made:
        assert made["weights"].argmax(axis=1).tolist() == [7, 1]
    assert "could not be written" in save(window, tmp_path / "two.npz" / "three.npz", monkeypatch)


def test_a_long_file_fills_the_grid(window: Window, qtbot: QtBot, tmp_path: Path) -> None:
    np.savez(tmp_path / "many.npz", latents=np.ones((300, 6)), weights=np.ones((300, 10)))
    with qtbot.waitSignal(window.latents.notified):
        window.open(tmp_path / "many.npz")
    assert window.message.text.text() == "many.npz: the grid shows the first 256 of 300 latents."
    assert len(locked(window)) == 256


@pytest.mark.parametrize("kind", ["other latents", "no latents", "text", "missing"])
def test_a_file_that_does_not_fit_is_a_sentence(window: Window, qtbot: QtBot, tmp_path: Path, kind: str) -> None:
    path, before = tmp_path / "file.npz", state(window)
    if kind == "text":
        path.write_text("hello")
    elif kind != "missing":
        arrays: dict[str, Any] = {"latents" if kind == "other latents" else "images": np.zeros((2, 7))}
        np.savez(path, **arrays)
    with qtbot.waitSignal(window.latents.failed):
        drop_file(window, path)
    said = window.message.text.text()
    assert said.count(". ") == 0
    assert said.startswith(str(path))
    assert state(window) == before


def test_without_a_generator_there_is_nothing_to_open(qtbot: QtBot, tmp_path: Path) -> None:
    window = Window(Player(), remember=False)
    qtbot.addWidget(window)
    window.open(tmp_path / "a.npz")
    assert window.message.text.text() == "Open a generator first: a file of latents belongs to one."
    window.latents.save()
    assert window.message.text.text() == "There is nothing to show yet, and so nothing to save."
    window.close()
