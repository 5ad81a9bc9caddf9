"""The queue of requests from the window to the worker. No Qt."""

from __future__ import annotations

from threading import Condition

from viewer.core.scene.messages import CompareRequest, Job, LongJob, OpenRequest, RenderRequest

Request = OpenRequest | CompareRequest | RenderRequest | Job | LongJob


class Mailbox:
    """Holds at most one request of each kind: a model to open, a model to compare, a render, and a job of each name.

    A newer request replaces the pending one of its kind. So one render is in flight and one waits, and a slow generator
    never falls behind a quickly moved slider. Requests are taken in the order above. All methods are thread-safe.
    """

    def __init__(self) -> None:
        self._changed = Condition()
        self._opening: OpenRequest | None = None
        self._comparing: CompareRequest | None = None
        self._render: RenderRequest | None = None
        self._jobs: dict[str, Job | LongJob] = {}
        self._closed = False

    def put(self, request: Request) -> None:
        """Add a request, replacing the pending one of its kind. Ignored after `close`."""
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
        """Wait for a request and return it; None once the mailbox is closed."""
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

    def take_render(self) -> RenderRequest | None:
        """Return the pending render at once, or None."""
        with self._changed:
            render, self._render = self._render, None
            return render

    def ends(self, job: LongJob) -> bool:
        """Whether a running job has to end, because a pending request replaces it."""
        with self._changed:
            replaced = job.gives_way and job.name in self._jobs
            return self._closed or self._opening is not None or replaced

    def close(self) -> None:
        """Drop all pending requests and end `take`."""
        with self._changed:
            self._closed = True
            self._opening = self._comparing = self._render = None
            self._jobs.clear()
            self._changed.notify_all()
