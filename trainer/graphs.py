"""Steps recorded as CUDA graphs and replayed.

The networks are so small that a GPU spends most of a step waiting for the host, which launches several hundred kernels
one after the other. A CUDA graph records these launches once and repeats them with a single call. It reads and writes
the same memory each time, so the inputs of a step are copied to where those of the recorded step were. Replaying
computes the same bits as the step itself, apart from the operations that do not repeat on a GPU (see `augment`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from accelerate import Accelerator
from accelerate.utils import DistributedType
from torch import Tensor

from digitforge.errors import RunError
from trainer import launch
from trainer.config import TrainConfig
from trainer.optimizers import OPTIMIZERS
from trainer.seeding import Draws
from trainer.state import Run
from trainer.step import MicroBatch, StepInputs, StepKind, compute, prepare, step

WARM_UP_STEPS = 3
"""Steps of each kind that are computed before one is recorded: in them, libraries choose and load their kernels."""


def make_step(run: Run) -> Callable[[int], dict[str, Tensor]]:
    """Return `step` as a function of the images seen, recorded as CUDA graphs where possible."""
    if _can_record(run.config, run.accelerator):
        return GraphedStep(run)
    return lambda images_seen: step(run, images_seen)


def _can_record(config: TrainConfig, accelerator: Accelerator) -> bool:
    """Return whether steps can be recorded.

    Not in a process group, whose communication is not recorded; not with recomputed activations, which save and restore
    random states; and not with compiled networks, which may use CUDA graphs themselves.
    """
    return (
        config.cuda_graphs
        and accelerator.device.type == "cuda"
        and accelerator.distributed_type == DistributedType.NO
        and config.recompute == "none"
        and not config.compile
        and OPTIMIZERS[config.optimizer].graphable
    )


@dataclass(frozen=True)
class Recording:
    """A recorded step and its results."""

    graph: torch.cuda.CUDAGraph
    names: list[str]
    """Names of the metrics."""
    values: Tensor
    """The metrics of the last replay, float32 [names]."""


class GraphedStep:
    """`step`, recorded once for each kind of step and replayed from then on."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._inputs: StaticInputs | None = None
        self._computed = Counter[StepKind]()
        self._recordings: dict[StepKind, Recording] = {}
        # Recording needs a stream other than the default one, on which the same work must have run before.
        self._stream = torch.cuda.Stream(run.accelerator.device)

    def __call__(self, images_seen: int) -> dict[str, Tensor]:
        """See `step`. Raises RunError if recording fails."""
        kind, inputs = prepare(self._run, images_seen)
        if self._inputs is None:
            self._inputs = StaticInputs(inputs, self._run.accelerator.device)
        self._inputs.copy_from(inputs)
        if kind not in self._recordings:
            if self._computed[kind] < WARM_UP_STEPS:
                self._computed[kind] += 1
                return self._compute(kind, self._inputs)
            try:
                self._recordings[kind] = self._record(kind, self._inputs)
            except RuntimeError as error:
                if launch.out_of_memory(error):
                    raise
                reason = (str(error).splitlines() or [type(error).__name__])[0]
                raise RunError(
                    f"This training cannot be recorded as CUDA graphs: use --cuda-graphs false. ({reason})"
                ) from error
        recording = self._recordings[kind]
        recording.graph.replay()
        return dict(zip(recording.names, recording.values.clone().unbind(), strict=True))

    def _compute(self, kind: StepKind, inputs: StaticInputs) -> dict[str, Tensor]:
        default = torch.cuda.current_stream()
        self._stream.wait_stream(default)
        with torch.cuda.stream(self._stream):
            metrics = compute(self._run, kind, inputs.inputs)
        default.wait_stream(self._stream)
        return metrics

    def _record(self, kind: StepKind, inputs: StaticInputs) -> Recording:
        """Record a step of this kind, without computing it."""
        groups = [group for each in self._run.networks.optimizers().values() for group in each.param_groups]
        graph = torch.cuda.CUDAGraph()
        for group in groups:
            group["capturable"] = True
        # In "thread_local" mode, another thread may read images ahead meanwhile.
        with torch.cuda.graph(graph, stream=self._stream, capture_error_mode="thread_local"):
            metrics = compute(self._run, kind, inputs.inputs)
            values = torch.stack(list(metrics.values()))
        for group in groups:
            group["capturable"] = False  # torch warns of capturable steps that are not recorded
        return Recording(graph, list(metrics), values)


class StaticInputs:
    """The inputs of the current step, always in the same memory."""

    def __init__(self, first: StepInputs, device: torch.device) -> None:
        def scalar() -> Tensor:
            return torch.zeros((), device=device)

        micro_batches = [
            MicroBatch(StaticDraws(**vars(each.draws)), each.reals.clone(), None if each.y is None else each.y.clone())
            for each in first.micro_batches
        ]
        self.inputs = StepInputs(micro_batches, scalar(), scalar(), scalar())

    def copy_from(self, inputs: StepInputs) -> None:
        """Copy the inputs of a step here."""
        for mine, theirs in zip(self.inputs.micro_batches, inputs.micro_batches, strict=True):
            assert isinstance(mine.draws, StaticDraws)
            mine.draws.redraw(theirs.draws.step_number)
            mine.reals.copy_(theirs.reals)
            if mine.y is not None and theirs.y is not None:
                mine.y.copy_(theirs.y)
        for name in ("g_lr", "d_lr", "penalty_weight"):
            getattr(self.inputs, name).fill_(getattr(inputs, name))


@dataclass
class StaticDraws(Draws):
    """The random numbers of the current step, always in the same memory."""

    drawn: dict[tuple[str, str, tuple[int, ...]], Tensor] = field(default_factory=dict)
    """Numbers by their method, name and shape without the rows."""

    def normal(self, name: str, *shape: int) -> Tensor:
        """See `Draws`."""
        return self._drawn_once("normal", name, shape)

    def uniform(self, name: str, *shape: int) -> Tensor:
        """See `Draws`."""
        return self._drawn_once("uniform", name, shape)

    def redraw(self, step_number: int) -> None:
        """Replace all numbers that earlier steps have used with those of step `step_number`."""
        self.step_number = step_number
        for (method, name, shape), numbers in self.drawn.items():
            numbers.copy_(self._draw(method, name, shape))

    def _drawn_once(self, method: str, name: str, shape: tuple[int, ...]) -> Tensor:
        key = method, name, shape
        if key not in self.drawn:
            self.drawn[key] = self._draw(*key)
        return self.drawn[key]

    def _draw(self, method: str, name: str, shape: tuple[int, ...]) -> Tensor:
        numbers: Tensor = getattr(super(), method)(name, *shape)
        return numbers
