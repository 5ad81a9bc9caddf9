"""What a recorded step is given, on the CPU: recording itself needs a GPU (`make gpu-check`)."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from accelerate import Accelerator

from tests.trainer.test_step import SMALL, weights
from trainer import graphs, launch
from trainer.data import sources
from trainer.data.images import ImageStore
from trainer.graphs import KeptDraws, KeptInputs
from trainer.loop import build
from trainer.presets import configure
from trainer.seeding import Draws
from trainer.step import compute, prepare, step

RATES = {"g_lr": f"{2**-10},{2**-12}@128", "d_lr": str(2**-10)}
"""Numbers of float32, as rates on the device are."""


@pytest.mark.parametrize(
    ("preset", "settings"),
    [
        ("digits", {"penalty_every": 2, "gamma": "0.2,0.1@256"}),
        ("quickstart", {"accumulation": 2, "store": "disk", "label_dropout": 0.3}),
        ("mlp", {"gamma": "10", "penalty": "gradient-penalty", "d_steps": 2, "label_noise": 0.1}),
        ("quickstart", {"augment": "shift:0.1,noise:0.1", "augment_target": 0.2}),
    ],
)
def test_inputs_that_stay_where_they_are_train_to_the_same_bits(preset: str, settings: dict[str, Any]) -> None:
    config = configure(preset, SMALL | RATES | {"precision": "fp32"} | settings)
    accelerator = launch.start(config)
    source = sources.load("sklearn-digits", None)
    store = ImageStore(source, accelerator.device, config.batch_size, 0, config.conditional, config.store)
    plain, kept = build(config, source.format, accelerator), build(config, source.format, accelerator)
    inputs, places = None, []
    for images_seen in range(0, 6 * config.batch_size, config.batch_size):
        figures = step(plain, store, config, accelerator, images_seen)
        kind, fresh = prepare(store, config, accelerator, images_seen)
        inputs = inputs or KeptInputs(fresh, accelerator.device)
        inputs.take(fresh)
        again = compute(kept, config, accelerator, kind, inputs.kept)
        assert figures.keys() == again.keys()
        assert all(torch.equal(figures[name], again[name]) for name in figures)
        places.append([_places(part.draws) for part in inputs.kept.parts])
    store.close()
    assert all(torch.equal(mine, theirs) for mine, theirs in zip(weights(plain), weights(kept), strict=True))
    assert places[2:] == places[1:-1]  # by then, each kind of step has asked for its random numbers


def _places(draws: Draws) -> list[int]:
    assert isinstance(draws, KeptDraws)
    return [numbers.data_ptr() for numbers in draws.kept.values()]


@pytest.mark.parametrize(
    ("settings", "replayed"),
    [
        ({}, True),
        ({"optimizer": "adamw"}, True),
        ({"cuda_graphs": False}, False),
        ({"optimizer": "sgd"}, False),
        ({"recompute": "generator"}, False),
        ({"gamma": "0", "compile": True}, False),
    ],
)
def test_steps_are_replayed_on_one_gpu_alone(
    monkeypatch: pytest.MonkeyPatch, settings: dict[str, Any], replayed: bool
) -> None:
    config = configure("quickstart", settings)
    accelerator = Accelerator(cpu=True)
    assert not graphs._replayable(config, accelerator)
    monkeypatch.setattr(accelerator.state, "device", torch.device("cuda"))
    assert graphs._replayable(config, accelerator) == replayed
