"""The menu of recent generators."""

from __future__ import annotations

from pathlib import Path

from pytestqt.qtbot import QtBot

from tests.support.windows import OpenWindow


def test_recent_generators_are_opened_and_missing_ones_are_disabled(
    models: dict[str, Path], open_window: OpenWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    gone = tmp_path / "gone.onnx"
    gone.write_bytes(models["other"].read_bytes())
    window = open_window(models["digits"])
    with qtbot.waitSignal(window.player.opened):
        window.open(gone)
    gone.unlink()
    window.recent.aboutToShow.emit()
    offered = {action.text(): action for action in window.recent.actions()}
    missing = next(action for text, action in offered.items() if text.endswith("gone.onnx (gone)"))
    assert not missing.isEnabled()
    with qtbot.waitSignal(window.player.opened):
        next(action for text, action in offered.items() if text.endswith("/digits.onnx")).trigger()
    assert window.player.model is not None
    assert window.player.model.path == models["digits"]
    offered["Clear this list"].trigger()
    window.recent.aboutToShow.emit()
    assert "The bundled generator" in {action.text() for action in window.recent.actions()}
    assert window.settings.current.recent == ()
