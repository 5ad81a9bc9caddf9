"""The training command as users run it, on the digits of scikit-learn."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from tests.support.commands import ROOT, TRAIN, TRAINED
from tests.support.forks import Fork
from trainer.presets import configure
from trainer.train import main

TINY = ("--g-width", "8", "--d-width", "8", "--images", "1000000", "--log-every", "1280")


def same_weights(first: Path, second: Path) -> bool:
    """Return whether two runs have the same final state, bit for bit: averaged weights, networks, optimisers."""
    for name in ("generator.safetensors", "checkpoints/000000003840/state.safetensors"):
        mine, theirs = load_file(first / name), load_file(second / name)
        if mine.keys() != theirs.keys() or not all(mine[key].equal(theirs[key]) for key in mine):
            return False
    return True


def test_a_run_directory_describes_itself(trained_run: Path) -> None:
    record = json.loads((trained_run / "config.json").read_text())
    assert record["config"]["preset"] == "digits"
    assert record["config"]["dataset"] == "sklearn-digits"
    lines = [json.loads(line) for line in (trained_run / "log.jsonl").read_text().splitlines()]
    assert [line["images"] for line in lines][-1] == 3840
    assert all({"d_loss", "g_loss", "images_per_s"} <= line.keys() for line in lines)
    assert sorted(path.name for path in (trained_run / "checkpoints").iterdir()) == ["000000002560", "000000003840"]
    grids = sorted((trained_run / "samples").glob("*.png"))
    assert [path.stem for path in grids] == ["000000000000", "000000002560", "000000003840"]
    with Image.open(grids[0]) as first, Image.open(grids[-1]) as last:
        assert first.size == last.size == (560, 560)
        assert first.tobytes() != last.tobytes()
    assert (trained_run / "report.html").read_text().count("data:image/png") == 3


def wait_for_checkpoint(run_dir: Path, running: Callable[[], bool]) -> None:
    while running() and not list((run_dir / "checkpoints").glob("0*")):
        time.sleep(0.005)


@pytest.mark.parametrize(
    "number",
    [
        pytest.param(signal.SIGKILL, id="kill -9"),
        pytest.param(signal.SIGTERM, id="TERM"),
        pytest.param(signal.SIGINT, id="Ctrl-C", marks=pytest.mark.slow),  # test_interrupts presses it in a terminal
        pytest.param(signal.SIGHUP, id="HUP", marks=pytest.mark.slow),
    ],
)
def test_a_stopped_run_ends_as_one_that_was_never_stopped(
    trained_run: Path, tmp_path: Path, number: signal.Signals
) -> None:
    run_dir = tmp_path / "stopped"
    arguments = [*TRAINED, "--run-dir", str(run_dir)]
    training = Fork(tmp_path / "first.txt", main, arguments)
    wait_for_checkpoint(run_dir, lambda: training.running)
    os.kill(training.pid, number)
    status, output = training.wait()
    checkpoints = sorted(path.name for path in (run_dir / "checkpoints").glob("0*"))
    assert "000000003840" not in checkpoints, f"the run was over before it was stopped: {output}"
    if number == signal.SIGKILL:
        assert status == -signal.SIGKILL
    else:
        assert status == 0, output
        assert "checkpoint saved. Give the same command again to resume." in output
    status, output = Fork(tmp_path / "again.txt", main, arguments).wait()
    assert status == 0, output
    assert f"Resuming after {int(checkpoints[-1]):,} images." in output
    assert same_weights(run_dir, trained_run)
    images = [json.loads(line)["images"] for line in (run_dir / "log.jsonl").read_text().splitlines()]
    assert images == sorted(set(images)), "no line of the log stands twice"


def struck_launch(
    run_dir: Path, number: int, victim: Callable[[int], int] = lambda launcher: launcher
) -> tuple[int, str]:
    """Launch a long training; after the first checkpoint send the signal `number`. Returns the status and the output.

    victim: maps the launcher's process to the one that gets the signal.
    """
    command = [sys.executable, *TRAIN, *TRAINED, "--images", "1000000", "--run-dir", str(run_dir)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as launcher:
        wait_for_checkpoint(run_dir, lambda: launcher.poll() is None)
        os.kill(victim(launcher.pid), number)
        output, _ = launcher.communicate(timeout=60)
        return launcher.returncode, output


def test_a_lost_pipe_saves_and_nohup_goes_on(project: Path, tmp_path: Path) -> None:
    run_dir = tmp_path / "piped"
    command = [sys.executable, "trainer/train.py", *TRAINED, *TINY, "--run-dir", str(run_dir)]
    with subprocess.Popen(
        command, cwd=project, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN),  # as nohup does
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.send_signal(signal.SIGHUP)
        while process.poll() is None and not list((run_dir / "checkpoints").glob("0*")):
            time.sleep(0.005)
        first = max((run_dir / "checkpoints").glob("0*"))
        process.stdout.close()
        errors = process.stderr.read()
    assert process.returncode == 0, errors
    assert errors == "Standard output was closed: saving and stopping.\n"
    assert max((run_dir / "checkpoints").glob("0*")) > first


def test_the_main_process_speaks_before_the_others_end(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    waits: list[float] = []
    monkeypatch.setattr(time, "sleep", waits.append)
    monkeypatch.setenv("RANK", "1")
    assert main(["--imags", "1"]) == 2
    assert waits == [], "only torch's launcher ends all processes with the first"
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "none")
    assert main(["--imags", "1"]) == 2
    assert waits == [10]
    assert capsys.readouterr().err == ""
    monkeypatch.setenv("RANK", "")
    assert main(["--imags", "1"]) == 2
    assert waits == [10]
    assert "did you mean --images?" in capsys.readouterr().err


def test_the_trainer_does_not_outlive_its_launcher(tmp_path: Path) -> None:
    status, output = struck_launch(tmp_path / "orphan", signal.SIGKILL)
    # communicate() has returned, so the trainer, which had the same pipe, has ended too.
    assert status == -signal.SIGKILL
    assert "checkpoint saved" in output


def test_the_launchers_trainer_stops_on_sigterm_without_an_error(tmp_path: Path) -> None:
    status, output = struck_launch(
        tmp_path / "stopped", signal.SIGTERM, lambda launcher: psutil.Process(launcher).children()[0].pid
    )
    assert status == 0, output
    assert output.splitlines()[-1].endswith("checkpoint saved. Give the same command again to resume.")


def test_finished_runs_do_no_more_and_may_be_lengthened(
    trained_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_dir = tmp_path / "run"
    arguments = [*TRAINED, "--batch-size", "64", "--g-width", "8", "--d-width", "8", "--run-dir", str(run_dir)]
    assert main([*arguments, "--images", "256"]) == 0
    before = (run_dir / "generator.safetensors").read_bytes()
    assert main([*arguments, "--images", "256"]) == 0
    assert (run_dir / "generator.safetensors").read_bytes() == before
    assert main([*arguments, "--images", "512"]) == 0
    assert "Trained on 512 images" in capsys.readouterr().out.replace("\n", " ")


@pytest.fixture
def small_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """The arguments of an existing run."""
    arguments = [
        "--dataset",
        "sklearn-digits",
        "--images",
        "128",
        "--batch-size",
        "64",
        "--run-dir",
        str(tmp_path / "r"),
    ]
    assert main(arguments) == 0
    capsys.readouterr()
    return arguments


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--g-lr", "0.1", "--seed", "3"], f"seed: 3, not 0; g_lr: 0.1, not {configure('digits', {}).g_lr}"),
        (["--resume", "never"], "already holds a run"),
        (["--preset", "quickstat"], "did you mean quickstart?"),
        (["--preset", "[/x]"], "There is no preset '[/x]'"),
    ],
)
def test_what_cannot_be_meant_is_refused_and_changes_nothing(
    small_run: list[str], more: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run_dir = Path(small_run[-1])
    before = {path: path.read_bytes() for path in run_dir.rglob("*") if path.is_file()}
    assert main([*small_run, *more]) == 2
    error = capsys.readouterr().err
    assert said in error.replace("\n", " ")
    assert "Traceback" not in error
    assert {path: path.read_bytes() for path in run_dir.rglob("*") if path.is_file()} == before


def test_auto_keeps_to_the_runs_own_data(small_run: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--images", "192", *small_run[4:]]) == 0  # without --dataset
    assert "on sklearn-digits" in capsys.readouterr().out


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    assert main(["--dataset", "sklearn-digits", "--run-dir", str(tmp_path)]) == 2
    assert "is not empty and holds no digitforge run" in capsys.readouterr().err.replace("\n", " ")
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_what_killed_writers_left_is_swept_and_a_living_writers_file_is_not(small_run: list[str]) -> None:
    run_dir, nobody = Path(small_run[-1]), 2**22 + 1  # beyond Linux's largest pid
    left = [run_dir / f".config.{nobody}.json", run_dir / "samples" / f".000000000128.{nobody}.png"]
    kept = [run_dir / f".generator.{os.getpid()}.onnx", run_dir / "samples" / "000000000128.png"]
    for path in [*left, kept[0]]:
        path.write_text("half")
    partial = run_dir / "checkpoints" / ".000000000077.partial"
    partial.mkdir()
    assert main([*small_run, "--images", "256"]) == 0
    assert not any(path.exists() for path in [*left, partial])
    assert all(path.exists() for path in kept)


def test_must_resume_needs_a_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--dataset", "sklearn-digits", "--run-dir", str(tmp_path / "new"), "--resume", "must"]
    assert main(arguments) == 2
    assert "holds no run to resume" in capsys.readouterr().err.replace("\n", " ")
    assert not (tmp_path / "new").exists()


def test_divergence_stops_with_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--dataset", "sklearn-digits", "--images", "6400", "--log-every", "640", "--g-lr", "1", "--d-lr", "1"]
    arguments += ["--gamma", "1e39", "--batch-size", "64", "--run-dir", str(tmp_path / "r")]
    assert main(arguments) == 2
    assert "training has diverged" in capsys.readouterr().err.replace("\n", " ")


@pytest.mark.parametrize(
    "error", [torch.OutOfMemoryError("CUDA out of memory."), RuntimeError("DefaultCPUAllocator: can't allocate memory")]
)
def test_too_little_memory_is_a_sentence(
    error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def train(*_: object) -> None:
        raise error

    monkeypatch.setattr("trainer.train.train", train)
    assert main(["--dataset", "sklearn-digits", "--run-dir", str(tmp_path / "r")]) == 2
    assert "Out of memory. Lower --batch-size" in capsys.readouterr().err.replace("\n", " ")


def test_falling_back_is_said_in_a_box(tmp_path: Path) -> None:
    nowhere = {"COLUMNS": "80", "DIGITFORGE_DATA": "", "XDG_CACHE_HOME": str(tmp_path), "no_proxy": ""}
    nowhere |= dict.fromkeys(("http_proxy", "https_proxy"), "http://127.0.0.1:9")
    arguments = ["--images", "128", "--g-width", "8", "--d-width", "8", "--run-dir", str(tmp_path / "r")]
    status, output = Fork(tmp_path / "auto.txt", main, arguments, **nowhere).wait()
    assert status == 0, output
    assert "Not MNIST" in output
    assert "a new --run-dir." in output, "nothing is cut off at the terminal's width"
    assert json.loads((tmp_path / "r" / "config.json").read_text())["config"]["dataset"] == "sklearn-digits"
    status, output = Fork(tmp_path / "named.txt", main, [*arguments, "--dataset", "mnist"], **nowhere).wait()
    assert status == 2
    assert "--data-dir" in output
    assert "Traceback" not in output


def train_on_a_full_disk(arguments: list[str]) -> int:
    """Train with a limit on the size of files, which makes writing fail in the same place as a full disk."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
    return main(arguments)


