"""The programs that measure, prove and make things: each has the same flags, and errors are one sentence."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import pytest

from digitforge.errors import RunError
from tests.support.commands import ROOT

PROGRAMS = [
    f"{folder}.{path.stem}"
    for folder in ("bench", "proofs", "tools")
    for path in sorted((ROOT / folder).glob("*.py"))
    if '__name__ == "__main__"' in path.read_text()
]


NEEDED = {
    "bench.fine_tuning": ["sklearn-digits", "--start", "some-run"],
    "proofs.isolated": ["some-file"],
    "tools.emoji": ["some-folder"],
    "tools.tutorial_generator": ["--out", "some-file.onnx"],
}
"""Arguments without which a program does not start."""


def program(name: str) -> Callable[[list[str]], int]:
    main: Callable[[list[str]], int] = importlib.import_module(name).main
    return main


@pytest.mark.parametrize("name", PROGRAMS)
def test_help_offers_json_and_says_how_to_start_it(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        program(name)(["--help"])
    assert ended.value.code == 0
    text = capsys.readouterr().out
    assert text.startswith(f"usage: python -m {name} ")
    assert "--json FILE" in text


# The soak makes the process's only QApplication before anything can fail.
@pytest.mark.parametrize("name", [name for name in PROGRAMS if name != "proofs.soak"])
def test_an_error_is_one_sentence(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: Any) -> None:
        raise RunError("The training failed.")

    monkeypatch.setattr(f"{name}.command", fail)
    assert program(name)(NEEDED.get(name, [])) == 2
    assert capsys.readouterr().err == "error: The training failed.\n"
