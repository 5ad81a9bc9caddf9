"""A generator's principal directions: the ways of moving a latent that change its pictures most.

Pictures are explained by their latents with one linear map (least squares): its singular vectors on the side of the
latents are orthogonal directions, in the order of how much they change. A latent's picture is that of all classes side
by side, so that a direction may slant each class in its own way. Nothing has to be known of the network. The idea of
directions from a principal component analysis is that of GANSpace (Härkönen et al. 2020).
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
"""Directions that are kept; later ones can hardly be seen."""
MOST_CLASSES = 10
"""That are looked at."""
COARSE_SIDE = 32
"""Larger pictures are averaged down to fewer pixels than twice this along each side."""
NOTHING = 1e-9
"""Share of the strongest direction's effect below which a direction changes nothing."""
LONGEST_NAME = 24
"""Characters."""
LONGEST = 1.001
"""One standard deviation of a latent, and some rounding."""
LARGEST_FILE = 2**25
"""Bytes of a file of directions."""
PICTURES_A_STEP = 32


@dataclass(frozen=True, eq=False)
class Directions:
    """Directions with the names that people gave them. Raises ValueError where a value is out of range."""

    vectors: Float32
    """float32 [directions, latent]: orthogonal rows, each as long as one standard deviation of the latents."""
    names: tuple[str, ...]

    def __post_init__(self) -> None:
        short = (np.abs(self.vectors) <= LONGEST).all()  # also refuses NaN
        if self.vectors.ndim != 2 or len(self.vectors) != len(self.names) or not short:
            raise ValueError(f"there are no {len(self.names)} directions in {self.vectors.shape}")

    def renamed(self, place: int, name: str) -> Directions:
        """With another name for one direction; an empty one gives back its number."""
        names = list(self.names)
        names[place] = name.strip()[:LONGEST_NAME] or numbered(place)
        return replace(self, names=tuple(names))


def numbered(place: int) -> str:
    """What a direction is called until somebody names it."""
    return f"Direction {place + 1}"


def latents_needed(info: GeneratorInfo) -> int:
    """How many latents have to be looked at: some for each unknown of the linear map."""
    return min(max(256, 4 * info.latent_size), 1024)


def latents_a_step(info: GeneratorInfo) -> int:
    """How many of them are looked at between two frames."""
    return max(1, PICTURES_A_STEP // max(1, len(_classes(info))))


def look(generator: Generator, start: int, count: int) -> Float32:
    """Coarse pictures of the latents number `start` on of seed 0, all classes side by side: float32 [count, values]."""
    info = generator.info
    z = latents(info, 0, start, count)
    chosen = _classes(info)
    if info.conditional:
        z = np.repeat(z, len(chosen), axis=0)
    images = generator.generate(z, np.tile(one_hot(chosen, len(info.classes)), (count, 1)) if chosen else None)
    return _coarse(images).reshape(count, -1)


def _classes(info: GeneratorInfo) -> list[int]:
    """The classes that are looked at, evenly among all."""
    count = len(info.classes)
    return [place * count // min(count, MOST_CLASSES) for place in range(min(count, MOST_CLASSES))]


def _coarse(images: Float32) -> Float32:
    """float32 [n, channels, h, w] averaged over squares of pixels; what is left at the right and below is cut off."""
    n, channels, height, width = images.shape
    down, across = max(1, height // COARSE_SIDE), max(1, width // COARSE_SIDE)
    rows, columns = height // down, width // across
    cut = images[:, :, : rows * down, : columns * across]
    coarse: Float32 = cut.reshape(n, channels, rows, down, columns, across).mean(axis=(3, 5))
    return coarse


def principal(info: GeneratorInfo, pictures: Float32) -> Directions:
    """Directions from what `look` made of the latents from number 0 on: float32 [latents, values].

    The same pictures give the same directions: each points to where its largest component is positive.
    """
    z = latents(info, 0, 0, len(pictures)).astype(np.float64)
    z -= z.mean(axis=0)
    centred = pictures - pictures.mean(axis=0)
    # The map is pinv(z) @ pictures; its left factor alone is small, so its square is made without the map itself.
    inverse = np.linalg.pinv(z)
    strengths, vectors = np.linalg.eigh(inverse @ (centred @ centred.T).astype(np.float64) @ inverse.T)
    strengths, vectors = strengths[::-1][:MOST], vectors.T[::-1][:MOST]
    kept = vectors[strengths > max(NOTHING * strengths[0], NOTHING)]
    kept = kept * np.sign(kept[np.arange(len(kept)), np.abs(kept).argmax(axis=1)])[:, None]
    deviation = 1.0 if info.latent_distribution == "normal" else 1 / math.sqrt(3)
    return Directions((deviation * kept).astype(np.float32), tuple(map(numbered, range(len(kept)))))


def to_json(directions: Directions, sha256: str) -> str:
    """The directions of the generator file with that hash, one line each."""
    rows = [
        f"    {json.dumps({'name': name, 'vector': [float(str(value)) for value in vector]}, ensure_ascii=False)}"
        for name, vector in zip(directions.names, directions.vectors, strict=True)
    ]
    return f'{{\n  "generator": "{sha256}",\n  "directions": [\n' + ",\n".join(rows) + "\n  ]\n}\n"


def from_json(text: str, sha256: str, latent_size: int) -> Directions | None:
    """What `to_json` wrote for the same generator file; None where it was another's, or is no such text."""
    try:
        found = json.loads(text)
        if found["generator"] != sha256:
            return None
        rows = found["directions"][:MOST]
        with np.errstate(over="ignore"):  # what overflows is refused below
            vectors = np.array([row["vector"] for row in rows], np.float32).reshape(len(rows), latent_size)
        return Directions(vectors, tuple(str(row["name"])[:LONGEST_NAME] for row in rows))
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


class Search:
    """Finds an open generator's directions in steps of a few milliseconds, or reads those that were kept.

    Kept are they in `folder` under the generator's hash; a file beside the generator, such as `digits.directions.json`
    beside `digits.onnx`, can bring them along.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._sha256 = ""
        self._pictures: list[Float32] = []
        self._done = 0

    def step(self, generator: Generator) -> Directions | tuple[int, int]:
        """Go on; the directions at the end, until then how many latents were looked at, and of how many."""
        info = generator.info
        if not self._sha256:
            self._sha256 = sha256(generator.path)
            if (kept := self._kept(generator)) is not None:
                return kept
        needed = latents_needed(info)
        if self._done == needed:
            directions = principal(info, np.concatenate(self._pictures))
            with suppress(CannotWrite):  # they are found again next time
                self.keep(directions)
            return directions
        count = min(latents_a_step(info), needed - self._done)
        self._pictures.append(look(generator, self._done, count))
        self._done += count
        return self._done, needed

    def keep(self, directions: Directions) -> None:
        """Write the directions down for the next time. Raises CannotWrite."""
        write_bytes(self._folder / f"{self._sha256}.json", to_json(directions, self._sha256).encode())

    def _kept(self, generator: Generator) -> Directions | None:
        for path in (self._folder / f"{self._sha256}.json", generator.path.with_suffix(".directions.json")):
            with suppress(OSError, UnicodeDecodeError):
                if path.stat().st_size <= LARGEST_FILE:
                    kept = from_json(path.read_text("utf-8"), self._sha256, generator.info.latent_size)
                    if kept is not None:
                        return kept
        return None
