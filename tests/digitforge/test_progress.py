from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console

from digitforge.progress import bar, spinner


@pytest.mark.parametrize("terminal", [True, False])
def test_progress_is_shown_only_on_a_terminal(terminal: bool) -> None:
    console = Console(file=StringIO(), force_terminal=terminal, width=100)
    with bar(console, "generating", 5) as progress:
        progress.advance(2)
        progress.show(5, 5, "writing")
    with spinner(console) as show:
        show("exporting")
    written = console.file.getvalue()  # type: ignore[attr-defined]
    assert all((text in written) == terminal for text in ("writing", "5/5", "exporting"))


def test_nothing_is_shown_without_a_console() -> None:
    with bar(None, "generating") as progress, spinner(None) as show:
        progress.advance()
        show("exporting")
