"""What can be done about a failure."""

from __future__ import annotations

from viewer.core.scene.requests import Failure, OpenRequest, RenderRequest


def remedy_for(failure: Failure) -> str:
    """ "open" another generator, "examine" this one and the machine, or "" where nothing in the window helps."""
    request = failure.request
    if isinstance(request, RenderRequest) or (isinstance(request, OpenRequest) and request.provider == "cuda"):
        return "examine"
    return "open" if isinstance(request, OpenRequest) else ""
