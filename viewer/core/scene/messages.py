"""Messages between the window and the worker: frozen requests to it, frozen answers back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from export.contract import GeneratorInfo
from export.inversion.solver import Run
from export.runtime.arrays import UInt8
from export.runtime.generator import Generator
from viewer.core.picture.look import Look, Rgb32
from viewer.core.scene.cells import Scene


@dataclass(frozen=True)
class OpenRequest:
    """Open the generator at `path`, which then becomes model number `generation`."""

    generation: int
    path: Path
    provider: str
    """"auto", "cpu" or "cuda"."""


@dataclass(frozen=True)
class CompareRequest:
    """Open a second generator, which renders the same scenes, or close it (None)."""

    path: Path | None
    provider: str


@dataclass(frozen=True)
class RenderRequest:
    """Render a scene with model number `generation`, and with the second generator if there is one."""

    generation: int
    sequence: int
    """The number of the request, for ordering."""
    scene: Scene
    look: Look
    compare_view: str = "pictures"
    """How the second generator is compared: one of `compare.VIEWS`."""


@dataclass(frozen=True)
class Job:
    """Something short to compute with the open generator besides frames: thumbnails, predictions."""

    generation: int
    name: str
    """A newer job of the same name replaces a waiting one."""
    function: Callable[[Generator], Any]
    """Runs on the worker's thread between two frames, for a few milliseconds at most."""
    outlives: bool = False
    """Whether it runs even if another generator has been opened meanwhile: it writes what the user has changed."""


@dataclass(frozen=True)
class LongJob:
    """Something that runs the generator for longer than a frame may wait."""

    generation: int
    name: str
    """As in `Job`."""
    function: Callable[[GeneratorInfo, Run], Any]
    """Runs on the worker's thread. It must run the generator by the `Run` alone, which renders waiting frames between
    parts of a batch. `Run` ends the job, without an answer, where another generator is to be opened."""
    gives_way: bool = False
    """Whether a newer job of the same name ends this one, too."""


@dataclass(frozen=True)
class Answer:
    """The result of a job."""

    generation: int
    name: str
    value: Any


@dataclass(frozen=True)
class Opened:
    """A generator has been opened."""

    generation: int
    path: Path
    info: GeneratorInfo
    provider: str
    """The provider in use, by its name in onnxruntime."""
    notice: str
    """A sentence if another provider was requested, else empty."""
    sha256: str
    """The hash of the file."""

    def is_named(self, sha256: str) -> bool:
        """Return whether a recipe's model is this one: by its digest, or by the file's hash in older recipes."""
        return sha256 in (self.info.digest, self.sha256)


@dataclass(frozen=True)
class Frame:
    """A rendered scene, ready to be painted."""

    generation: int
    sequence: int
    picture: Rgb32
    """Read-only."""
    pixels: UInt8
    """The generator's output for each cell, uint8 [cells, h, w] or [cells, h, w, 3]."""
    scene: Scene
    look: Look
    latency_ms: float
    """Time from the start of inference to the composed picture."""


@dataclass(frozen=True)
class Failure:
    """A failed request. The worker and the open generator keep running."""

    request: OpenRequest | CompareRequest | RenderRequest | Job | LongJob
    sentence: str
    """The message for the user."""

    @property
    def remedy(self) -> str:
        """What the window offers: "open" another generator, "examine" this one and the machine, or "" for nothing."""
        request = self.request
        if isinstance(request, RenderRequest) or (isinstance(request, OpenRequest) and request.provider == "cuda"):
            return "examine"
        return "open" if isinstance(request, OpenRequest) else ""
