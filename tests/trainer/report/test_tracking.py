from __future__ import annotations

from pathlib import Path

import pytest
from accelerate import Accelerator

from digitforge.errors import ConfigError
from trainer.report import tracking
from trainer.train import main

SHORT = ("--dataset", "sklearn-digits", "--preset", "mlp", "--g-layers", "8", "--d-layers", "8", "--batch-size", "32")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the tracker's own package
def test_a_tracker_receives_the_figures_of_the_log(tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    run_dir = tmp_path / "run"
    arguments = [*SHORT, "--images", "128", "--log-every", "32", "--tracker", "tensorboard"]
    assert main([*arguments, "--run-dir", str(run_dir)]) == 0
    events = EventAccumulator(str(run_dir / "tracker" / "digitforge"))
    events.Reload()
    assert {"d_loss", "g_loss", "real_accuracy", "fake_accuracy", "images_per_s"} <= set(events.Tags()["scalars"])
    assert [event.step for event in events.Scalars("g_loss")] == [32, 64, 96, 128]


def test_a_tracker_that_fails_is_said_once_and_training_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ConnectionError("the server is gone")

    monkeypatch.setattr(Accelerator, "log", fail)
    assert main([*SHORT, "--images", "128", "--log-every", "32", "--run-dir", str(tmp_path / "run")]) == 0
    assert capsys.readouterr().out.count("gets no more metrics: the server is gone") == 1
    monkeypatch.setattr(Accelerator, "init_trackers", fail)
    again = ["--tracker", "tensorboard", "--run-dir", str(tmp_path / "again")]
    assert main([*SHORT, *again]) == 2
    assert "did not start (the server is gone)" in capsys.readouterr().err.replace("\n", " ")


def test_a_missing_tracker_is_named_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tracking, "get_available_trackers", list)
    with pytest.raises(ConfigError, match="pip install wandb"):
        tracking.check("wandb")
    assert main([*SHORT, "--tracker", "wandb", "--run-dir", str(tmp_path / "run")]) == 2
    assert "pip install wandb" in capsys.readouterr().err.replace("\n", " ")
    assert not (tmp_path / "run").exists()
