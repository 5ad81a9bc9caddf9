"""A generator's principal directions: movements of the latent that change its pictures most.

A linear map from latents to pictures is fitted by least squares. Its singular vectors on the side of the latents are
orthogonal directions, ordered by how much they change. The picture of a latent is that of all classes side by side, so
that a direction may slant each class in its own way. The method needs no access to the network's layers. The idea of
using a principal component analysis is from GANSpace (Härkönen et al. 2020).
"""

from __future__ import annotations

import json
import math
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from digitforge.errors import CannotWrite
from digitforge.files import write_bytes
from digitforge.hashing import sha256
from export.contract import GeneratorInfo
from export.runtime.arrays import Float32
from export.runtime.generator import Generator
from export.runtime.latents import latents, one_hot

MOST = 12
"""Number of directions; further ones change too little."""
MOST_CLASSES = 10
"""Classes that are rendered for each latent."""
COARSE_SIDE = 32
"""Larger pictures are averaged down to less than twice this along each side."""
NOTHING = 1e-9
"""A direction whose effect is less than this share of the strongest one is dropped."""
LONGEST_NAME = 24
"""Characters of a name."""
LONGEST = 1.001
"""Largest component of a direction: one standard deviation of a latent, and some rounding."""
LARGEST_FILE = 2**25
"""Bytes of a file with directions."""
PICTURES_A_STEP = 32


@dataclass(frozen=True, eq=False)
class Directions:
    """Named directions. Raises ValueError for a value out of range."""

    vectors: Float32
    """float32 [directions, latent]: orthogonal rows, each as long as one standard deviation of the latents."""
    names: tuple[str, ...]

    def __post_init__(self) -> None:
        short = (np.abs(self.vectors) <= LONGEST).all()  # also refuses NaN
        if self.vectors.ndim != 2 or len(self.vectors) != len(self.names) or not short:
            raise ValueError(f"vectors of shape {self.vectors.shape} cannot be {len(self.names)} directions")

    def renamed(self, place: int, name: str) -> Directions:
        """Return the directions with one renamed. An empty name restores the default."""
        names = list(self.names)
        names[place] = name.strip()[:LONGEST_NAME] or numbered(place)
        return replace(self, names=tuple(names))


def numbered(place: int) -> str:
    """Return the default name of a direction."""
    return f"Direction {place + 1}"


def latents_needed(info: GeneratorInfo) -> int:
    """Return how many latents have to be rendered: several for each unknown of the linear map."""
    return min(max(256, 4 * info.latent_size), 1024)


