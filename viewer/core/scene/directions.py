"""A generator's principal directions: movements of the latent that change its pictures most.

A linear map from latents to pictures is fitted by least squares. Its singular vectors on the side of the latents are
orthogonal directions, ordered by how much they change. The picture of a latent is that of all classes side by side, so
that a direction may slant each class in its own way. The method needs no access to the network's layers. The idea of
using a principal component analysis is from GANSpace (Härkönen et al. 2020).

The same pictures give the measured directions, see `measured.py`. The user may keep directions of their own too.
"""

from __future__ import annotations

import itertools
import json
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from digitforge.errors import CannotWrite
from digitforge.files import write_bytes
from digitforge.hashing import sha256
from export.contract import GeneratorInfo
from export.runtime.arrays import Float32
from export.runtime.generator import Generator
from export.runtime.latents import latents, one_hot
from viewer.core.scene.latents import Float64, deviation
from viewer.core.scene.measured import contrast, explained
from viewer.core.scene.quantities import QUANTITIES, measure
from viewer.core.state.samples import Sample, latents_of
from viewer.core.state.shifts import LONGEST, LONGEST_NAME, check_vector

MOST = 12
"""Number of directions; further ones change too little."""
MOST_CLASSES = 10
"""Classes that are rendered for each latent."""
COARSE_SIDE = 32
"""Larger pictures are averaged down to less than twice this along each side."""
NOTHING = 1e-9
"""A direction whose effect is less than this share of the strongest one is dropped."""
MOST_NAMED = 40
"""Most measured directions and directions of the user's own. All of them fit into one recipe."""
ALIKE = 0.5
"""Squared cosine above which two directions count as alike."""
LARGEST_FILE = 2**25
"""Bytes of a file with directions."""
PICTURES_A_STEP = 32


@dataclass(frozen=True)
class Named:
    """A measured direction, or one of the user's own. Raises ValueError for a value out of range."""

    name: str
    vector: bytes
    """Little-endian float32 [latent], as long as one standard deviation of the latents."""
    quantity: str = ""
    """What it changes, a key of QUANTITIES; empty for a direction of the user's own."""
    explained: float = 0.0
    """R^2 of the quantity, cross-validated: the share of its variance that the direction explains."""

    def __post_init__(self) -> None:
        check_vector(self.vector)
        if (self.quantity and self.quantity not in QUANTITIES) or not 0 <= self.explained <= 1:
            raise ValueError(f"{self.quantity} explained by {self.explained} cannot be a direction")
        if not self.name.isprintable() or len(self.name) > LONGEST_NAME:
            raise ValueError("the name of a direction cannot be shown")


@dataclass(frozen=True, eq=False)
class Directions:
    """A generator's directions. Raises ValueError for a value out of range."""

    vectors: Float32
    """float32 [directions, latent], the principal ones: orthogonal rows, each as long as one standard deviation."""
    names: tuple[str, ...]
    named: tuple[Named, ...] | None = None
    """The measured ones and the user's own; None if nothing has been measured yet."""

    def __post_init__(self) -> None:
        short = (np.abs(self.vectors) <= LONGEST).all()  # also refuses NaN
        if self.vectors.ndim != 2 or len(self.vectors) != len(self.names) or not short:
            raise ValueError(f"vectors of shape {self.vectors.shape} cannot be {len(self.names)} directions")

    def renamed(self, place: int, name: str) -> Directions:
        """Return the directions with a principal one renamed. An empty name restores the default."""
        names = list(self.names)
        names[place] = name.strip()[:LONGEST_NAME] or numbered(place)
        return replace(self, names=tuple(names))

    def with_named(self, vector: bytes, name: str) -> Directions:
        """Return the directions with a measured or own one renamed, or added if there is room.

        An empty name restores the name of a measured one, and removes one of the user's own.
        """
        name, known = "".join(filter(str.isprintable, name)).strip()[:LONGEST_NAME], self.named or ()
        if vector not in [one.vector for one in known] and name and len(known) < MOST_NAMED:
            return replace(self, named=(*known, Named(name, vector)))
        changed = [replace(one, name=name or one.quantity) if one.vector == vector else one for one in known]
        return replace(self, named=tuple(one for one in changed if one.name))

    def free_name(self) -> str:
        """Return a name for another direction of the user's own."""
        taken = {one.name for one in self.named or ()}
        return next(name for name in map("My direction {}".format, itertools.count(1)) if name not in taken)

    def alike(self, place: int) -> Named | None:
        """Return the measured direction that a principal one mostly follows, or None.

        Of the movement along one, more than half (the squared cosine) is then along the other: as the principal ones
        are orthogonal, a measured one is alike to one of them at most.
        """
        cosines = {one: self.cosine(place, one) for one in self.named or () if one.quantity}
        nearest = max(cosines, key=cosines.__getitem__, default=None)
        return nearest if nearest is not None and cosines[nearest] ** 2 > ALIKE else None

    def cosine(self, place: int, other: Named) -> float:
        """Return the absolute cosine between a principal direction and another one."""
        here = self.vectors[place].astype(np.float64)
        there = np.frombuffer(other.vector, "<f4").astype(np.float64)
        return abs(float(here @ there)) / max(float(np.linalg.norm(here) * np.linalg.norm(there)), NOTHING)


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


