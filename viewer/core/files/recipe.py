"""How a picture was made, as the text that it carries."""

from __future__ import annotations

import importlib.metadata
import json
from dataclasses import dataclass
from typing import NoReturn

from digitforge.errors import RecipeError
from export.contract import CONTRACT_VERSION
from viewer.core.files.plain import from_plain, to_plain
from viewer.core.scene.animation import Animation
from viewer.core.state.view_state import ViewState

FORMAT = 1
"""Counts changes after which older recipes mean something else; a field more is no such change."""
MOST_BYTES = 2**18
"""Of a recipe: far more than any state takes."""
SOFTWARE = ("digitforge", "numpy", "onnxruntime", "pillow")


@dataclass(frozen=True)
class Model:
    """A generator file, by what it holds and not where it lies."""

    name: str
    sha256: str
    contract: str = CONTRACT_VERSION


@dataclass(frozen=True)
class Recipe:
    """A model, everything that was chosen, and how it moves where it does."""

    model: Model
    state: ViewState
    cell: int | None = None
    """The cell that is shown by itself; None where all are."""
    animation: Animation | None = None
    software: tuple[tuple[str, str], ...] = ()
    """Name and version of what made the picture, for people."""

    def to_text(self) -> str:
        """One line of JSON in ASCII, so that every format can carry it."""
        return json.dumps({"format": FORMAT, **to_plain(self)}, separators=(",", ":"))


def from_text(text: str) -> Recipe:
    """What `to_text` wrote, from wherever it comes. Raises RecipeError."""
    try:
        found = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:  # also of numbers with too many digits
        raise RecipeError("The picture's recipe is damaged: it is not JSON.") from error
    version = found.pop("format", None) if isinstance(found, dict) else None
    if type(version) is not int or version != FORMAT:
        raise RecipeError(f"The picture's recipe is not of format {FORMAT}, the one that this digitforge follows.")
    try:
        recipe = from_plain(Recipe, found, "it")
    except ValueError as error:
        raise RecipeError(f"The picture's recipe cannot be followed: {str(error)[:200]}.") from error
    assert isinstance(recipe, Recipe)
    return recipe


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


def versions() -> tuple[tuple[str, str], ...]:
    """Name and version of what makes pictures here, where it is installed as a package."""
    found = []
    for name in SOFTWARE:
        try:
            found.append((name, importlib.metadata.version(name)))
        except importlib.metadata.PackageNotFoundError:  # onnxruntime-gpu, or a clone that was never installed
            continue
    return tuple(found)
