"""The panel of docs/extending.md."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from pytestqt.qtbot import QtBot

from viewer.core.state.view_state import ViewState


def test_the_panel_of_the_page_edits_the_state(qtbot: QtBot) -> None:
    page = Path(__file__).parents[4].joinpath("docs", "extending.md").read_text(encoding="utf-8")
    found = re.search(r"## A panel.*?```python\n(.*?)```", page, re.DOTALL)
    assert found
    module: dict[str, Any] = {"__name__": "first_seed"}
    exec(found[1], module)  # noqa: S102
    panel = module["FirstSeedPanel"]()
    qtbot.addWidget(panel)
    state = ViewState(seed=7)
    panel.show_state(state)
    with qtbot.waitSignal(panel.edited) as edited:
        panel.button.click()
    name, change = edited.args
    assert (name, change(state).seed) == ("seed", 0)
    panel.show_state(change(state))
    assert not panel.button.isEnabled()
