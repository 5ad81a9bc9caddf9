"""The inputs and kinds of recorded steps, on the CPU; recording itself needs a GPU (`make gpu-check`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from accelerate import Accelerator
from accelerate.utils import DistributedType
from torch import Tensor

from digitforge.errors import RunError
from tests.support.steps import SMALL, trained, weights
from trainer import graphs, launch
from trainer.data import datasets
from trainer.data.batches import Batches
from trainer.graphs import GraphedStep, Recording, StaticDraws, StaticInputs
from trainer.presets import configure
from trainer.state import Networks, Run, build_networks
from trainer.step import StepInputs, StepKind, compute, prepare, step

RATES = {"g_lr": f"{2**-10},{2**-12}@128", "d_lr": str(2**-10)}
"""Exact in float32, like learning rates on the device."""


@pytest.mark.parametrize(
    ("preset", "settings"),
    [
        ("digits", {"penalty_every": 2, "gamma": "0.2,0.1@256"}),
        ("quickstart", {"accumulation": 2, "store": "disk", "label_dropout": 0.3}),
        ("mlp", {"gamma": "10", "penalty": "gradient-penalty", "d_steps": 2, "label_noise": 0.1}),
        ("quickstart", {"augment": "shift:0.1,noise:0.1", "augment_target": 0.2}),
    ],
)
def test_static_inputs_train_to_the_same_bits(preset: str, settings: dict[str, Any]) -> None:
    config = configure(preset, SMALL | RATES | {"precision": "fp32"} | settings)
    accelerator = launch.start(config)
    source = datasets.load("sklearn-digits", None)
    batches = Batches(source, accelerator.device, config.batch_size, 0, config.conditional, config.store)
    plain, static = (
        Run(config, batches, build_networks(config, source.format, accelerator), accelerator) for _ in range(2)
    )
    inputs, places = None, []
    for images_seen in range(0, 6 * config.batch_size, config.batch_size):
        metrics = step(plain, images_seen)
        kind, fresh = prepare(static, images_seen)
        inputs = inputs or StaticInputs(fresh, accelerator.device)
        inputs.copy_from(fresh)
        again = compute(static, kind, inputs.inputs)
        assert metrics.keys() == again.keys()
        assert all(torch.equal(metrics[name], again[name]) for name in metrics)
        places.append(_addresses(inputs.inputs))
    batches.close()
    pairs = zip(weights(plain.networks), weights(static.networks), strict=True)
    assert all(torch.equal(mine, theirs) for mine, theirs in pairs)
    assert places[2:] == places[1:-1]  # by then, each kind of step has drawn its random numbers once


def _addresses(inputs: StepInputs) -> list[int]:
    """Return the addresses of all tensors that a recorded step reads."""
    read = [inputs.g_lr, inputs.d_lr, inputs.penalty_weight]
    for each in inputs.micro_batches:
        assert isinstance(each.draws, StaticDraws)
        read += [each.reals, *([] if each.y is None else [each.y]), *each.draws.drawn.values()]
    tensors = [tensor for tensor in read if isinstance(tensor, Tensor)]
    assert len(tensors) == len(read)
    return [tensor.data_ptr() for tensor in tensors]


class FakeGraph:
    """Computes the step instead of replaying it, and leaves its metrics where the graph would."""

    def __init__(self, compute: Callable[[], dict[str, Tensor]], values: Tensor) -> None:
        self.compute, self.values = compute, values

    def replay(self) -> None:
        self.values.copy_(torch.stack(list(self.compute().values())))


class FakeGraphs(GraphedStep):
    """Works without a GPU."""

    def _compute(self, kind: StepKind, inputs: StaticInputs) -> dict[str, Tensor]:
        return compute(self._run, kind, inputs.inputs)

    def _record(self, kind: StepKind, inputs: StaticInputs) -> Recording:
        names = ["d_loss", "real_accuracy", "fake_accuracy", *(["g_loss"] if kind.generator else [])]
        values = torch.zeros(len(names))
        graph: Any = FakeGraph(lambda: self._compute(kind, inputs), values)
        return Recording(graph, names, values)


class Unrecordable(FakeGraphs):
    """Fails to record."""

    error: RuntimeError

    def _record(self, kind: StepKind, inputs: StaticInputs) -> Recording:
        raise self.error


def graphed(monkeypatch: pytest.MonkeyPatch, how: type[GraphedStep], **settings: Any) -> tuple[GraphedStep, Networks]:
    monkeypatch.setattr(torch.cuda, "Stream", lambda device: device)
    config = configure("mlp", SMALL | RATES | {"precision": "fp32"} | settings)
    accelerator = launch.start(config)
    source = datasets.load("sklearn-digits", None)
    batches = Batches(source, accelerator.device, config.batch_size, config.seed, config.conditional)
    networks = build_networks(config, source.format, accelerator)
    return how(Run(config, batches, networks, accelerator)), networks


def test_each_kind_of_step_is_computed_three_times_and_then_replayed(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = {"d_steps": 2, "gamma": "0.5,0@640"}
    next_step, networks = graphed(monkeypatch, FakeGraphs, **settings)
    metrics = [next_step(number * 64) for number in range(20)]
    expected, of_steps = trained(configure("mlp", SMALL | RATES | {"precision": "fp32"} | settings), 20)
    assert [{name: value.item() for name, value in each.items()} for each in metrics] == of_steps
    assert all(torch.equal(mine, theirs) for mine, theirs in zip(weights(networks), weights(expected), strict=True))
    kinds = {StepKind(penalised, generator, False) for penalised in (True, False) for generator in (True, False)}
    assert next_step._computed == dict.fromkeys(kinds, 3)
    assert next_step._recordings.keys() == kinds


def test_a_recording_that_fails_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    next_step, _ = graphed(monkeypatch, Unrecordable)
    for number in range(3):
        next_step(number * 64)
    monkeypatch.setattr(Unrecordable, "error", RuntimeError("operation not permitted\nmore"), raising=False)
    with pytest.raises(RunError, match=r"--cuda-graphs false. \(operation not permitted\)$"):
        next_step(192)
    monkeypatch.setattr(Unrecordable, "error", RuntimeError("CUDA error: out of memory"))
    with pytest.raises(RuntimeError, match=r"^CUDA error"):
        next_step(192)


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
    assert not graphs._can_record(config, accelerator)
    monkeypatch.setattr(accelerator.state, "device", torch.device("cuda"))
    assert graphs._can_record(config, accelerator) == replayed
    monkeypatch.setattr(accelerator.state, "distributed_type", DistributedType.MULTI_GPU)
    assert not graphs._can_record(config, accelerator)
