"""Steps replayed as CUDA graphs.

The networks are so small that a GPU waits for the host, which hands it several hundred kernels for each step. A CUDA
graph is such a list of kernels, recorded once and started by a single call: it reads and writes the same memory each
time, so a step's inputs are copied to where the recorded ones lay. It computes what the step itself would, to the bit
(as far as the step itself does so twice: see `augment`).
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
from trainer.data.batches import Batches
from trainer.optimizers import OPTIMIZERS
from trainer.seeding import Draws
from trainer.step import Inputs, Kind, Networks, Part, compute, prepare, step

WARM_UP_STEPS = 3
"""Steps of each kind that are computed before one is recorded: libraries choose and load their kernels in them."""


def stepper(
    networks: Networks, store: Batches, config: TrainConfig, accelerator: Accelerator
) -> Callable[[int], dict[str, Tensor]]:
    """`step` as a function of the images seen: by CUDA graphs where that can be."""
    if _replayable(config, accelerator):
        return GraphedStep(networks, store, config, accelerator)
    return lambda images_seen: step(networks, store, config, accelerator, images_seen)


def _replayable(config: TrainConfig, accelerator: Accelerator) -> bool:
    """Whether the steps can be recorded.

    Not in a process group, whose exchange is not ours to record; not where random states are saved and restored
    (recomputing) or graphs are already in use (compiling).
    """
    return (
        config.cuda_graphs
        and accelerator.device.type == "cuda"
        and accelerator.distributed_type == DistributedType.NO
        and config.recompute == "none"
        and not config.compile
        and OPTIMIZERS[config.optimizer].graphable
    )


class GraphedStep:
    """`step`, recorded once for each kind of step and replayed from then on."""

    def __init__(self, networks: Networks, store: Batches, config: TrainConfig, accelerator: Accelerator) -> None:
        self._networks, self._store, self._config, self._accelerator = networks, store, config, accelerator
        self._inputs: KeptInputs | None = None
        self._computed = Counter[Kind]()
        self._recorded: dict[Kind, tuple[torch.cuda.CUDAGraph, list[str], Tensor]] = {}
        self._stream = torch.cuda.Stream(accelerator.device)
        """Recording needs a stream other than the usual one, and what is recorded must have run there before."""

    def __call__(self, images_seen: int) -> dict[str, Tensor]:
        """See `step`. Raises RunError where recording fails."""
        kind, inputs = prepare(self._store, self._config, self._accelerator, images_seen)
        if self._inputs is None:
            self._inputs = KeptInputs(inputs, self._accelerator.device)
        self._inputs.take(inputs)
        if kind not in self._recorded:
            if self._computed[kind] < WARM_UP_STEPS:
                self._computed[kind] += 1
                return self._compute(kind, self._inputs)
            try:
                self._recorded[kind] = self._record(kind, self._inputs)
            except RuntimeError as error:
                if launch.out_of_memory(error):
                    raise
                reason = (str(error).splitlines() or [type(error).__name__])[0]
                raise RunError(
                    f"This training cannot be recorded as CUDA graphs: give --cuda-graphs false. ({reason})"
                ) from error
        graph, names, figures = self._recorded[kind]
        graph.replay()
        return dict(zip(names, figures.clone().unbind(), strict=True))

    def _compute(self, kind: Kind, inputs: KeptInputs) -> dict[str, Tensor]:
        usual = torch.cuda.current_stream()
        self._stream.wait_stream(usual)
        with torch.cuda.stream(self._stream):
            figures = compute(self._networks, self._config, self._accelerator, kind, inputs.kept)
        usual.wait_stream(self._stream)
        return figures

    def _record(self, kind: Kind, inputs: KeptInputs) -> tuple[torch.cuda.CUDAGraph, list[str], Tensor]:
        """The graph of a step of this kind, and the names and the place of its figures. Nothing is computed."""
        groups = [group for each in self._networks.optimizers().values() for group in each.param_groups]
        graph = torch.cuda.CUDAGraph()
        for group in groups:
            group["capturable"] = True
        # Another thread may read images ahead meanwhile.
        with torch.cuda.graph(graph, stream=self._stream, capture_error_mode="thread_local"):
            figures = compute(self._networks, self._config, self._accelerator, kind, inputs.kept)
            values = torch.stack(list(figures.values()))
        for group in groups:
            group["capturable"] = False  # torch warns of a step that is not recorded
        return graph, list(figures), values


class KeptInputs:
    """The inputs of whatever step comes, always in the same memory."""

    def __init__(self, first: Inputs, device: torch.device) -> None:
        def number() -> Tensor:
            return torch.zeros((), device=device)

        parts = [
            Part(KeptDraws(**vars(part.draws)), part.reals.clone(), None if part.y is None else part.y.clone())
            for part in first.parts
        ]
        self.kept = Inputs(parts, number(), number(), number())

    def take(self, inputs: Inputs) -> None:
        """Copy these to where the first lay."""
        for mine, theirs in zip(self.kept.parts, inputs.parts, strict=True):
            assert isinstance(mine.draws, KeptDraws)
            mine.draws.renew(theirs.draws.number)
            mine.reals.copy_(theirs.reals)
            if mine.y is not None and theirs.y is not None:
                mine.y.copy_(theirs.y)
        for name in ("g_lr", "d_lr", "penalty_weight"):
            getattr(self.kept, name).fill_(getattr(inputs, name))


@dataclass
class KeptDraws(Draws):
    """The random numbers of whatever step comes, always in the same memory."""

    kept: dict[tuple[str, str, tuple[int, ...]], Tensor] = field(default_factory=dict)

    def normal(self, name: str, *shape: int) -> Tensor:
        """See `Draws`."""
        return self._keep("normal", name, shape)

    def uniform(self, name: str, *shape: int) -> Tensor:
        """See `Draws`."""
        return self._keep("uniform", name, shape)

    def renew(self, number: int) -> None:
        """Draw for step `number` all that has been asked for in steps before."""
        self.number = number
        for (law, name, shape), numbers in self.kept.items():
            numbers.copy_(self._draw(law, name, shape))

    def _keep(self, law: str, name: str, shape: tuple[int, ...]) -> Tensor:
        key = law, name, shape
        if key not in self.kept:
            self.kept[key] = self._draw(*key)
        return self.kept[key]

    def _draw(self, law: str, name: str, shape: tuple[int, ...]) -> Tensor:
        drawn: Tensor = getattr(super(), law)(name, *shape)
        return drawn
