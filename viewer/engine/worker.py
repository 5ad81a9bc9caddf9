"""The thread that opens generators and renders with them."""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
from PySide6.QtCore import QThread, Signal

from digitforge.errors import DigitforgeError, ExportError, error_message
from digitforge.hashing import sha256
from export.runtime.arrays import UInt8
from export.runtime.generator import Generator, find_model, open_generator
from viewer.core.picture.compose import compose
from viewer.core.picture.look import Look
from viewer.core.scene.cells import Scene
from viewer.core.scene.compare import comparable, difference, misfit
from viewer.core.scene.requests import Answer, CompareRequest, Failure, Frame, Opened, OpenRequest, RenderRequest
from viewer.core.state.view_state import PIXEL_BUDGET
from viewer.engine.mailbox import Mailbox

FREED_BYTES = 2**24
"""glibc gives freed memory back to the system above a limit that grows with the largest block freed so far. Below it
every frame would come in fresh pages, which costs a millisecond for 256 cells."""
HEAPS = 2
"""That glibc may have. By itself it gives one to each thread, up to eight a core, and keeps in it what was freed there:
exports and examinations would hold hundreds of MiB that nobody uses."""
_M_ARENA_MAX = -8  # glibc, malloc.h


def open_model(path: Path, provider: str) -> Generator:
    """Open a model file or a run directory's model. Raises ExportError, with one sentence."""
    try:
        return open_generator(find_model(path), provider)
    except OSError as error:
        raise ExportError(f"{path} cannot be read: {(error.strerror or str(error)).lower()}.") from error


class Worker(QThread):
    """Takes requests from its mailbox until that is closed; answers by signals, which carry frozen objects.

    Building a session holds the interpreter for a while and a render takes milliseconds: neither belongs on the
    thread that paints. Nothing that goes wrong with a request ends the thread.
    """

    opened = Signal(object)
    """Opened."""
    rendered = Signal(object)
    """Frame. One for each render that was taken, unless the model changed before."""
    compared = Signal(object)
    """Opened: a second generator renders too; None: there is none any more."""
    second_rendered = Signal(object)
    """Frame of the second generator, or of how it differs; comes after the first one's of the same scene."""
    answered = Signal(object)
    """Answer to a job."""
    failed = Signal(object)
    """Failure."""

    def __init__(self, opener: Callable[[Path, str], Generator] = open_model) -> None:
        """opener: (path, provider) to an open generator; tests bring their own."""
        super().__init__()
        self.setObjectName("digitforge worker")
        self.mailbox = Mailbox()
        self._opener = opener
        self._generator: Generator | None = None
        self._generation = 0
        self._second: Generator | None = None
        self._rendered: tuple[Scene, UInt8] | None = None  # another look at the same pictures needs no inference

    def run(self) -> None:
        """The thread itself; called by QThread."""
        _settle_malloc()
        while (request := self.mailbox.take()) is not None:
            try:
                if isinstance(request, OpenRequest):
                    self._open(request)
                elif isinstance(request, CompareRequest):
                    self._compare(request)
                elif isinstance(request, RenderRequest):
                    self._render(request)
                elif self._generator is not None and request.generation == self._generation:
                    value = request.function(self._generator)
                    self.answered.emit(Answer(request.generation, request.name, value))
            except (DigitforgeError, OSError) as error:
                self.failed.emit(Failure(request, error_message(error)))
            except Exception as error:  # onnxruntime's exceptions share no base class, and the thread must live
                opening = isinstance(request, OpenRequest | CompareRequest)
                what = "could not be opened" if opening else "could not make this picture"
                self.failed.emit(Failure(request, f"The generator {what}: {_reason(error)}."))

    def stop(self) -> None:
        """Let the request in flight end, forget the rest and wait until the thread is gone."""
        self.mailbox.close()
        self.wait()

    def _open(self, request: OpenRequest) -> None:
        generator = self._opener(request.path, request.provider)
        opened = _opened(generator, request.generation)
        self._generator, self._generation, self._rendered = generator, request.generation, None
        self.opened.emit(opened)
        if self._second is not None and (reason := misfit(generator.info, self._second.info)):
            self._let_go(reason)

    def _compare(self, request: CompareRequest) -> None:
        self._second = None
        if self._generator is not None and request.path is not None:
            second = self._opener(request.path, request.provider)
            if reason := misfit(self._generator.info, second.info):
                raise ExportError(reason)
            self._second = second
        self.compared.emit(_opened(self._second, 0) if self._second is not None else None)

    def _let_go(self, reason: str) -> None:
        self._second = None
        self.failed.emit(Failure(CompareRequest(None, ""), reason))

    def _render(self, request: RenderRequest) -> None:
        if self._generator is None or request.generation != self._generation:
            return  # its latents were made for another model
        start = time.perf_counter()
        scene = request.scene
        if self._rendered is None or not _same(self._rendered[0], scene):
            self._rendered = (scene, self._generator.generate_pixels(scene.z, scene.y))
        pixels = self._rendered[1]
        picture = compose(pixels, scene.columns, request.look, scene.close)
        latency_ms = (time.perf_counter() - start) * 1e3
        self.rendered.emit(
            Frame(request.generation, request.sequence, picture, pixels, scene, request.look, latency_ms)
        )
        if self._second is not None:
            try:
                self._render_second(self._second, request, pixels)
            except Exception as error:  # as above; the first generator goes on alone
                self._let_go(f"The generator at the right could not make this picture: {_reason(error)}.")

    def _render_second(self, second: Generator, request: RenderRequest, first: UInt8) -> None:
        start = time.perf_counter()
        scene, shown, look = request.scene, request.compare_view, request.look
        if len(scene.z) * second.info.height * second.info.width > PIXEL_BUDGET:
            raise ExportError("its pictures are too large for so many cells")
        pixels = second.generate_pixels(scene.z, scene.y)
        if shown == "pictures" or not comparable(first, pixels):
            picture = compose(pixels, scene.columns, look, scene.close)
        else:
            look = Look(squares=look.squares)  # colours say how far and which way
            picture = compose(difference(first, pixels, shown), scene.columns, look, scene.close)
        latency_ms = (time.perf_counter() - start) * 1e3
        self.second_rendered.emit(Frame(request.generation, request.sequence, picture, pixels, scene, look, latency_ms))


def _settle_malloc() -> None:
    """For the whole process; without glibc nothing changes."""
    np.empty(FREED_BYTES, np.uint8)  # freed at once, and never touched
    with suppress(OSError, TypeError, AttributeError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, HEAPS)


def _opened(generator: Generator, generation: int) -> Opened:
    path = generator.path
    return Opened(generation, path, generator.info, generator.provider, generator.notice, sha256(path))


def _reason(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")[:200]


def _same(one: Scene, other: Scene) -> bool:
    """Whether the generator would make the same pictures."""
    if one.y is None or other.y is None:
        return one.y is other.y and np.array_equal(one.z, other.z)
    return np.array_equal(one.z, other.z) and np.array_equal(one.y, other.y)
