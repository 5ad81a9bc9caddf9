"""A state as a picture or an animation in a file, with its recipe."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from math import isqrt
from pathlib import Path

import numpy as np
from PIL import Image

from digitforge.errors import ExportError
from digitforge.files import atomic_file, write_bytes
from digitforge.hashing import sha256
from export.contract import GeneratorInfo
from export.runtime.arrays import Float32, UInt8
from export.runtime.generator import Generator, open_generator
from viewer.core.files import encoders
from viewer.core.files.recipe import Model, Recipe, versions
from viewer.core.files.svg import svg
from viewer.core.picture.compose import GAP_COLOUR, compose, enlarged
from viewer.core.picture.layout import layout
from viewer.core.picture.look import Look, Rgb32, colour_table, dressed
from viewer.core.scene.animation import Animation, frame_count, scene_at
from viewer.core.scene.cells import Scene, scene_of
from viewer.core.scene.requests import Opened
from viewer.core.state.view_state import ViewState

STILLS = ("png", "svg")
MOVING = ("gif", "apng", "webp", "mp4")
SCALE_MAX = 64
LONGEST_SIDE = 2**14
"""Pixels of a picture."""
STILL_PIXELS, MOVING_PIXELS = 2**26, 2**22
"""Of one picture or frame: two hundred megabytes, and what players still show smoothly."""
COPY_SIDE = 1024
"""Pixels, about, of the longer side of a picture that is copied."""
GREYS = 64
"""Of a GIF file of grey pictures; more cannot be told apart and only make it larger."""

Report = Callable[[int, int], None]
"""Called with how many frames are done, and of how many; may raise to stop."""


@dataclass(frozen=True)
class ExportSpec:
    """What is to be written. Raises ValueError where a value is out of range."""

    form: str = "png"
    scale: float = 4
    """Each pixel of the generator becomes a square of so many by so many; a whole number where it moves."""
    cell: int | None = None
    """Only this one; None is all of them."""
    transparent: bool = False
    """SVG: the colour of an empty pixel is left out, and so are gaps."""
    quality: int = 100
    """WebP (100 is lossless) and MP4: 1 to 100."""
    animation: Animation = field(default_factory=Animation)
    """Of a form that moves."""

    def __post_init__(self) -> None:
        fits = self.scale in range(1, SCALE_MAX + 1) if self.moves else 0 < self.scale <= LONGEST_SIDE
        if self.form not in STILLS + MOVING or not fits or not 1 <= self.quality <= 100:
            raise ValueError(f"there is no picture {self.form} at scale {self.scale} in quality {self.quality}")

    @property
    def moves(self) -> bool:
        """Whether it is an animation."""
        return self.form in MOVING


@dataclass(frozen=True)
class Subject:
    """What is shown, and by which generator."""

    model: Opened
    state: ViewState
    directions: Float32 | None = None
    """See `scene_of`."""

    def scene(self, spec: ExportSpec, frame: int = 0) -> Scene | None:
        """What a frame shows."""
        info, state = self.model.info, self.state
        scene = (
            scene_at(info, state, spec.animation, frame, self.directions)
            if spec.moves
            else scene_of(info, state, self.directions)
        )
        return scene if scene is None or spec.cell is None else scene.only(spec.cell)

    def recipe(self, spec: ExportSpec) -> str:
        """The text that the picture carries."""
        model = Model(self.model.path.name, self.model.sha256)
        animation = spec.animation if spec.moves else None
        return Recipe(model, replace(self.state, playing=False), spec.cell, animation, versions()).to_text()


def size_of(info: GeneratorInfo, scene: Scene, look: Look) -> tuple[int, int]:
    """Width and height of a scene's picture at scale 1, in pixels."""
    width = 2 * info.width if look.beside else info.width
    grid = layout(len(scene.z), info.height, width, scene.columns, scene.close)
    return grid.width, grid.height


