"""Dialogs over the window: keys, what runs here, about; messages that can be acted on; errors."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QThread
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QLabel, QPushButton
from pytestqt.qtbot import QtBot

from export import doctor
from export.doctor import Row
from viewer.core.state.keys import KEYS
from viewer.ui.dialogs.about import AboutDialog
from viewer.ui.dialogs.doctor import as_text
from viewer.ui.dialogs.shortcuts import ShortcutSheet, keys_of
from viewer.ui.exception_hook import ExceptionHook
from viewer.ui.window import Window

OpenWindow = Callable[..., Window]
LEFT = Qt.MouseButton.LeftButton


def texts(widget: object) -> str:
    assert isinstance(widget, AboutDialog | ShortcutSheet)
    return "\n".join(one.text() for one in widget.findChildren(QLabel) if not one.isHidden())


@pytest.mark.parametrize("key", [Qt.Key.Key_F1, Qt.Key.Key_Question])
def test_the_keys_are_shown_by_key(models: dict[str, Path], open_window: OpenWindow, key: Qt.Key) -> None:
    window = open_window(models["digits"])
    QTest.keyClick(window, key)
    sheet = window.findChild(ShortcutSheet)
    assert sheet is not None
    assert sheet.isVisible()
    assert "Play or pause" in texts(sheet)


def test_the_sheet_says_what_every_action_does(models: dict[str, Path], open_window: OpenWindow) -> None:
    window = open_window(models["digits"])
    window.editor.edit("seed", lambda state: state.with_seed(3))
    sections = dict(keys_of(window, (window.timeline.strip, window.pad.view, window.favourites.list)))
    everywhere = dict(sections["Everywhere"])
    assert everywhere["Ctrl+Z"] == "Undo", "not what would be undone"
    assert everywhere["Ctrl+D"] == "Keep"
    assert everywhere["F1, ?"] == "Keyboard"
    assert dict(sections["Modes"])["Alt+4"].startswith("Write")
    assert dict(sections["Timeline"])["Delete"] == "Remove"
    assert dict(sections["Favourites"])["F2"] == "Rename it"
    every = [action for action in window.findChildren(QAction) if action.shortcuts()]
    said = "\n".join(keys for rows in sections.values() for keys, _ in rows)
    for action in every:
        assert action.shortcut().toString() in said, action.text()


def documented(page: Path) -> set[str]:
    """Return the keys in the table of the viewer reference."""
    rows = page.read_text(encoding="utf-8").partition("## Keys")[2].partition("\n## ")[0].splitlines()
    cells = [row.split(" | ")[0].removeprefix("| ").rpartition(": ")[2] for row in rows if row.startswith("| ")]
    found = set(", ".join(cells[1:]).split(", "))
    for key in [key for key in found if " – " in key]:
        first, last = key.split(" – ")
        found |= {first[:-1] + str(number) for number in range(int(first[-1]), int(last[-1]) + 1)}
    for key in [key for key in found if key.endswith("+arrows")]:
        found |= {key.replace("arrows", way) for way in ("Left", "Right", "Up", "Down")}
    return {{"Enter": "Return", "Escape": "Esc"}.get(key, key) for key in found}


def test_the_page_names_every_key_and_no_other(models: dict[str, Path], open_window: OpenWindow, project: Path) -> None:
    window = open_window(models["digits"])
    named = documented(project / "docs" / "viewer-reference.md")
    shortcuts = [key for action in window.findChildren(QAction) for key in action.shortcuts()]
    shortcuts += [
        button.shortcut() for button in window.findChildren(QAbstractButton) if not button.shortcut().isEmpty()
    ]
    keys = {key.toString() for key in shortcuts} | {key for key, _ in KEYS}
    plain_plus = {"=", "Ctrl+="}  # where + needs Shift
    assert keys - plain_plus - {"Enter"} <= named
    pressed = {
        key for key in named if key.startswith(("Ctrl+", "Alt+", "F1")) and "arrows" not in key and " – " not in key
    }
    assert pressed <= keys


def test_undo_and_redo_say_what_and_have_their_keys(models: dict[str, Path], open_window: OpenWindow) -> None:
    window = open_window(models["digits"])
    undo, redo = (button.defaultAction() for button in window.header.buttons[:2])
    assert (undo.text(), undo.isEnabled()) == ("Undo", False)
    window.editor.edit("truncation", lambda state: state.with_truncation(0.5))
    assert (undo.text(), undo.toolTip()) == ("Undo truncation", "Undo truncation")
    QTest.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert window.player.state.truncation == 1.0
    assert (undo.text(), redo.text()) == ("Undo", "Redo truncation")
    QTest.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    assert window.player.state.truncation == 0.5
    window.editor.stack.undo()
    QTest.keyClick(window, Qt.Key.Key_Y, Qt.KeyboardModifier.ControlModifier)
    assert window.player.state.truncation == 0.5


def test_about_names_versions_licences_and_where_the_generator_comes_from(
    open_window: OpenWindow, project: Path
) -> None:
    window = open_window(project / "viewer" / "models" / "digits.onnx")
    window.menu.show_about()
    dialog = window.findChild(AboutDialog)
    assert dialog is not None
    shown = texts(dialog)
    for part in ("PySide6", "LGPL", "onnxruntime", "numpy", "Pillow", "CC BY-SA 3.0", "6000000"):
        assert part in shown
    assert "batch_size" not in shown
    fold = next(one for one in dialog.findChildren(QPushButton) if one.text() == "Config")
    QTest.mouseClick(fold, LEFT)
    assert "batch_size: 128" in texts(dialog)


@pytest.fixture
def quick_doctor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "SECONDS", 0.0)


@pytest.mark.usefixtures("quick_doctor")
def test_what_runs_here_from_the_status_line(models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window(models["digits"])
    QTest.mouseClick(window.status.provider, LEFT)
    dialog = window.menu.doctor
    assert dialog is not None
    qtbot.waitUntil(lambda: dialog.report is not None and dialog.copy.isEnabled())
    QTest.mouseClick(dialog.copy, LEFT)
    copied = QGuiApplication.clipboard().text()
    assert "onnxruntime" in copied
    assert "digits.onnx" in copied
    assert dialog.report is not None
    assert copied == as_text(dialog.report)
    QTest.mouseClick(dialog.again, LEFT)
    assert not dialog.again.isEnabled()
    window.close()
    assert dialog._background is None


def test_a_report_as_text() -> None:
    rows = (Row("CUDA", "does not run.", "broken", "install a driver"), Row("CPUs", "2"))
    assert as_text(doctor.Report(rows)) == (
        "digitforge doctor\n[broken] CUDA: does not run. (to fix it: install a driver)\n[info] CPUs: 2\n"
    )


def test_a_file_that_is_not_there_leads_to_another(
    models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = open_window(models["digits"])
    with qtbot.waitSignal(window.player.failed):
        window.player.open(Path("nowhere.onnx"))
    assert window.message.offer.text() == "Open another…"
    monkeypatch.setattr("viewer.ui.actions.QFileDialog.getOpenFileName", lambda *_: (str(models["other"]), ""))
    with qtbot.waitSignal(window.player.opened):
        QTest.mouseClick(window.message.offer, LEFT)
    assert not window.message.isVisible()


def test_a_message_without_an_offer_has_no_button(models: dict[str, Path], open_window: OpenWindow) -> None:
    window = open_window(models["digits"])
    window.message.show_error("It failed.", ("Do", window.message.hide))
    assert window.message.offer.isVisible()
    window.message.show_info("All is well.")
    assert not window.message.offer.isVisible()


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> ExceptionHook:
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    found = ExceptionHook()
    found.install()
    return found


def test_an_error_in_a_slot_is_a_message_with_details(
    models: dict[str, Path], open_window: OpenWindow, hook: ExceptionHook, capsys: pytest.CaptureFixture[str]
) -> None:
    window = open_window(models["digits"])
    hook.caught.connect(window.show_unexpected_error)
    window.menu.actions()[0].triggered.connect(lambda: 1 // 0)
    button = QPushButton(window)
    button.clicked.connect(lambda: int("missing"))
    button.click()
    assert "ValueError" in window.message.text.text()
    QTest.mouseClick(window.message.offer, LEFT)
    assert "Traceback" in QGuiApplication.clipboard().text()
    assert "ValueError" in capsys.readouterr().err
    button.click()
    assert not window.message.isVisible(), "the same again is not told again"
    QTest.keyClick(window.canvas, Qt.Key.Key_Right)
    assert window.player.state.seed == 1, "everything goes on"


def test_an_error_in_a_thread_is_a_message_too(
    models: dict[str, Path], open_window: OpenWindow, hook: ExceptionHook, qtbot: QtBot
) -> None:
    class Broken(QThread):
        def run(self) -> None:
            raise LookupError("in Qt's thread")

    window = open_window(models["digits"])
    hook.caught.connect(window.show_unexpected_error)
    broken = Broken()
    broken.start()
    broken.wait()
    qtbot.waitUntil(lambda: "in Qt's thread" in window.message.text.text())
    thread = threading.Thread(target=lambda: [][1])
    thread.start()
    thread.join()
    qtbot.waitUntil(lambda: "IndexError" in window.message.text.text())


def test_leaving_is_not_an_error(hook: ExceptionHook, monkeypatch: pytest.MonkeyPatch) -> None:
    passed: list[type[BaseException]] = []
    monkeypatch.setattr(hook, "_before", (lambda kind, *_: passed.append(kind), threading.excepthook))
    sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert passed == [KeyboardInterrupt]
