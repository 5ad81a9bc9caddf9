"""Where the window leaves work and the worker takes it. No Qt."""

from __future__ import annotations

from threading import Condition

from viewer.core.scene.requests import CompareRequest, Job, OpenRequest, RenderRequest

Request = OpenRequest | CompareRequest | RenderRequest | Job


class Mailbox:
    """Holds at most one pending render, and beside it at most one model to open, one to compare and a job of each name.

    A newer render replaces the pending one, so a slow generator never falls behind a quick hand: one request is in
    flight, one waits. Opening has its own place and goes first, so no render can push it out; then comes the model to
    compare; jobs go last. Any thread may call.
    """

    def __init__(self) -> None:
        self._changed = Condition()
        self._opening: OpenRequest | None = None
        self._comparing: CompareRequest | None = None
        self._render: RenderRequest | None = None
        self._jobs: dict[str, Job] = {}
        self._closed = False

    def put(self, request: Request) -> None:
        """Leave a request in place of the pending one of its kind; after `close` it is ignored."""
        with self._changed:
            if self._closed:
                return
            if isinstance(request, OpenRequest):
                self._opening = request
            elif isinstance(request, CompareRequest):
                self._comparing = request
            elif isinstance(request, RenderRequest):
                self._render = request
            else:
                self._jobs[request.name] = request
            self._changed.notify()

    def take(self) -> Request | None:
        """Wait for a request and take it; None once the mailbox is closed."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._closed or self._opening or self._comparing or self._render or self._jobs
            )
            if self._closed:
                return None
            if self._opening:
                opening, self._opening = self._opening, None
                return opening
            if self._comparing:
                comparing, self._comparing = self._comparing, None
                return comparing
            if self._render:
                render, self._render = self._render, None
                return render
            return self._jobs.pop(next(iter(self._jobs)))

    def close(self) -> None:
        """Let the taker go; what was pending is forgotten."""
        with self._changed:
            self._closed = True
            self._opening = self._comparing = self._render = None
            self._jobs.clear()
            self._changed.notify_all()
