"""The run that pictures are taken of."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from digitforge.bundled import BUNDLED_MODEL
from export.runtime.generator import open_generator
from tools.stages import NOISE, write_run
from viewer.core.run.stages import is_run, planned_images, stages_of
from viewer.core.scene.cells import scene_of
from viewer.core.state.view_state import ViewState


def test_it_is_a_run_whose_last_stage_makes_the_bundled_generators_pictures(tmp_path: Path) -> None:
    paths = write_run(tmp_path / "run")
    assert is_run(tmp_path / "run")
    assert [(stage.path, stage.images) for stage in stages_of(tmp_path / "run")] == list(zip(paths, NOISE, strict=True))
    assert planned_images(tmp_path / "run") == 6_000_000
    generators = [open_generator(path, "cpu") for path in (BUNDLED_MODEL, *paths)]
    scene = scene_of(generators[0].info, ViewState(cells=4))
    assert scene is not None
    wanted, *made = (generator.generate_pixels(scene.z, scene.y).astype(np.float32) for generator in generators)
    apart = [float(np.abs(pixels - wanted).mean()) for pixels in made]
    assert apart[-1] == 0
    assert apart == sorted(apart, reverse=True), "each stage is nearer to it than the one before"
