"""The generators that come with digitforge."""

from __future__ import annotations

from pathlib import Path

BUNDLED_MODELS = Path(__file__).parents[1] / "viewer" / "models"
BUNDLED_MODEL = BUNDLED_MODELS / "digits.onnx"
"""A conditional generator of MNIST digits; `digits.md` beside it says where it comes from."""
BUNDLED_STAGES = BUNDLED_MODEL.with_suffix(".stages.npz")
"""The early stages of that generator's own training; `viewer.core.run.packed_stages` reads the file."""
