"""Turning a state into the input of the generator: latents and class weights of every cell."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from export.contract import GeneratorInfo
from export.runtime.arrays import Float32
from export.runtime.interpolation import between
from viewer.core.scene.hand import samples_of_number
from viewer.core.scene.latents import Float64, eased, mixture
from viewer.core.scene.near import cells_near
from viewer.core.state.near import SIDE
from viewer.core.state.pad import Pad, map_points
from viewer.core.state.samples import Sample, held_sample, latents_of, of_class, origin_between, weights_of
from viewer.core.state.timeline import Timeline
from viewer.core.state.view_state import ViewState


@dataclass(frozen=True)
class Scene:
    """One batch to render, and its layout."""

    z: Float32
    """float32 [cells, latent]."""
    y: Float32 | None
    """float32 [cells, classes], or None if the generator is unconditional."""
    columns: int
    shown: tuple[Sample | str, ...]
    """What each cell shows: a sample, or the `origin` of what lies between samples."""
    close: bool = False
    """Whether cells have no gaps, like the characters of a number."""
    latents: Float32 | None = None
    """The latents before truncation and directions; None if `z` has none of either."""

    @property
    def samples(self) -> tuple[Sample, ...]:
        """The sample of each cell; see `sample`."""
        return tuple(self.sample(cell) for cell in range(len(self.shown)))

    def sample(self, cell: int) -> Sample:
        """Return the sample that makes a cell's picture, to the bit. Between samples, it holds the latent."""
        shown = self.shown[cell]
        if isinstance(shown, Sample):
            return shown
        latents = self.z if self.latents is None else self.latents
        return held_sample(latents[cell], None if self.y is None else self.y[cell], shown)

    def only(self, cell: int) -> Scene:
        """Return the scene of a single cell; of the last one if there are fewer."""
        cell = min(cell, len(self.z) - 1)
        one = slice(cell, cell + 1)
        y = None if self.y is None else self.y[one]
        latents = None if self.latents is None else self.latents[one]
        return replace(self, z=self.z[one], y=y, columns=1, shown=self.shown[one], latents=latents)


def scene_of(info: GeneratorInfo, state: ViewState, directions: Float32 | None = None) -> Scene | None:
    """Return the scene of a state that is fitted to the generator; None if there is nothing to show.

    directions: float32 [directions, latent], each row as long as one standard deviation. The state's amounts move all
    latents along them, and its shifts along the vectors that they hold.
    """
    scenes = {
        "grid": _grid, "path": _path, "pad": _pad, "number": _number, "draw": _drawing, "near": _near, "map": _chosen,
    }  # fmt: skip
    plain = scenes[state.mode](info, state)
    return None if plain is None else moved(plain, state, directions)


def scene_of_samples(
    info: GeneratorInfo, samples: tuple[Sample, ...], state: ViewState, directions: Float32 | None = None
) -> Scene:
    """Return a row of samples with the state's truncation and amounts; see `scene_of`."""
    return moved(row_of(info, samples), state, directions)


def row_of(info: GeneratorInfo, samples: tuple[Sample, ...]) -> Scene:
    """Return a row of samples without truncation and directions."""
    return Scene(latents_of(info, samples), weights_of(info, samples), len(samples), samples)


def moved(scene: Scene, state: ViewState, directions: Float32 | None) -> Scene:
    """Return a scene without truncation and directions with those of a state; see `scene_of`."""
    z = scene.z * np.float32(state.truncation)
    if directions is not None and state.amounts:
        amounts = np.array(state.amounts[: len(directions)], np.float32)
        z = z + amounts @ directions[: len(amounts)]
    for shift in state.shifts:
        z = z + np.float32(shift.amount) * np.frombuffer(shift.vector, "<f4")
    return replace(scene, z=z, latents=scene.z)


def shift_of(info: GeneratorInfo, state: ViewState, directions: Float32 | None) -> Float32:
    """Return what a state adds to all latents, after it has scaled them by its truncation: float32 [latent]."""
    origin = Scene(np.zeros((1, info.latent_size), np.float32), None, 1, ("",))
    shift: Float32 = moved(origin, state, directions).z[0]
    return shift