def test_a_full_disk_ends_the_run_with_a_sentence(tmp_path: Path) -> None:
    arguments = [*TRAINED, "--images", "256", "--run-dir", str(tmp_path / "r")]
    status, output = Fork(tmp_path / "output.txt", train_on_a_full_disk, arguments).wait()
    assert status == 2, output
    assert output.count("error: ") == 1
    assert "could not be written: file too large." in output
    assert "Traceback" not in output
    assert not list((tmp_path / "r").rglob(".*")), "nothing half-written stays"


def test_a_place_that_cannot_be_written_to_gets_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--dataset", "sklearn-digits", "--run-dir", os.devnull + "/run"]) == 2
    assert capsys.readouterr().err.startswith("error: ")


def test_a_run_whose_checkpoints_are_all_damaged_is_not_begun_again(
    small_run: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    run_dir = Path(small_run[-1])
    (state,) = run_dir.glob("checkpoints/*/state.safetensors")
    state.write_bytes(state.read_bytes()[:-1])
    before = (run_dir / "generator.safetensors").read_bytes(), (run_dir / "log.jsonl").read_bytes()
    assert main([*small_run, "--images", "256"]) == 2
    assert "All checkpoints in" in capsys.readouterr().err
    assert ((run_dir / "generator.safetensors").read_bytes(), (run_dir / "log.jsonl").read_bytes()) == before


def test_a_damaged_checkpoint_is_passed_over_and_set_aside(
    small_run: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    run_dir = Path(small_run[-1])
    assert main([*small_run, "--images", "256"]) == 0
    (run_dir / "checkpoints" / "000000000256" / "manifest.json").unlink()
    (run_dir / "checkpoints" / "000000000256.damaged" / "of before").mkdir(parents=True)
    assert main([*small_run, "--images", "192"]) == 0
    said = capsys.readouterr().out.replace("\n", " ")
    assert "Skipped damaged checkpoint 000000000256." in said
    assert "Resuming after 128 images." in said
    names = sorted(path.name for path in (run_dir / "checkpoints").iterdir())
    assert names == ["000000000128", "000000000192", "000000000256.damaged"]
