"""Exporting a data set."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from tests.support.windows import LEFT, OpenWindow, export, sheet_of


@pytest.mark.parametrize(("form", "name"), [("npz", "set.npz"), ("png", "set")])
def test_a_data_set(
    form: str,
    name: str,
    models: dict[str, Path],
    open_window: OpenWindow,
    qtbot: QtBot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    window = open_window(models["digits"])
    window.editor.edit("digits", lambda state: state.with_seed(3).with_digits((2, 5)))
    sheet = sheet_of(window, "data")
    sheet.dataset.count.clear()
    assert "must be between 1 and" in sheet.summary.text()
    assert not sheet.export.isEnabled()
    QTest.keyClicks(sheet.dataset.count, "20")
    assert "seed 3, 2, 5 in turn" in sheet.dataset.about.text()
    qtbot.waitUntil(lambda: "20 images · about " in sheet.summary.text())
    assert sheet.summary.text().endswith(" kB")
    QTest.mouseClick(sheet.dataset.formats.button(form), LEFT)
    export(window, tmp_path / name, qtbot, monkeypatch)
    assert "Saved 20 images" in window.message.text.text()
    if form == "npz":
        assert np.load(tmp_path / name)["labels"].tolist() == [2, 5] * 10
    else:
        assert len(list((tmp_path / name).glob("*/*.png"))) == 20


@pytest.mark.parametrize(
    ("page", "name"), [("data", "set.npz"), ("picture", "a.png"), ("picture", "a.svg"), ("animation", "a.gif")]
)
def test_a_generator_that_vanished_is_one_sentence(
    models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot, tmp_path: Path, page: str, name: str
) -> None:
    copy = tmp_path / "mine.onnx"
    copy.write_bytes(models["digits"].read_bytes())
    window = open_window(copy)
    sheet = sheet_of(window, page)
    if name == "a.svg":
        sheet.stills.formats.button("svg").click()
    copy.unlink()
    with qtbot.waitSignal(window.task.failed):
        sheet.write(tmp_path / name)
    assert window.message.text.text() == f"{copy} cannot be read: no such file or directory."
    qtbot.waitUntil(lambda: window.task.isHidden())
    assert list(tmp_path.iterdir()) == []
