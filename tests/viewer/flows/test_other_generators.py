"""Generators from elsewhere in the window."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from digitforge.errors import ModelRefused
from export.runtime.generator import open_generator
from tests.support.other_generators import KINDS, REFUSED
from tests.support.windows import LEFT, OpenWindow, button, drop_file, wait_for_the_picture

SHIFT = Qt.KeyboardModifier.ShiftModifier
CHOSEN = (
    "batch of 1, legacy", "batch of 64, legacy", "view of one", "double, dynamo", "half, legacy", "bytes, legacy",
    "flat, legacy", "0 to 255, dynamo", "latents [n, 1, L], legacy", "labels, batch of 16, legacy", "Keras, opset 13",
    "quantized", "quantized as it runs",
)  # fmt: skip


@pytest.mark.parametrize("name", CHOSEN)
def test_they_open_and_are_compared(open_window: OpenWindow, qtbot: QtBot, tmp_path: Path, name: str) -> None:
    kind, path = KINDS[name], tmp_path / "g.onnx"
    kind.make(path)
    window = open_window(path)
    assert open_generator(path, "cpu").notice in window.message.text.text()
    wait_for_the_picture(qtbot, window)
    if kind.labels:
        QTest.mouseClick(button(window, "Class 3"), LEFT)
        wait_for_the_picture(qtbot, window)
    other = tmp_path / "other.onnx"
    KINDS["labels, legacy" if kind.labels else "plain, legacy"].make(other)
    with qtbot.waitSignal(window.player.second_ready):
        drop_file(window, other, SHIFT)
    with qtbot.waitSignal(window.player.opened):
        drop_file(window, other)
    window.message.hide()
    with qtbot.waitSignal(window.player.second_ready):
        drop_file(window, path, SHIFT)
    notice = f"g.onnx: {open_generator(path, 'cpu').notice}"
    qtbot.waitUntil(lambda: notice in window.message.text.text())


def test_one_that_cannot_be_opened_is_a_message(
    models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    window = open_window(models["digits"])
    for number, (make, _) in enumerate(REFUSED.values()):
        path = tmp_path / f"{number}.onnx"
        make(path)
        with pytest.raises(ModelRefused) as raised:
            open_generator(path, "cpu")
        for modifier in (Qt.KeyboardModifier.NoModifier, SHIFT):
            with qtbot.waitSignal(window.player.failed) as failed:
                drop_file(window, path, modifier)
            assert failed.args is not None
            assert failed.args[0].sentence == str(raised.value)
            assert str(raised.value) in window.message.text.text()
            window.message.hide()
    assert window.header.model.text().endswith("digits.onnx")
