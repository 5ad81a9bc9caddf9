"""The thread that opens generators and renders with them."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QThread, Signal

from export.contract import ExportError
from export.runtime import Generator, find_model, open_generator
from viewer.core.compose import compose
from viewer.core.frames import Answer, Failure, Frame, Opened, OpenRequest, RenderRequest
from viewer.engine.mailbox import Mailbox


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

    def run(self) -> None:
        """The thread itself; called by QThread."""
        while (request := self.mailbox.take()) is not None:
            try:
                if isinstance(request, OpenRequest):
                    self._open(request)
                elif isinstance(request, RenderRequest):
                    self._render(request)
                elif self._generator is not None and request.generation == self._generation:
                    value = request.function(self._generator)
                    self.answered.emit(Answer(request.generation, request.name, value))
            except ExportError as error:
                self.failed.emit(Failure(request, str(error)))
            except Exception as error:  # onnxruntime's exceptions share no base class, and the thread must live
                what = "could not be opened" if isinstance(request, OpenRequest) else "could not make this picture"
                reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
                self.failed.emit(Failure(request, f"The generator {what}: {reason.rstrip('.')[:200]}."))

    def stop(self) -> None:
        """Let the request in flight end, forget the rest and wait until the thread is gone."""
        self.mailbox.close()
        self.wait()

    def _open(self, request: OpenRequest) -> None:
        generator = self._opener(request.path, request.provider)
        self._generator, self._generation = generator, request.generation
        self.opened.emit(
            Opened(request.generation, generator.path, generator.info, generator.provider, generator.notice)
        )

    def _render(self, request: RenderRequest) -> None:
        if self._generator is None or request.generation != self._generation:
            return  # its latents were made for another model
        start = time.perf_counter()
        scene = request.scene
        pixels = self._generator.generate_pixels(scene.z, scene.y)
        picture = compose(pixels, scene.columns)
        latency_ms = (time.perf_counter() - start) * 1e3
        self.rendered.emit(
            Frame(request.generation, request.sequence, picture, pixels, scene, request.look, latency_ms)
        )
