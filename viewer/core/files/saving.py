"""Writing what is shown as a picture or an animation that carries its recipe."""

from __future__ import annotations

import functools
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO

import numpy as np
from PIL import Image

from digitforge.errors import ExportError, explain_read
from digitforge.files import atomic_file
from digitforge.hashing import sha256
from export.contract import GeneratorInfo
from export.runtime.arrays import Float32, UInt8
from export.runtime.generator import Generator, open_generator
from export.safety.digest import file_digest
from viewer.core.files import Report
from viewer.core.files.encoders import EncoderOptions, common_palette, palette_of
from viewer.core.files.formats import FORMATS, LONGEST_SIDE, SCALE_MAX
from viewer.core.files.recipe import Model, Recipe, versions
from viewer.core.picture.compose import GAP_COLOUR, compose
from viewer.core.picture.layout import layout
from viewer.core.picture.look import Look, Rgb32, apply_look, colour_table
from viewer.core.plain import check_choice, check_range
from viewer.core.run.stages import file_name_of
from viewer.core.scene.animation import TRAINING, Animation, frame_count, scene_at
from viewer.core.scene.cells import Scene, scene_of
from viewer.core.scene.messages import Opened
from viewer.core.state.view_state import ViewState

COPY_SIDE = 1024
"""Approximate length in pixels of the longer side of a copied picture."""
PREVIEW_FRAMES = 16
FILM = Animation(TRAINING, frames_per_second=2, seconds_per_keyframe=1.0)
"""How a film goes through the stages of a training."""
FILM_REST = 2
"""How many times longer a film shows the last stage."""
NOTHING = "There is nothing to show yet, and so nothing to save."
GREYS = 64
"""Grey levels of a GIF file of grey pictures. More cannot be told apart and only make it larger."""


@dataclass(frozen=True)
class ExportSpec:
    """What to write. Raises ValueError for a value out of range."""

    format: str = "png"
    """A key of `formats.FORMATS`."""
    scale: float = 4
    """Each pixel of the generator becomes a square of this size; a whole number for animations."""
    cell: int | None = None
    """The only cell to show; None shows all."""
    transparent: bool = False
    """Leave out gaps and the colour of empty pixels, if the format can."""
    quality: int = 100
    """1 to 100, if the format has a quality."""
    animation: Animation = field(default_factory=Animation)
    """How an animated format moves."""

    def __post_init__(self) -> None:
        check_choice("format", self.format, FORMATS)
        check_range("quality", self.quality, 1, 100)
        if not self.animated:
            check_range("scale", self.scale, 1 / LONGEST_SIDE, LONGEST_SIDE)
        elif self.scale not in range(1, SCALE_MAX + 1):
            raise ValueError(f"scale is {self.scale}; for animations it must be a whole number from 1 to {SCALE_MAX}")

    @property
    def animated(self) -> bool:
        """Whether the format is an animation."""
        return FORMATS[self.format].animated


@dataclass(frozen=True)
class Subject:
    """What is shown, and the generator that makes it."""

    model: Opened
    state: ViewState
    directions: Float32 | None = None
    """See `scene_of`."""

    def scene(self, spec: ExportSpec, frame: int = 0) -> Scene | None:
        """Return what a frame shows; None if there is nothing to show."""
        info, state = self.model.info, self.state
        scene = (
            scene_at(info, state, spec.animation, frame, self.directions)
            if spec.animated
            else scene_of(info, state, self.directions)
        )
        return scene if scene is None or spec.cell is None else scene.only(spec.cell)

    def recipe(self, spec: ExportSpec) -> str:
        """Return the text that the picture carries."""
        model = Model(file_name_of(self.model.path), self.model.info.digest)
        animation = spec.animation if spec.animated else None
        return Recipe(model, replace(self.state, playing=False), spec.cell, animation, versions()).to_text()


def size_of(info: GeneratorInfo, scene: Scene, look: Look) -> tuple[int, int]:
    """Return width and height in pixels of a scene's picture at scale 1."""
    width = 2 * info.width if look.doubled else info.width
    grid = layout(len(scene.z), info.height, width, scene.columns, scene.close)
    return grid.width, grid.height


def save(subject: Subject, spec: ExportSpec, path: Path, report: Report) -> Path:
    """Write the picture or animation to `path` and return `path`.

    The same subject and spec give the same bytes: the pictures come from a new session on one CPU thread. Raises
    ExportError or CannotWrite; what was at `path` before is then unchanged.
    """
    try:
        unchanged = sha256(subject.model.path) == subject.model.sha256
    except OSError as error:
        raise ExportError(f"{subject.model.path} cannot be read: {explain_read(error)}") from error
    if not unchanged:
        raise ExportError(f"{subject.model.path} has changed since it was opened: open it again.")
    generator = open_generator(subject.model.path, "cpu", threads=1)
    with atomic_file(path) as temporary, temporary.open("wb") as file:
        _write(file, generator, subject, spec, report)
    return path


