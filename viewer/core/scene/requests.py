"""What travels between the window and the worker: frozen requests one way, frozen answers the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from export.contract import GeneratorInfo
from export.runtime.arrays import UInt8
from export.runtime.generator import Generator
from viewer.core.picture.look import Look, Rgb32
from viewer.core.scene.cells import Scene


@dataclass(frozen=True)
class OpenRequest:
    """Open the generator at `path`; it becomes model number `generation` where that succeeds."""

    generation: int
    path: Path
    provider: str
    """"auto", "cpu" or "cuda"."""


@dataclass(frozen=True)
class CompareRequest:
    """Open a second generator, which renders what the first one does, or let it go."""

    path: Path | None
    provider: str


@dataclass(frozen=True)
class RenderRequest:
    """Render one scene with model number `generation`, and with the second generator where there is one."""

    generation: int
    sequence: int
    """Counts the requests of a window."""
    scene: Scene
    look: Look
    compare_view: str = "pictures"
    """What is made of the second generator's pictures: one of `compare.VIEWS`."""


@dataclass(frozen=True)
class Job:
    """Something short that the open generator has to be asked for beside the frames: thumbnails, predictions."""

    generation: int
    name: str
    """A newer job of the same name takes the place of one that waits."""
    function: Callable[[Generator], Any]
    """Runs on the worker's thread, between two frames: a few milliseconds at most."""


@dataclass(frozen=True)
class Answer:
    """What a job returned."""

    generation: int
    name: str
    value: Any


@dataclass(frozen=True)
class Opened:
    """A generator is open."""

    generation: int
    path: Path
    info: GeneratorInfo
    provider: str
    """The provider that really runs, as onnxruntime names it."""
    notice: str
    """One sentence where another provider was wanted, else empty."""
    sha256: str
    """Of the file."""


@dataclass(frozen=True)
class Frame:
    """A grid that is ready to be painted."""

    generation: int
    sequence: int
    picture: Rgb32
    """Published: nobody writes to it any more."""
    pixels: UInt8
    """Of each cell as the generator made it, uint8 [cells, h, w] or [cells, h, w, 3]."""
    scene: Scene
    look: Look
    latency_ms: float
    """From the start of inference to the composed picture."""


@dataclass(frozen=True)
class Failure:
    """A request failed; the worker and the open generator go on."""

    request: OpenRequest | CompareRequest | RenderRequest | Job
    sentence: str
    """For the person at the window."""

    @property
    def remedy(self) -> str:
        """What the window offers: "open" another generator, "examine" this one and the machine, or "" for nothing."""
        request = self.request
        if isinstance(request, RenderRequest) or (isinstance(request, OpenRequest) and request.provider == "cuda"):
            return "examine"
        return "open" if isinstance(request, OpenRequest) else ""