def measure_coarse(info: GeneratorInfo, pictures: Float32) -> Float64:
    """Measure what `render_coarse` returned: float64 [latents, classes, quantities]; 1 class if there are none."""
    down, across = _square(info.height, info.width)
    images = pictures.reshape(-1, info.channels, info.height // down, info.width // across)
    return measure(images).reshape(len(pictures), -1, len(QUANTITIES))


def _classes(info: GeneratorInfo) -> list[int]:
    """Return the classes to render, evenly spaced among all."""
    count = len(info.classes)
    return [place * count // min(count, MOST_CLASSES) for place in range(min(count, MOST_CLASSES))]


def _coarse(images: Float32) -> Float32:
    """Average float32 [n, channels, h, w] over squares of pixels. The remainder at the right and bottom is cut off."""
    n, channels, height, width = images.shape
    down, across = _square(height, width)
    rows, columns = height // down, width // across
    cut = images[:, :, : rows * down, : columns * across]
    coarse: Float32 = cut.reshape(n, channels, rows, down, columns, across).mean(axis=(3, 5))
    return coarse


def _square(height: int, width: int) -> tuple[int, int]:
    """Return how many pixels down and across are averaged."""
    return max(1, height // COARSE_SIDE), max(1, width // COARSE_SIDE)


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
    return Directions((deviation(info) * kept).astype(np.float32), tuple(map(numbered, range(len(kept)))))


def measured(info: GeneratorInfo, quantities: Float64) -> tuple[Named, ...]:
    """Return the directions of the quantities that latents explain, from `measure_coarse` of the first latents."""
    found = explained(latents(info, 0, 0, len(quantities)), quantities)
    names = list(QUANTITIES)
    return tuple(
        Named(names[place], (deviation(info) * one.unit).astype("<f4").tobytes(), names[place], round(one.r2, 3))
        for place, one in found.items()
    )


def contrasting(info: GeneratorInfo, chosen: tuple[Sample, ...], others: tuple[Sample, ...]) -> bytes | None:
    """Return the direction from other samples to the chosen ones, as `Named.vector`; None if they are equal."""
    length = deviation(info)
    unit = contrast(latents_of(info, chosen), latents_of(info, others), length)
    return None if unit is None else (length * unit).astype("<f4").tobytes()


def to_json(directions: Directions, digest: str) -> str:
    """Return the directions as JSON, one line each. digest: of the generator."""
    rows: list[dict[str, Any]] = [
        {"name": name, "vector": _numbers(vector)}
        for name, vector in zip(directions.names, directions.vectors, strict=True)
    ]
    lists = {"directions": rows}
    if directions.named is not None:
        lists["named"] = [
            {
                "name": one.name,
                "quantity": one.quantity,
                "explained": one.explained,
                "vector": _numbers(np.frombuffer(one.vector, "<f4")),
            }
            for one in directions.named
        ]
    texts = [
        f'  "{key}": [\n' + ",\n".join(f"    {json.dumps(row, ensure_ascii=False)}" for row in rows) + "\n  ]"
        for key, rows in lists.items()
    ]
    return f'{{\n  "generator": "{digest}",\n' + ",\n".join(texts) + "\n}\n"


def _numbers(vector: Float32) -> list[float]:
    """Return float32 numbers as the shortest ones that give the same bits."""
    return [float(str(value)) for value in vector]


def from_json(text: str, digest: str, latent_size: int) -> Directions | None:
    """Parse what `to_json` returned; None if it is invalid or belongs to another generator.

    digest: of the generator. Older versions wrote the hash of its file instead.
    """
    try:
        found = json.loads(text)
        if found["generator"] != digest:
            return None
        rows = found["directions"][:MOST]
        with np.errstate(over="ignore"):  # infinite values are refused below
            vectors = np.array([row["vector"] for row in rows], np.float32).reshape(len(rows), latent_size)
        names = tuple(str(row["name"])[:LONGEST_NAME] for row in rows)
        named = None
        if "named" in found:
            named = tuple(_named(row, latent_size) for row in found["named"][:MOST_NAMED])
        return Directions(vectors, names, named)
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return None


def _named(row: dict[str, Any], latent_size: int) -> Named:
    with np.errstate(over="ignore"):
        vector = np.array(row["vector"], "<f4").reshape(latent_size).tobytes()
    return Named(str(row["name"])[:LONGEST_NAME], vector, str(row["quantity"]), float(row["explained"]))


class Search:
    """Finds an open generator's directions in steps of a few milliseconds, or loads cached ones.

    They are cached in `folder`, named by the generator's digest. A file next to the generator, such as
    `digits.directions.json` for `digits.onnx`, can also provide them.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.digest = ""
        """Digest of the generator, once it is known."""
        self._stored: Directions | None = None
        self._pictures: list[Float32] = []
        self._quantities: list[Float64] = []
        self._done = 0

    def step(self, generator: Generator) -> Directions | tuple[int, int]:
        """Do the next step. Returns the directions when they are ready, until then (latents done, latents needed)."""
        info = generator.info
        if not self.digest:
            self._stored = self.stored(generator.path, sha256(generator.path), info)
            if self._stored is not None and self._stored.named is not None:
                return self._stored
        needed = latents_needed(info)
        if self._done == needed:
            directions = self._stored or principal(info, np.concatenate(self._pictures))
            directions = replace(directions, named=measured(info, np.concatenate(self._quantities)))
            with suppress(CannotWrite):  # they will be found again next time
                self.cache(directions)
            return directions
        count = min(latents_a_step(info), needed - self._done)
        self._pictures.append(render_coarse(generator, self._done, count))
        self._quantities.append(measure_coarse(info, self._pictures[-1]))
        self._done += count
        return self._done, needed

    def cache(self, directions: Directions) -> None:
        """Cache the directions. Raises CannotWrite."""
        write_bytes(self._folder / f"{self.digest}.json", to_json(directions, self.digest).encode())

    def stored(self, path: Path, sha256: str, info: GeneratorInfo) -> Directions | None:
        """Return the directions that are stored for a generator, or None.

        sha256: of its file, which older versions used instead of the digest. Those in the cache may be from a version
        that measured nothing; what is beside the file then completes them.
        """
        self.digest = info.digest
        incomplete = None
        cached = (self._folder / f"{name}.json" for name in (info.digest, sha256))
        for place in (*cached, path.with_suffix(".directions.json")):
            with suppress(OSError, UnicodeDecodeError):
                if place.stat().st_size <= LARGEST_FILE:
                    text = place.read_text("utf-8")
                    found = from_json(text, info.digest, info.latent_size) or from_json(text, sha256, info.latent_size)
                    if found is not None and incomplete is not None:
                        found = replace(incomplete, named=found.named)
                    if found is not None and found.named is not None:
                        return found
                    incomplete = found or incomplete
        return incomplete
