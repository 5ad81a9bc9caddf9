"""Going through the training of the bundled generator."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageSequence
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from digitforge.bundled import BUNDLED_MODEL
from digitforge.hashing import sha256
from export.runtime.arrays import UInt8
from export.safety.digest import file_digest
from tests.support.windows import LEFT, OpenWindow, drop_file, sheet_of
from viewer.core.files.formats import read_recipe
from viewer.core.files.saving import ExportSpec, Subject, save
from viewer.core.picture.look import Look
from viewer.core.run.packed_stages import PackedStages
from viewer.core.scene.cells import Scene
from viewer.ui.window import Window


def begin(window: Window, qtbot: QtBot) -> None:
    """Show the training with the button at the left."""
    QTest.mouseClick(window.rail.training, LEFT)
    qtbot.waitUntil(lambda: window.training.slider.isEnabled())


def pictures(window: Window, qtbot: QtBot, path: Path) -> UInt8:
    """Wait for a frame of the generator at `path`, and return its pictures."""

    def there() -> bool:
        frame, model = window.player.frame, window.player.model
        if frame is None or model is None:
            return False
        return model.path == path and frame.generation == model.generation

    qtbot.waitUntil(there)
    assert window.player.frame is not None
    return window.player.frame.pixels


def test_the_slider_goes_from_noise_to_the_bundled_file_and_back(open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window(BUNDLED_MODEL)
    bar = window.training
    assert not bar.isVisible()
    digits = pictures(window, qtbot, BUNDLED_MODEL)
    before = window.player.state
    begin(window, qtbot)
    assert window.rail.training.isChecked()
    assert bar.facts.text() == "Training: from noise to digits"
    assert bar.stage.text() == "after 6,000,000 images   ·   finished"
    assert window.player.model is not None
    assert window.player.model.path == BUNDLED_MODEL, "nothing changes until the user asks"

    middle = bar.slider.height() // 2
    QTest.mousePress(bar.slider, LEFT, pos=QPoint(bar.slider.width() - 9, middle))
    seen = [digits]
    count = len(bar.stages)
    for place in reversed(range(count)):
        x = 8 + round(place * (bar.slider.width() - 16) / (count - 1))
        QTest.mouseMove(bar.slider, QPoint(x, middle))
        seen.append(pictures(window, qtbot, bar.stages[place].path))
        assert bar.stage.text().startswith(f"after {bar.stages[place].images:,} images")
    QTest.mouseRelease(bar.slider, LEFT, pos=QPoint(8, middle))
    assert bar.slider.value() == 0
    changes = [np.abs(one.astype(int) - other).mean() for one, other in itertools.pairwise(seen[1:])]
    assert min(changes) > 3
    assert window.windowTitle() == "digits · 1,024 images – digitforge"
    assert window.player.state == before, "the same seed and latents"

    bar.slider.setFocus()
    QTest.keyClick(bar.slider, Qt.Key.Key_End)
    np.testing.assert_array_equal(pictures(window, qtbot, BUNDLED_MODEL), digits)
    assert window.player.model.sha256 == sha256(BUNDLED_MODEL)
    assert bar.isVisible()


def test_play_goes_through_all_stages_and_a_click_pauses(
    open_window: OpenWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = open_window(BUNDLED_MODEL)
    bar = window.training
    bar._timer.setInterval(5)
    begin(window, qtbot)
    shown: list[Path] = []
    window.player.opened.connect(lambda opened: shown.append(opened.path))
    QTest.mouseClick(bar.play, LEFT)
    assert bar.play.accessibleName().startswith("Pause")
    qtbot.waitUntil(lambda: not bar._timer.isActive(), timeout=20_000)
    assert shown == [stage.path for stage in bar.stages]
    QTest.mouseClick(bar.play, LEFT)
    qtbot.waitUntil(lambda: bar.slider.value() == 2)
    QTest.mouseClick(bar.play, LEFT)
    assert not bar._timer.isActive()
    pictures(window, qtbot, bar.stages[bar.slider.value()].path)


@pytest.mark.parametrize("way", ["finished", "rail"])
def test_there_is_a_way_back_to_the_finished_generator(way: str, open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window(BUNDLED_MODEL)
    bar = window.training
    begin(window, qtbot)
    bar.slider.setValue(3)
    pictures(window, qtbot, bar.stages[3].path)
    QTest.mouseClick(bar.finished if way == "finished" else window.rail.training, LEFT)
    pictures(window, qtbot, BUNDLED_MODEL)
    assert not bar.isVisible()
    assert not window.rail.training.isChecked()
    assert window.settings.current.recent == (str(BUNDLED_MODEL),), "its stages are not generators of their own"


def test_it_is_offered_with_the_bundled_generator_only(
    models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot
) -> None:
    window = open_window(models["digits"])
    assert not window.rail.training.isVisible()
    assert not window.menu.training.isVisible()
    window.open(BUNDLED_MODEL)
    pictures(window, qtbot, BUNDLED_MODEL)
    assert window.rail.training.isVisible()
    assert window.menu.training.isVisible()
    window.menu.training.trigger()
    qtbot.waitUntil(window.training.slider.isEnabled)
    window.training.slider.setValue(0)
    pictures(window, qtbot, window.training.stages[0].path)
    assert window.rail.training.isVisible()
    window.open(models["digits"])
    pictures(window, qtbot, models["digits"])
    assert not window.training.isVisible()
    assert not window.rail.training.isVisible()


def test_any_path_that_leads_to_the_bundled_generator_counts(
    open_window: OpenWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(BUNDLED_MODEL.parent)
    window = open_window(Path(BUNDLED_MODEL.name))
    assert window.rail.training.isVisible()
    begin(window, qtbot)
    assert window.training.slider.value() == len(window.training.stages) - 1
    (tmp_path / "link.onnx").symlink_to(BUNDLED_MODEL)
    window.open(tmp_path / "link.onnx")
    pictures(window, qtbot, BUNDLED_MODEL)
    assert window.training.isVisible()


def test_a_stage_is_compared_with_the_finished_generator(open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window(BUNDLED_MODEL)
    begin(window, qtbot)
    assert not window.training.against_newest.isEnabled()
    window.training.slider.setValue(2)
    pictures(window, qtbot, window.training.stages[2].path)
    with qtbot.waitSignal(window.player.second_ready):
        QTest.mouseClick(window.training.against_newest, LEFT)
    assert window.compare.a.text() == "A   digits · 4,096 images"
    assert window.compare.b.text() == "B   models/digits.onnx"


def test_amounts_of_directions_are_kept_from_the_first_frame_of_a_stage(open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window(BUNDLED_MODEL)
    begin(window, qtbot)
    window.editor.edit("slant", lambda state: state.with_amount(0, 2.0))
    assert window.player.directions is not None
    with qtbot.assertNotEmitted(window.finder.forgot):
        for place in (0, 4):
            window.training.slider.setValue(place)
            scenes: list[Scene] = []
            with qtbot.waitSignal(window.player.frame_ready):
                window.player.frame_ready.connect(lambda frame, scenes=scenes: scenes.append(frame.scene))
            pictures(window, qtbot, window.training.stages[place].path)
            assert window.player.frame is not None
            assert all(np.array_equal(scene.z, window.player.frame.scene.z) for scene in scenes)
    assert window.directions.named_rows[0].name.text() == "Slant"


def test_an_export_names_the_stage_and_brings_it_back(open_window: OpenWindow, qtbot: QtBot, tmp_path: Path) -> None:
    window = open_window(BUNDLED_MODEL)
    begin(window, qtbot)
    window.editor.edit("seed", lambda state: state.with_seed(9))
    window.training.slider.setValue(1)
    stage = window.training.stages[1]
    pixels = pictures(window, qtbot, stage.path)
    with qtbot.waitSignal(window.task.succeeded):
        sheet_of(window).write(tmp_path / "stage.png")
    qtbot.waitUntil(lambda: window.task.isHidden())
    assert read_recipe(tmp_path / "stage.png").model.name == "digits.onnx after 2,048 images"

    QTest.mouseClick(window.training.finished, LEFT)
    pictures(window, qtbot, BUNDLED_MODEL)
    window.editor.edit("seed", lambda state: state.with_seed(1))
    for left in (stage.path, stage.path.with_suffix(".directions.json")):
        left.unlink()
    with qtbot.waitSignal(window.restorer.notified) as notified:
        drop_file(window, tmp_path / "stage.png")
    assert notified.args == ["Restored the settings that made this picture."]
    qtbot.waitUntil(lambda: window.player.state.seed == 9)
    qtbot.waitUntil(lambda: np.array_equal(pictures(window, qtbot, stage.path), pixels))
    assert window.training.isVisible()
    qtbot.waitUntil(lambda: window.training.stage.text() == "after 2,048 images")


def test_the_training_is_saved_as_a_film_whose_last_picture_is_the_finished_generator(
    open_window: OpenWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = open_window(BUNDLED_MODEL)
    begin(window, qtbot)
    window.editor.edit("cells", lambda state: state.with_cells(4).with_look(Look(squares=True)))
    window.training.slider.setValue(0)
    pictures(window, qtbot, window.training.stages[0].path)
    asked: list[str] = []

    def answer(*given: object) -> tuple[str, str]:
        asked.append(str(given[-1]))
        return str(tmp_path / "film"), "GIF animations (*.gif)"

    monkeypatch.setattr(QFileDialog, "getSaveFileName", answer)
    with qtbot.waitSignal(window.task.succeeded) as saved:
        QTest.mouseClick(window.training.film, LEFT)
    qtbot.waitUntil(window.task.isHidden)
    assert saved.args == [f"Saved {tmp_path / 'film.gif'}."]
    assert asked[0].startswith("GIF animations (*.gif);;APNG animations (*.png)")
    recipe = read_recipe(tmp_path / "film.gif")
    assert recipe.model.sha256 == file_digest(BUNDLED_MODEL)
    assert recipe.animation is not None
    assert recipe.animation.kind == "training"
    with Image.open(tmp_path / "film.gif") as film:
        frames = [np.asarray(frame.convert("L")).astype(int) for frame in ImageSequence.Iterator(film)]
    assert frames[0].shape[0] > 500
    for noise in frames[: len(frames) - 6]:
        assert np.abs(noise - frames[-1]).mean() > 3
    still = save_still(window, qtbot, tmp_path, frames[-1].shape[0])
    assert np.abs(still - frames[-1]).mean() < 2, "a GIF has fewer greys"


def save_still(window: Window, qtbot: QtBot, folder: Path, side: int) -> np.ndarray[tuple[int, ...], np.dtype[np.int_]]:
    """Return the picture of the finished generator, grey, as large as the film."""
    QTest.mouseClick(window.training.finished, LEFT)
    pictures(window, qtbot, BUNDLED_MODEL)
    assert window.player.model is not None
    subject = Subject(window.player.model, window.player.state, window.player.directions)
    path = save(subject, ExportSpec("png", side // (2 * 28)), folder / "still.png", lambda *_: None)
    with Image.open(path) as image:
        return np.asarray(image.convert("L").resize((side, side))).astype(int)


def test_stages_of_another_generator_are_an_error_and_the_bar_leaves(
    open_window: OpenWindow, qtbot: QtBot, models: dict[str, Path], tmp_path: Path
) -> None:
    window = open_window(BUNDLED_MODEL)
    window.training._packed = PackedStages(tmp_path, models["digits"])
    with qtbot.waitSignal(window.training.failed):
        QTest.mouseClick(window.rail.training, LEFT)
    assert "has the early stages of another generator" in window.message.text.text()
    assert not window.training.isVisible()
    assert not window.rail.training.isChecked()
