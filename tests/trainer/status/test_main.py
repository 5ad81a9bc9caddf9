from __future__ import annotations

import io
import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from digitforge.locks import Owner
from trainer.status import __main__ as status
from trainer.status.states import RunState
from trainer.status.table import brief, duration, status_report

TRAINING = RunState(
    "runs/search-of-widths-and-rates/trial-000",
    "running",
    Owner("node-17", 4242, "2026-01-02 03:04:05", "ada", "71"),
    images=1_250_000,
    images_goal=3_000_000,
    images_per_s=3_600.4,
    metric="frechet_distance",
    score=0.9405,
    floor=0.0107,
    checkpoint_age_s=65.0,
)
STATES = [
    TRAINING,
    RunState("runs/b", "failed", None, "Training has diverged.", 640, 3_000_000, images_per_s=10.0),
    RunState("runs/c", "finished", None, "", 3_000_000, 3_000_000, checkpoint_age_s=90_000.0),
    RunState("runs/d", "waiting", images_goal=360_000),
]


def printed(width: int, terminal: bool, most: int | None = None) -> str:
    console = Console(file=io.StringIO(), width=width, force_terminal=terminal, color_system=None)
    console.print(status_report(STATES, console, most), highlight=False)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_everything_is_said_in_a_pipe_and_at_60_columns() -> None:
    wide, narrow = printed(1_000, False), printed(60, True)
    assert max(map(len, narrow.splitlines())) <= 60
    facts = (
        "running", "1.25M of 3M", "8 min", "3,600", "0.94", "0.0107", "65 s ago", "Training has diverged.",
        "process 4242 on node-17", "by ada", "25 h 00 min ago", "4 runs: 1 running, 1 finished, 1 failed, 1 waiting",
    )  # fmt: skip
    for said in facts:
        assert said in wide
        assert said in " ".join(narrow.split()), said
    assert "search-of-widths-and-rates/trial-000" in wide
    assert "…" in narrow


def test_where_the_window_is_low_what_runs_and_what_failed_comes_first() -> None:
    shown = printed(100, True, most=2)
    assert "4 runs: 1 running, 1 finished, 1 failed, 1 waiting; 2 are not shown" in shown
    assert "trial-000" in shown
    assert "Training has diverged." in shown
    assert "360k" not in shown


@pytest.mark.parametrize(("seconds", "said"), [
    (None, "–"), (0, "0 s"), (99, "99 s"), (100, "2 min"), (6_000, "1 h 40 min"),
    (47 * 3600, "47 h 00 min"), (48 * 3600, "2.0 days"),
])  # fmt: skip
def test_durations(seconds: float | None, said: str) -> None:
    assert duration(seconds) == said


@pytest.mark.parametrize(("number", "said"), [(None, "?"), (640, "640"), (12_800, "12.8k"), (3_000_000, "3M")])
def test_numbers_of_images(number: int | None, said: str) -> None:
    assert brief(number) == said


def test_json_and_the_table_of_a_real_run(trained_run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert status.main([str(trained_run.parent), "--json"]) == 0
    (run,) = json.loads(capsys.readouterr().out)["runs"]
    assert (run["run"], run["state"], run["images"], run["images_goal"]) == (str(trained_run), "finished", 3840, 3840)
    assert run["images_per_s"] > 0
    assert status.main([str(trained_run)]) == 0
    assert "finished   3.84k of 3.84k" in capsys.readouterr().out
    assert status.main([str(trained_run), "--json", "--watch"]) == 2
    assert status.main([str(trained_run / "nothing")]) == 2


def test_the_command_needs_no_torch_and_watches_until_ctrl_c(trained_run: Path, project: Path) -> None:
    script = (
        "import sys; from trainer.status.__main__ import main; status = main(sys.argv[1:]);"
        "assert 'torch' not in sys.modules; sys.exit(status)"
    )
    command = [sys.executable, "-c", script, str(trained_run), "--watch"]
    with subprocess.Popen(
        command, cwd=project, stdout=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell's `make test &` ignores it
    ) as process:  # fmt: skip
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(4)]
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
    assert any("finished" in line for line in lines)
