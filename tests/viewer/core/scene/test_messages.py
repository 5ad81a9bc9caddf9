"""Messages between window and worker."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from viewer.core.picture.look import Look
from viewer.core.scene.cells import Scene
from viewer.core.scene.messages import CompareRequest, Failure, Job, OpenRequest, RenderRequest

SCENE = Scene(np.zeros((1, 2), np.float32), None, 1, ())


@pytest.mark.parametrize(
    ("request_", "remedy"),
    [
        (OpenRequest(1, Path("a"), "auto"), "open"),
        (OpenRequest(1, Path("a"), "cuda"), "examine"),
        (RenderRequest(1, 1, SCENE, Look()), "examine"),
        (CompareRequest(Path("a"), "auto"), ""),
        (Job(1, "thumbnails", lambda _: None), ""),
    ],
)
def test_the_remedy_for_each_failure(request_: OpenRequest | RenderRequest | CompareRequest | Job, remedy: str) -> None:
    assert Failure(request_, "It failed.").remedy == remedy
