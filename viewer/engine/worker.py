"""The thread that opens generators and renders with them."""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QThread, Signal

from digitforge.errors import DigitforgeError, ExportError, error_message
from digitforge.hashing import sha256
from export.runtime.arrays import Float32, UInt8
from export.runtime.generator import Generator, find_model, open_generator
from viewer.core.picture.compose import compose
from viewer.core.picture.look import Look
from viewer.core.scene.cells import Scene
from viewer.core.scene.compare import comparable, difference, misfit
from viewer.core.scene.messages import (
    Answer,
    CompareRequest,
    Failure,
    Frame,
    Job,
    LongJob,
    Opened,
    OpenRequest,
    RenderRequest,
)
from viewer.core.state.view_state import PIXEL_BUDGET
from viewer.engine.mailbox import Mailbox, Request

FREED_BYTES = 2**24
"""Freed once, so that glibc keeps freed blocks up to this size instead of returning them to the system. Otherwise every
frame would get fresh pages, which costs a millisecond for 256 cells."""
PART = 64
"""Images that a long job generates at once; a frame waits no longer than these."""
HEAPS = 2
"""Number of glibc's heaps. By default, it has up to eight per core, one per thread, and each keeps its freed memory:
exports would leave hundreds of MiB unused."""
_M_ARENA_MAX = -8  # glibc, malloc.h


def open_model(path: Path, provider: str) -> Generator:
    """Open a model file, or the model of a run directory. Raises ExportError."""
    try:
        return open_generator(find_model(path), provider)
    except OSError as error:
        raise ExportError(f"{path} cannot be read: {(error.strerror or str(error)).lower()}.") from error


class _Ended(Exception):
    """A newer request has replaced a long job."""


class Worker(QThread):
    """Takes requests from its mailbox until that is closed, and answers with signals that carry frozen objects.

    Opening a session and rendering take too long for the thread that paints. A failed request does not end the thread.
    """

    opened = Signal(object)
    """Opened: a generator was opened."""
    rendered = Signal(object)
    """Frame: one for each render request, unless the model has changed."""
    compared = Signal(object)
    """Opened: a second generator was opened; None: it was closed."""
    second_rendered = Signal(object)
    """Frame of the second generator, or of the difference; follows the first one's frame of the same scene."""
    answered = Signal(object)
    """Answer: a job has finished."""
    failed = Signal(object)
    """Failure: a request failed."""

    def __init__(self, opener: Callable[[Path, str], Generator] = open_model) -> None:
        """opener: opens the generator at a path with a provider; tests pass their own."""
        super().__init__()
        self.setObjectName("digitforge worker")
        self.mailbox = Mailbox()
        self._opener = opener
        self._generator: Generator | None = None
        self._generation = 0
        self._second: Generator | None = None
        self._rendered: tuple[Scene, UInt8] | None = None  # changing only the look needs no inference

    def run(self) -> None:
        """Handle requests until the mailbox is closed; called by QThread."""
        _configure_malloc()
        while (request := self.mailbox.take()) is not None:
            self._handle(request)

    def _handle(self, request: Request) -> None:
        """Answer a request, or emit `failed`."""
        try:
            if isinstance(request, OpenRequest):
                self._open(request)
            elif isinstance(request, CompareRequest):
                self._compare(request)
            elif isinstance(request, RenderRequest):
                self._render(request)
            elif self._generator is not None and (request.generation == self._generation or _outlives(request)):
                self.answered.emit(Answer(request.generation, request.name, self._value(self._generator, request)))
        except _Ended:
            pass
        except (DigitforgeError, OSError) as error:
            self.failed.emit(Failure(request, error_message(error)))
        except Exception as error:  # onnxruntime's exceptions have no common base class
            opening = isinstance(request, OpenRequest | CompareRequest)
            what = "could not be opened" if opening else "could not render this picture"
            self.failed.emit(Failure(request, f"The generator {what}: {_reason(error)}."))

    def stop(self) -> None:
        """Finish the current request, drop the others and wait for the thread to end."""
        self.mailbox.close()
        self.wait()

    def _value(self, generator: Generator, job: Job | LongJob) -> Any:
        """Return the value of a job. Raises _Ended if it is replaced while it runs."""
        if isinstance(job, Job):
            return job.function(generator)

        def run(z: Float32, y: Float32 | None) -> Float32:
            parts = []
            for start in range(0, len(z), PART):
                if self.mailbox.ends(job):
                    raise _Ended
                if (waiting := self.mailbox.take_render()) is not None:
                    self._handle(waiting)
                rows = slice(start, start + PART)
                parts.append(generator.generate(z[rows], None if y is None else y[rows]))
            return parts[0] if len(parts) == 1 else np.concatenate(parts)

        return job.function(generator.info, run)

    def _open(self, request: OpenRequest) -> None:
        generator = self._opener(request.path, request.provider)
        opened = _opened(generator, request.generation)
        self._generator, self._generation, self._rendered = generator, request.generation, None
        self.opened.emit(opened)
        if self._second is not None and (reason := misfit(generator.info, self._second.info)):
            self._close_second(reason)

    def _compare(self, request: CompareRequest) -> None:
        second = None
        if self._generator is not None and request.path is not None:
            second = self._opener(request.path, request.provider)
            if reason := misfit(self._generator.info, second.info):
                raise ExportError(reason)  # the generator that is compared now stays
        self._second = second
        self.compared.emit(_opened(self._second, 0) if self._second is not None else None)

    def _close_second(self, reason: str) -> None:
        self._second = None
        self.failed.emit(Failure(CompareRequest(None, ""), reason))

    def _render(self, request: RenderRequest) -> None:
        if self._generator is None or request.generation != self._generation:
            return  # the latents are for another model
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
            except Exception as error:  # as above; the first generator stays open
                self._close_second(f"The generator on the right could not render this picture: {_reason(error)}.")

    def _render_second(self, second: Generator, request: RenderRequest, first: UInt8) -> None:
        start = time.perf_counter()
        scene, shown, look = request.scene, request.compare_view, request.look
        if len(scene.z) * second.info.height * second.info.width > PIXEL_BUDGET:
            raise ExportError("its pictures are too large for this many cells")
        pixels = second.generate_pixels(scene.z, scene.y)
        if shown == "pictures" or not comparable(first, pixels):
            picture = compose(pixels, scene.columns, look, scene.close)
        else:
            look = Look(squares=look.squares)  # the colours show size and sign of the difference
            picture = compose(difference(first, pixels, shown), scene.columns, look, scene.close)
        latency_ms = (time.perf_counter() - start) * 1e3
        self.second_rendered.emit(Frame(request.generation, request.sequence, picture, pixels, scene, look, latency_ms))


def _configure_malloc() -> None:
    """Configure glibc's malloc for the whole process; does nothing with another C library."""
    np.empty(FREED_BYTES, np.uint8)  # freed at once, without touching its pages
    with suppress(OSError, TypeError, AttributeError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, HEAPS)


def _outlives(job: Job | LongJob) -> bool:
    return isinstance(job, Job) and job.outlives


def _opened(generator: Generator, generation: int) -> Opened:
    path = generator.path
    return Opened(generation, path, generator.info, generator.provider, generator.notice, sha256(path))


def _reason(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")[:200]


def _same(one: Scene, other: Scene) -> bool:
    """Return whether two scenes give the same pictures."""
    if one.y is None or other.y is None:
        return one.y is other.y and np.array_equal(one.z, other.z)
    return np.array_equal(one.z, other.z) and np.array_equal(one.y, other.y)
