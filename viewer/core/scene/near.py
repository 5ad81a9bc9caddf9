"""The cells around one picture, and those between two."""

from __future__ import annotations

import numpy as np

from export.contract import GeneratorInfo
from export.inversion.neighbours import local_directions, split
from export.inversion.solver import Run
from export.runtime.arrays import Float32
from viewer.core.scene.latents import deviation
from viewer.core.state.near import DIRECTIONS, SIDE, Near
from viewer.core.state.samples import LONGEST_ORIGIN, Sample, latents_of, origin_between, weights_of

RAYS = ((1, 0), (0, 1), (1, 1), (1, -1), (2, 1), (1, 2), (2, -1), (1, -2))
"""Where each direction leads from the middle, in columns and rows. The opposite cells show the opposite direction."""
Cells = tuple[Float32, Float32 | None, tuple[Sample | str, ...]]
"""Latents, class weights and what is shown, as in a Scene."""


def steps() -> Float32:
    """Return how far each cell is along each direction, in radii: float32 [cells, DIRECTIONS]."""
    found = np.zeros((SIDE, SIDE, DIRECTIONS), np.float32)
    middle = SIDE // 2
    for direction, (across, down) in enumerate(RAYS):
        length = max(abs(across), abs(down))
        for ring in range(1, middle // length + 1):
            for sign in (-1, 1):
                place = middle + sign * ring * down, middle + sign * ring * across
                found[(*place, direction)] = sign * ring * length / middle
    return found.reshape(SIDE * SIDE, DIRECTIONS)


STEPS = steps()


def cells_near(info: GeneratorInfo, near: Near) -> Cells | None:
    """Return the cells of a neighbourhood, or None without parents."""
    if not near.parents:
        return None
    return _between(info, near) if near.mixes else _around(info, near)


def _around(info: GeneratorInfo, near: Near) -> Cells:
    (parent,) = near.parents
    count = SIDE * SIDE
    z = np.repeat(latents_of(info, (parent,)), count, axis=0)
    y = weights_of(info, (parent,) * count)
    directions = near.directions(info.latent_size)
    away = np.abs(STEPS).sum(axis=1) > 0
    if len(directions):
        z[away] += np.float32(near.radius) * STEPS[away] @ directions
        if info.latent_distribution == "uniform":
            z = np.clip(z, -1, 1)
    origin = near_origin(parent)
    return z, y, tuple(origin if moved else parent for moved in away)


def near_origin(parent: Sample) -> str:
    """Return the `origin` of a variation of a sample: "near seed 3"."""
    if not parent.held:
        return f"near seed {parent.seed}"
    before = parent.origin
    if before.startswith("near ") and len(before) <= LONGEST_ORIGIN:
        return before
    return "near another picture"


def _between(info: GeneratorInfo, near: Near) -> Cells:
    """Return the children: to the right, the strongest of the second parent's traits come in; downwards, the others."""
    pair = latents_of(info, near.parents)
    parts = near.directions(info.latent_size)
    if not len(parts):
        parts = np.repeat((pair[1:] - pair[:1]) / 2, 2, axis=0)
    down, across = (axis.reshape(-1, 1) for axis in np.indices((SIDE, SIDE), np.float32) / np.float32(SIDE - 1))
    z = pair[:1] + across * parts[:1] + down * parts[1:]
    share = (across + down) / 2
    if info.latent_distribution == "normal":  # a mean of normal latents is shorter than they are
        lengths = np.linalg.norm(pair, axis=1)
        wanted = (1 - share) * lengths[0] + share * lengths[1]
        z *= wanted / np.maximum(np.linalg.norm(z, axis=1, keepdims=True), 1e-6)
    y = weights_of(info, near.parents)
    mixed = None if y is None else ((1 - share) * y[:1] + share * y[1:]).astype(np.float32)
    z = z.astype(np.float32)
    z[[0, -1]] = pair
    if mixed is not None and y is not None:
        mixed[[0, -1]] = y
    origin = origin_between(near.parents)
    last = SIDE * SIDE - 1
    shown: list[Sample | str] = [origin] * (last + 1)
    shown[0], shown[last] = near.parents
    return z, mixed, tuple(shown)


def vectors_of(info: GeneratorInfo, run: Run, near: Near, truncation: float, shift: Float32) -> Float32:
    """Find the vectors of a neighbourhood with parents; see `Near.vectors`.

    truncation, shift: the pictures are those of the latents times `truncation` plus `shift`, float32 [latent].
    Raises ExportError if the latents are too long.
    """
    shown = latents_of(info, near.parents) * np.float32(truncation) + shift
    y = weights_of(info, near.parents)
    weights = None if y is None else y.mean(axis=0)
    if not near.mixes:
        return local_directions(info, run, shown[0], weights, DIRECTIONS) * np.float32(deviation(info))
    way = np.diff(latents_of(info, near.parents), axis=0)
    if not truncation:  # all pictures of a class are the same
        return np.repeat(way / 2, 2, axis=0)
    strong: Float32 = split(info, run, shown, weights)[:1] / np.float32(truncation)
    return np.concatenate([strong, way - strong])
