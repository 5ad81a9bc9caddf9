"""Two generators side by side."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from export.runtime.generator import Generator, open_generator
from proofs.tiny_generator import write_model
from tests.support.windows import LEFT, OpenWindow, drop_file
from viewer.core.picture.compose import compose
from viewer.core.scene.cells import scene_of
from viewer.core.scene.compare import difference
from viewer.ui.window import Window

SHIFT = Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def apart(models: dict[str, Path], tmp_path: Path) -> Path:
    """Write a generator that fits "digits" and makes other pictures: the same one with half the latent."""
    import onnx
    from onnx import numpy_helper

    model = onnx.load(models["digits"])
    weights = next(one for one in model.graph.initializer if one.name == "W")
    weights.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(weights) / 2, "W"))
    onnx.save(model, tmp_path / "apart.onnx")
    return tmp_path / "apart.onnx"


def expected(window: Window, path: Path) -> Any:
    """Render the present state with a generator, uint8 [cells, h, w]."""
    generator = open_generator(path, "cpu")
    scene = scene_of(generator.info, window.player.state)
    assert scene is not None
    return generator.generate_pixels(scene.z, scene.y)


def wait_for_the_second(qtbot: QtBot, window: Window, picture: Any) -> None:
    def shown() -> bool:
        frame = window.compare.picture.frame
        return frame is not None and np.array_equal(frame.picture, picture)

    qtbot.waitUntil(shown)


def compared(window: Window, qtbot: QtBot, path: Path) -> None:
    with qtbot.waitSignal(window.player.second_ready):
        window.open_beside(path)


def test_dropping_with_shift_shows_both_on_the_same_latents(
    models: dict[str, Path], apart: Path, open_window: OpenWindow, qtbot: QtBot
) -> None:
    window = open_window(models["digits"])
    assert not window.compare.isVisible()
    assert not window.compare.picture.isVisible()
    with qtbot.waitSignal(window.player.second_ready):
        drop_file(window, apart, SHIFT)
    assert window.player.model is not None
    assert window.player.model.path == models["digits"]
    wait_for_the_second(qtbot, window, compose(expected(window, apart), 8))
    assert window.compare.picture.isVisible()
    assert window.compare.a.text().startswith("A")
    assert window.compare.a.text().endswith("/digits.onnx")
    assert window.compare.b.text().endswith("/apart.onnx")
    assert window.compare.difference.text().startswith("differ by ")
    assert "%" in window.compare.difference.text()
    window.editor.edit("seed", lambda state: state.with_seed(5))
    wait_for_the_second(qtbot, window, compose(expected(window, apart), 8))


@pytest.mark.parametrize(("mode", "columns"), [("number", 4), ("grid", 8)])
def test_it_shows_every_mode(
    models: dict[str, Path], apart: Path, open_window: OpenWindow, qtbot: QtBot, mode: str, columns: int
) -> None:
    window = open_window(models["digits"])
    compared(window, qtbot, apart)
    window.editor.edit("mode", lambda state: state.with_mode(mode))
    generator = open_generator(apart, "cpu")
    scene = scene_of(generator.info, window.player.state)
    assert scene is not None
    wait_for_the_second(qtbot, window, compose(generator.generate_pixels(scene.z, scene.y), columns, close=scene.close))


def test_differences_are_shown_and_undone(
    models: dict[str, Path], apart: Path, open_window: OpenWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("viewer.core.state.history.MERGE_S", -1.0)
    window = open_window(models["digits"])
    compared(window, qtbot, apart)
    mine, theirs = expected(window, models["digits"]), expected(window, apart)
    for view in ("signed", "absolute"):
        QTest.mouseClick(window.compare.views.button(view), LEFT)
        wait_for_the_second(qtbot, window, compose(difference(mine, theirs, view), 8))
    assert window.compare.b.text().startswith("|A − B|")
    window.editor.stack.undo()
    wait_for_the_second(qtbot, window, compose(difference(mine, theirs, "signed"), 8))
    assert window.compare.views.button("signed").isChecked()
    window.editor.stack.undo()
    wait_for_the_second(qtbot, window, compose(theirs, 8))


def test_pictures_of_another_size_stand_side_by_side_but_are_not_subtracted(
    models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    info = open_generator(models["digits"], "cpu").info
    info = dataclasses.replace(info, height=20, width=20, digest="")  # of other pixels
    larger = write_model(tmp_path / "larger.onnx", info)
    window = open_window(models["digits"])
    window.editor.edit("comparison", lambda state: state.with_compare_view("signed"))
    compared(window, qtbot, larger)
    wait_for_the_second(qtbot, window, compose(expected(window, larger), 8))
    assert not window.compare.views.button("signed").isEnabled()
    assert window.compare.difference.text() == ""
    assert window.compare.b.text().startswith("B")


@pytest.mark.parametrize(("name", "said"), [("free", "latent distribution"), ("many", "number of classes")])
def test_a_generator_that_does_not_fit_is_a_message(
    models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot, name: str, said: str
) -> None:
    window = open_window(models["digits"])
    with qtbot.waitSignal(window.player.failed):
        window.open_beside(models[name])
    assert said in window.message.text.text()
    assert not window.compare.isVisible()


def test_a_refused_comparison_leaves_the_running_one(
    models: dict[str, Path], apart: Path, open_window: OpenWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    window = open_window(models["digits"])
    compared(window, qtbot, apart)
    broken = tmp_path / "broken.onnx"
    broken.write_text("hello")
    for refused in (models["free"], broken):
        with qtbot.waitSignal(window.player.failed):
            window.open_beside(refused)
        assert window.message.isVisible()
        assert window.compare.isVisible()
        assert window.compare.b.text().endswith("/apart.onnx")
    window.editor.edit("seed", lambda state: state.with_seed(5))
    wait_for_the_second(qtbot, window, compose(expected(window, apart), 8))


def test_a_comparison_with_itself_shows_no_difference(
    models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot
) -> None:
    window = open_window(models["digits"])
    compared(window, qtbot, models["digits"])
    assert window.compare.difference.text() == "no difference"


def test_the_next_comparison_removes_the_message_of_a_refused_one(
    models: dict[str, Path], apart: Path, open_window: OpenWindow, qtbot: QtBot
) -> None:
    window = open_window(models["digits"])
    with qtbot.waitSignal(window.player.failed):
        window.open_beside(models["free"])
    assert window.message.isVisible()
    compared(window, qtbot, apart)
    assert not window.message.isVisible()


def test_opening_what_does_not_fit_ends_the_comparison(
    models: dict[str, Path], apart: Path, open_window: OpenWindow, qtbot: QtBot
) -> None:
    window = open_window(models["digits"])
    compared(window, qtbot, apart)
    with qtbot.waitSignals([window.player.opened, window.player.failed, window.player.compared]):
        window.open(models["free"])
    assert not window.compare.isVisible()
    assert "latent distribution" in window.message.text.text()
    assert window.player.model is not None
    assert window.player.model.path == models["free"]


def test_swap_and_close(models: dict[str, Path], apart: Path, open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window(models["digits"])
    compared(window, qtbot, apart)
    QTest.mouseClick(window.compare.swap, LEFT)
    qtbot.waitUntil(lambda: window.compare.b.text().endswith("/digits.onnx"))
    assert window.player.model is not None
    assert window.player.model.path == apart
    wait_for_the_second(qtbot, window, compose(expected(window, models["digits"]), 8))
    with qtbot.waitSignal(window.player.compared):
        QTest.mouseClick(window.compare.close_button, LEFT)
    assert not window.compare.picture.isVisible()
    assert not window.compare.a.isVisible()
    with qtbot.waitSignal(window.player.frame_ready), qtbot.assertNotEmitted(window.player.second_ready, wait=50):
        window.editor.edit("seed", lambda state: state.with_seed(9))


def test_a_model_that_vanished_before_a_swap_is_a_message_and_ends_the_comparison(
    models: dict[str, Path], apart: Path, open_window: OpenWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    copy = tmp_path / "copy.onnx"
    copy.write_bytes(models["digits"].read_bytes())
    window = open_window(copy)
    compared(window, qtbot, apart)
    copy.unlink()
    window.editor.edit("seed", lambda state: state.with_seed(2))
    wait_for_the_second(qtbot, window, compose(expected(window, apart), 8))  # it is in memory
    with qtbot.waitSignals([window.player.opened, window.player.failed]):
        QTest.mouseClick(window.compare.swap, LEFT)
    assert "copy.onnx" in window.message.text.text()
    qtbot.waitUntil(lambda: not window.compare.isVisible())
    assert window.player.model is not None
    assert window.player.model.path == apart


def test_a_second_generator_that_vanished_before_a_swap_ends_the_comparison(
    models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    copy = tmp_path / "copy.onnx"
    copy.write_bytes(models["digits"].read_bytes())
    window = open_window(models["digits"])
    compared(window, qtbot, copy)
    copy.unlink()
    with qtbot.waitSignal(window.player.failed):
        QTest.mouseClick(window.compare.swap, LEFT)
    qtbot.waitUntil(lambda: not window.compare.isVisible())
    assert "copy.onnx" in window.message.text.text()
    assert window.player.model is not None
    assert window.player.model.path == models["digits"]


def test_a_second_generator_that_fails_to_run_leaves_the_first_alone(
    models: dict[str, Path], apart: Path, open_window: OpenWindow, qtbot: QtBot
) -> None:
    class Broken:
        def run(self, names: list[str], feeds: dict[str, Any]) -> None:
            raise RuntimeError("no")

    def opener(path: Path, provider: str) -> Generator:
        generator = open_generator(path, provider)
        return dataclasses.replace(generator, session=Broken()) if path == apart else generator

    window = open_window(models["digits"], opener=opener)
    window.editor.edit("playing", lambda state: state.with_playing(True))
    with qtbot.waitSignal(window.player.failed):
        window.open_beside(apart)
    assert "on the right could not render this picture" in window.message.text.text()
    assert not window.compare.isVisible()
    assert window.player.state.playing, "the first goes on"
    with qtbot.waitSignal(window.player.frame_ready):
        pass  # it plays


def test_names_are_cut_where_the_pictures_are_narrow(
    models: dict[str, Path], apart: Path, open_window: OpenWindow, qtbot: QtBot
) -> None:
    window = open_window(models["digits"])
    compared(window, qtbot, apart)
    whole = window.compare.b.text()
    window.compare.b.show_name("B", Path(40 * "a long folder " + "/apart.onnx"))
    assert window.compare.b.text().startswith("B   …")
    assert window.compare.b.text().endswith("/apart.onnx"), "the end says which file it is"
    assert window.compare.b.width() <= window.compare.picture.width()
    window.compare.b.show_name("B", apart)
    assert window.compare.b.text() == whole


def test_both_are_looked_at_from_the_same_distance(
    models: dict[str, Path], apart: Path, open_window: OpenWindow, qtbot: QtBot
) -> None:
    window = open_window(models["digits"])
    compared(window, qtbot, apart)
    window.canvas.zoom(2.0)
    assert window.compare.picture.view == window.canvas.view
    window.compare.picture.zoom(2.0)
    assert window.canvas.view.zoom == window.compare.picture.view.zoom == 4.0


def test_a_missing_file_is_a_message(models: dict[str, Path], open_window: OpenWindow, tmp_path: Path) -> None:
    window = open_window(models["digits"])
    window.open_beside(tmp_path / "missing.onnx")
    assert "There is no file" in window.message.text.text()