def samples_of_grid(info: GeneratorInfo, state: ViewState) -> tuple[Sample, ...]:
    """Return the sample of each cell at the last keyframe that the walk has passed.

    With all classes in turn, cell i shows sample i of `python -m export.sample`.
    """
    classes = state.digits or tuple(range(len(info.classes)))
    locks = dict(state.locks)
    seed = state.seed + math.floor(state.position)

    def label(cell: int) -> int | None:
        return classes[(cell // state.columns if state.by_rows else cell) % len(classes)] if info.conditional else None

    return tuple(locks.get(cell) or of_class(seed, cell, label(cell)) for cell in range(state.cells))


def _grid(info: GeneratorInfo, state: ViewState) -> Scene:
    samples = samples_of_grid(info, state)
    seed = state.seed + math.floor(state.position)
    z, y = latents_of(info, samples), weights_of(info, samples)
    shown: list[Sample | str] = list(samples)
    if (part := state.position % 1.0) > 0.0:
        locked = {cell for cell, _ in state.locks}
        free = [cell for cell in range(state.cells) if cell not in locked]
        following = [Sample(seed + 1, cell, samples[cell].mix) for cell in free]
        z[free] = between(info, z[free], latents_of(info, following), part)
        for cell in free:
            shown[cell] = f"between seeds {seed} and {seed + 1}"
    return Scene(z, y, state.columns, tuple(shown))


def _path(info: GeneratorInfo, state: ViewState) -> Scene | None:
    return path_at(info, state.timeline, state.position)


def path_at(info: GeneratorInfo, timeline: Timeline, position: float) -> Scene | None:
    """Return the timeline's picture at a position, before truncation; None without keyframes."""
    keys = timeline.keyframes
    if not keys:
        return None
    step = min(math.floor(position), max(timeline.steps - 1, 0))
    part = eased(min(position - step, 1.0), timeline.easing) if timeline.steps else 0.0
    pair = (keys[step % len(keys)], keys[(step + 1) % len(keys)])
    if part <= 0.0 or part >= 1.0 or pair[0] == pair[1]:
        return row_of(info, pair[1:] if part >= 1.0 else pair[:1])
    z, y = latents_of(info, pair), weights_of(info, pair)
    mixed = None if y is None else (1 - np.float32(part)) * y[:1] + np.float32(part) * y[1:]
    return Scene(between(info, z[:1], z[1:], part, timeline.way), mixed, 1, (origin_between(pair),))


def map_of_pad(info: GeneratorInfo, state: ViewState, directions: Float32 | None = None) -> Scene | None:
    """Return the previews at the pad's `map_points` as one batch; None without corners."""
    places = map_points(len(state.pad.corners))
    points = [_pad(info, replace(state, pad=replace(state.pad, x=x, y=y))) for x, y in places]
    scenes = [point for point in points if point is not None]
    if not scenes:
        return None
    y = np.concatenate([scene.y for scene in scenes if scene.y is not None]) if info.conditional else None
    shown = tuple(one for scene in scenes for one in scene.shown)
    return moved(Scene(np.concatenate([scene.z for scene in scenes]), y, 1, shown), state, directions)


def _pad(info: GeneratorInfo, state: ViewState) -> Scene | None:
    corners = state.pad.corners
    if not corners:
        return None
    weights = pad_weights(state.pad)
    touching = tuple(corner for corner, weight in zip(corners, weights, strict=True) if weight > 0.0)
    if len(set(touching)) == 1:
        return row_of(info, touching[:1])
    y = weights_of(info, corners)
    mixed = None if y is None else (weights @ y).astype(np.float32)[None]
    return Scene(mixture(info, latents_of(info, corners), weights), mixed, 1, (origin_between(touching),))


def pad_weights(pad: Pad) -> Float64:
    """Return the weight of each corner, float64 [corners], with sum 1: bilinear in a square, barycentric in a triangle.

    The corners are at `pad.PLACES`. A point outside a triangle counts as on its border.
    """
    if len(pad.corners) == 4:
        across, down = np.array([1 - pad.x, pad.x]), np.array([1 - pad.y, pad.y])
        return np.outer(down, across).ravel()
    aside = pad.x - 0.5
    weights = np.maximum([1 - pad.y, pad.y / 2 - aside, pad.y / 2 + aside], 0.0)
    inside: Float64 = weights / weights.sum()
    return inside


def _number(info: GeneratorInfo, state: ViewState) -> Scene | None:
    samples = samples_of_number(info, state.number)
    if not samples:
        return None
    return replace(row_of(info, samples), columns=state.number.columns(len(samples)), close=True)


def _drawing(info: GeneratorInfo, state: ViewState) -> Scene | None:
    answer = state.drawing.answer
    return None if answer is None else row_of(info, (answer,))


def _near(info: GeneratorInfo, state: ViewState) -> Scene | None:
    cells = cells_near(info, state.near)
    if cells is None:
        return None
    z, y, shown = cells
    return Scene(z, y, SIDE, shown)


def _chosen(info: GeneratorInfo, state: ViewState) -> Scene | None:
    return None if state.chosen is None else row_of(info, (state.chosen,))
