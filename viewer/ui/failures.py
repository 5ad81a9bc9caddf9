"""The kinds of failures: a success of the same kind removes the message about one, see `MessageToast.settle`."""

from __future__ import annotations

from viewer.core.scene.messages import CompareRequest, Job, LongJob, OpenRequest, RenderRequest

OPENING, COMPARISON, RENDERING = "generator open", "generator compare", "generator render"
TRAINING = "training"
DRAWING = "drawing"
SHAPING, EXPLORING = "clay", "more like this"
EXPORT = "export"
FAVOURITES = "favourites"


def kind_of(request: OpenRequest | CompareRequest | RenderRequest | Job | LongJob) -> str:
    """Return the kind of a failure of the worker."""
    if isinstance(request, Job | LongJob):
        return kind_of_job(request.name)
    kinds = {OpenRequest: OPENING, CompareRequest: COMPARISON, RenderRequest: RENDERING}
    return kinds[type(request)]


def kind_of_job(name: str) -> str:
    """Return the kind of a failure of a job on the worker."""
    return f"generator job {name}"