def latents_a_step(info: GeneratorInfo) -> int:
    """Return how many latents are rendered between two frames."""
    return max(1, PICTURES_A_STEP // max(1, len(_classes(info))))


def render_coarse(generator: Generator, start: int, count: int) -> Float32:
    """Render `count` latents of seed 0 from number `start` on, all classes side by side: float32 [count, values]."""
    info = generator.info
    z = latents(info, 0, start, count)
    chosen = _classes(info)
    if info.conditional:
        z = np.repeat(z, len(chosen), axis=0)
    images = generator.generate(z, np.tile(one_hot(chosen, len(info.classes)), (count, 1)) if chosen else None)
    return _coarse(images).reshape(count, -1)


def _classes(info: GeneratorInfo) -> list[int]:
    """Return the classes to render, evenly spaced among all."""
    count = len(info.classes)
    return [place * count // min(count, MOST_CLASSES) for place in range(min(count, MOST_CLASSES))]


def _coarse(images: Float32) -> Float32:
    """Average float32 [n, channels, h, w] over squares of pixels. The remainder at the right and bottom is cut off."""
    n, channels, height, width = images.shape
    down, across = max(1, height // COARSE_SIDE), max(1, width // COARSE_SIDE)
    rows, columns = height // down, width // across
    cut = images[:, :, : rows * down, : columns * across]
    coarse: Float32 = cut.reshape(n, channels, rows, down, columns, across).mean(axis=(3, 5))
    return coarse


def principal(info: GeneratorInfo, pictures: Float32) -> Directions:
    """Return the directions from what `render_coarse` returned for the first latents: float32 [latents, values].

    The same pictures give the same directions: the largest component of each is positive.
    """
    z = latents(info, 0, 0, len(pictures)).astype(np.float64)
    z -= z.mean(axis=0)
    centred = pictures - pictures.mean(axis=0)
    # The map is pinv(z) @ pictures. Its product with its transpose is small, and is computed without the map itself.
    inverse = np.linalg.pinv(z)
    strengths, vectors = np.linalg.eigh(inverse @ (centred @ centred.T).astype(np.float64) @ inverse.T)
    strengths, vectors = strengths[::-1][:MOST], vectors.T[::-1][:MOST]
    kept = vectors[strengths > max(NOTHING * strengths[0], NOTHING)]
    kept = kept * np.sign(kept[np.arange(len(kept)), np.abs(kept).argmax(axis=1)])[:, None]
    deviation = 1.0 if info.latent_distribution == "normal" else 1 / math.sqrt(3)
    return Directions((deviation * kept).astype(np.float32), tuple(map(numbered, range(len(kept)))))


def to_json(directions: Directions, sha256: str) -> str:
    """Return the directions as JSON, one line each. sha256: of the generator file."""
    rows = [
        f"    {json.dumps({'name': name, 'vector': [float(str(value)) for value in vector]}, ensure_ascii=False)}"
        for name, vector in zip(directions.names, directions.vectors, strict=True)
    ]
    return f'{{\n  "generator": "{sha256}",\n  "directions": [\n' + ",\n".join(rows) + "\n  ]\n}\n"


def from_json(text: str, sha256: str, latent_size: int) -> Directions | None:
    """Parse what `to_json` returned; None if it is invalid or belongs to another generator file."""
    try:
        found = json.loads(text)
        if found["generator"] != sha256:
            return None
        rows = found["directions"][:MOST]
        with np.errstate(over="ignore"):  # infinite values are refused below
            vectors = np.array([row["vector"] for row in rows], np.float32).reshape(len(rows), latent_size)
        return Directions(vectors, tuple(str(row["name"])[:LONGEST_NAME] for row in rows))
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


class Search:
    """Finds an open generator's directions in steps of a few milliseconds, or loads cached ones.

    They are cached in `folder`, named by the generator's hash. A file next to the generator, such as
    `digits.directions.json` for `digits.onnx`, can also provide them.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._sha256 = ""
        self._pictures: list[Float32] = []
        self._done = 0

    def step(self, generator: Generator) -> Directions | tuple[int, int]:
        """Do the next step. Returns the directions when they are ready, until then (latents done, latents needed)."""
        info = generator.info
        if not self._sha256:
            stored = self.stored(generator.path, sha256(generator.path), info)
            if stored is not None:
                return stored
        needed = latents_needed(info)
        if self._done == needed:
            directions = principal(info, np.concatenate(self._pictures))
            with suppress(CannotWrite):  # they will be found again next time
                self.cache(directions)
            return directions
        count = min(latents_a_step(info), needed - self._done)
        self._pictures.append(render_coarse(generator, self._done, count))
        self._done += count
        return self._done, needed

    def cache(self, directions: Directions) -> None:
        """Cache the directions. Raises CannotWrite."""
        write_bytes(self._folder / f"{self._sha256}.json", to_json(directions, self._sha256).encode())

    def stored(self, path: Path, sha256: str, info: GeneratorInfo) -> Directions | None:
        """Return the directions that are stored for a generator file, or None. sha256: of that file."""
        self._sha256 = sha256
        for place in (self._folder / f"{sha256}.json", path.with_suffix(".directions.json")):
            with suppress(OSError, UnicodeDecodeError):
                if place.stat().st_size <= LARGEST_FILE:
                    found = from_json(place.read_text("utf-8"), sha256, info.latent_size)
                    if found is not None:
                        return found
        return None