def largest_scale(size: tuple[int, int], moves: bool) -> int:
    """How many times a picture of that width and height can be enlarged."""
    most = isqrt(MOVING_PIXELS // (size[0] * size[1])) if moves else largest_width(size) // size[0]
    return min(max(most, 1), SCALE_MAX)


def largest_width(size: tuple[int, int]) -> int:
    """How wide a picture of that width and height can become, in pixels."""
    width, height = size
    return max(min(LONGEST_SIDE * width // max(size), isqrt(STILL_PIXELS * width // height)), width)


def save(subject: Subject, spec: ExportSpec, path: Path, report: Report) -> Path:
    """Write the picture to `path` and return it; the same subject and spec give the same bytes.

    It is made by a session of its own on one thread of the CPU. Raises ExportError; `path` is then as it was.
    """
    if sha256(subject.model.path) != subject.model.sha256:
        raise ExportError(f"{subject.model.path} was replaced since it was opened: open it again.")
    generator = open_generator(subject.model.path, "cpu", threads=1)
    if not spec.moves:
        report(0, 1)
        write_bytes(path, still(generator, subject, spec))
        return path
    reel = encoders.Reel(
        frame_count(generator.info, subject.state, spec.animation),
        spec.animation.frames_per_second,
        int(spec.scale),
        subject.recipe(spec),
    )

    def frames() -> Iterator[Image.Image]:
        for number in range(reel.count):
            report(number, reel.count)
            yield enlarged(_picture(generator, subject, spec, number), 1)

    with atomic_file(path) as temporary:
        if spec.form == "mp4":
            encoders.write_mp4(temporary, frames(), reel, spec.quality)
            return path
        with temporary.open("wb") as file:
            if spec.form == "gif":
                some = [reel.count * place // 4 for place in range(4)]
                sample = [enlarged(_picture(generator, subject, spec, number), 1) for number in some]
                encoders.write_gif(file, frames(), reel, gif_palette(generator.info, subject.state.look, sample))
            elif spec.form == "apng":
                encoders.write_apng(file, frames(), reel)
            else:
                encoders.write_webp(file, frames(), reel, spec.quality)
    return path


def still(generator: Generator, subject: Subject, spec: ExportSpec) -> bytes:
    """The content of a picture's file. Raises ExportError where there is nothing to show."""
    picture = _picture(generator, subject, spec, 0)
    if spec.form == "png":
        return encoders.png(enlarged(picture, spec.scale, not subject.state.look.squares), subject.recipe(spec))
    return svg(picture, spec.scale, subject.recipe(spec), _empty(generator.info, subject.state.look, spec))


def copied(generator: Generator, subject: Subject, longest: int = COPY_SIDE) -> bytes:
    """A PNG file of everything that is shown. longest: of its sides, about, in pixels."""
    scene = subject.scene(ExportSpec())
    side = max(size_of(generator.info, scene, subject.state.look)) if scene else longest
    return still(generator, subject, ExportSpec("png", min(max(round(longest / side), 1), SCALE_MAX)))


def _picture(generator: Generator, subject: Subject, spec: ExportSpec, frame: int) -> Rgb32:
    scene = subject.scene(spec, frame)
    if scene is None:
        raise ExportError("There is nothing to show yet, and so nothing to save.")
    return compose(generator.generate_pixels(scene.z, scene.y), scene.columns, subject.state.look, scene.close)


def _empty(info: GeneratorInfo, look: Look, spec: ExportSpec) -> int | None:
    """The colour of a pixel where the generator puts nothing, where that is left out."""
    nothing: UInt8 = np.zeros((1, 1, 1, 3)[: 3 if info.channels == 1 else 4], np.uint8)
    return int(dressed(nothing, look).flat[0]) if spec.transparent else None


def gif_palette(info: GeneratorInfo, look: Look, frames: list[Image.Image]) -> Image.Image:
    """The colours of an animation. frames: some of them."""
    if info.channels == 3:
        return encoders.common_palette(frames)
    levels = np.linspace(0, 255, GREYS).round().astype(int)
    return encoders.palette_of([*colour_table(look.colour_map, look.invert)[levels].tolist(), GAP_COLOUR])