def save_film(subject: Subject, stages: Sequence[Path], form: str, path: Path, report: Report) -> Path:
    """Write what the subject shows at each stage of a training, and rest on the last one; return `path`.

    stages: generator files of the same inputs and outputs. form: an animated format. The recipe names the last stage.
    Raises as `save` does.
    """
    shown = [*stages, *[stages[-1]] * FILM_REST]
    info = replace(subject.model.info, digest=file_digest(stages[-1]))
    model = replace(subject.model, path=stages[-1], info=info, sha256=sha256(stages[-1]))
    subject = replace(subject, model=model)
    if (scene := scene_of(model.info, subject.state, subject.directions)) is None:
        raise ExportError(NOTHING)
    side = max(size_of(model.info, scene, subject.state.look))
    spec = ExportSpec(form, min(max(COPY_SIDE // side, 1), SCALE_MAX), animation=FILM)
    frames = FILM.frames_per_keyframe

    @functools.lru_cache(1)
    def at_stage(place: int) -> Rgb32:
        return _picture_of(open_generator(shown[place], "cpu", threads=1), scene, subject.state.look)

    with atomic_file(path) as temporary, temporary.open("wb") as file:
        _encode(file, subject, spec, frames * len(shown), lambda frame: at_stage(frame // frames), report)
    return path


def copied(generator: Generator, subject: Subject, longest: int = COPY_SIDE) -> bytes:
    """Return everything that is shown as a PNG file. longest: approximate pixels of its longer side."""
    scene = subject.scene(ExportSpec())
    side = max(size_of(generator.info, scene, subject.state.look)) if scene else longest
    file = io.BytesIO()
    spec = ExportSpec("png", min(max(round(longest / side), 1), SCALE_MAX))
    _write(file, generator, subject, spec, lambda *_: None)
    return file.getvalue()


def previewed(generator: Generator, subject: Subject, spec: ExportSpec) -> tuple[Rgb32, ...]:
    """Return up to PREVIEW_FRAMES pictures, spread over what would be written; none if there is nothing to write."""
    if subject.scene(spec) is None:
        return ()
    count = frame_count(generator.info, subject.state, spec.animation) if spec.animated else 1
    shown = min(count, PREVIEW_FRAMES)
    return tuple(_picture(generator, subject, spec, count * place // shown) for place in range(shown))


def _write(file: IO[bytes], generator: Generator, subject: Subject, spec: ExportSpec, report: Report) -> None:
    count = frame_count(generator.info, subject.state, spec.animation) if spec.animated else 1
    _encode(file, subject, spec, count, lambda frame: _picture(generator, subject, spec, frame), report)


def _encode(
    file: IO[bytes], subject: Subject, spec: ExportSpec, count: int, picture: Callable[[int], Rgb32], report: Report
) -> None:
    """Write `count` pictures to `file`. picture: returns the one with a number."""
    info, look, target = subject.model.info, subject.state.look, FORMATS[spec.format]
    palette = None
    if target.needs_palette:
        palette = animation_palette(info, look, [picture(count * place // 4) for place in range(4)])
    options = EncoderOptions(
        count=count,
        frames_per_second=spec.animation.frames_per_second,
        scale=spec.scale,
        smooth=not look.squares,
        quality=spec.quality,
        palette=palette,
        clear=_empty_colour(info, look) if spec.transparent else None,
        recipe=subject.recipe(spec),
    )

    def pictures() -> Iterator[Rgb32]:
        for number in range(count):
            report(number, count)
            yield picture(number)

    target.write(file, pictures(), options)


def _picture(generator: Generator, subject: Subject, spec: ExportSpec, frame: int) -> Rgb32:
    if (scene := subject.scene(spec, frame)) is None:
        raise ExportError(NOTHING)
    return _picture_of(generator, scene, subject.state.look)


def _picture_of(generator: Generator, scene: Scene, look: Look) -> Rgb32:
    return compose(generator.generate_pixels(scene.z, scene.y), scene.columns, look, scene.close)


def _empty_colour(info: GeneratorInfo, look: Look) -> int:
    """Return the colour, 0xffRRGGBB, of a pixel that the generator leaves black."""
    black: UInt8 = np.zeros((1, 1, 1) if info.channels == 1 else (1, 1, 1, 3), np.uint8)
    return int(apply_look(black, look).flat[0])


def animation_palette(info: GeneratorInfo, look: Look, sample: Sequence[Rgb32]) -> Image.Image:
    """Return the palette of an animation: the levels of the colour map, or what `sample` needs for colour pictures."""
    if info.channels == 3:
        return common_palette(sample)
    levels = np.linspace(0, 255, GREYS).round().astype(int)
    return palette_of([*colour_table(look.colour_map, look.invert)[levels].tolist(), GAP_COLOUR])
