"""Recipes: how a picture was made, as the text that it carries."""

from __future__ import annotations

import importlib.metadata
import json
from dataclasses import dataclass, replace
from typing import NoReturn

from digitforge.errors import ExportError, RecipeError
from export.contract import CONTRACT_VERSION
from viewer.core.plain import from_plain, to_plain
from viewer.core.scene.animation import Animation
from viewer.core.state.clay import Clay
from viewer.core.state.drawing import Drawing
from viewer.core.state.near import Near
from viewer.core.state.view_state import ViewState

FORMAT = 4
"""The newest format. A recipe is written in the oldest format that can say it, so that older versions read it.

1: every sample is made from a seed. 2: samples may hold their latents, and there may be a drawing. 3: latents may move
along directions that the recipe holds. 4: a number may be written in the user's own hand, or with a variation, and
there may be the neighbourhood of a sample.
"""
MOST_BYTES = 2**20
"""The longest recipe: hundreds of samples that hold their latents."""
SOFTWARE = ("digitforge", "numpy", "onnxruntime", "pillow")


@dataclass(frozen=True)
class Model:
    """A generator file, identified by its content instead of its location."""

    name: str
    sha256: str
    """The digest of its graph and weights. In recipes of older versions it is the hash of the file."""
    contract: str = CONTRACT_VERSION


@dataclass(frozen=True)
class Recipe:
    """A model, the state of the viewer, and the animation if there is one."""

    model: Model
    state: ViewState
    cell: int | None = None
    """The only cell that is shown; None for all cells."""
    animation: Animation | None = None
    software: tuple[tuple[str, str], ...] = ()
    """Name and version of the packages that made the picture, for information only."""

    def to_text(self) -> str:
        """Return the recipe as one line of ASCII JSON, which every format can carry.

        A drawing is a part of it only where it is shown. Its answer counts as settled, so that it is restored as it is.
        The same holds for a neighbourhood. The sample that was chosen on a map is written as a grid of one cell, which
        shows the same picture. What is being shaped is never a part of it, but its result is.
        Raises ExportError if it is longer than MOST_BYTES.
        """
        drawing = replace(self.state.drawing, settled=True) if self.state.mode == "draw" else Drawing()
        near = self.state.near.in_recipe() if self.state.mode == "near" else Near()
        state = self.state.with_drawing(drawing).with_near(near).with_clay(Clay()).with_chosen(None)
        if self.state.mode == "map":
            locks = () if self.state.chosen is None else ((0, self.state.chosen),)
            state = replace(state, mode="grid", cells=1, locks=locks)
        recipe = replace(self, state=state)
        version = 2 if self.state.mode == "draw" or any(sample.held for sample in state.samples) else 1
        if self.state.shifts or (self.animation is not None and self.animation.along):
            version = 3
        if self.state.number.drawn or self.state.number.variation or self.state.mode == "near":
            version = 4
        text = json.dumps({"format": version, **to_plain(recipe)}, separators=(",", ":"))
        if len(text) > MOST_BYTES:
            raise ExportError(
                "A picture cannot carry this many samples that no seed makes, or this many directions: unlock cells, "
                "remove keyframes, or set directions back to 0."
            )
        return text


def from_text(text: str) -> Recipe:
    """Parse what `to_text` returned; the text may come from an untrusted file. Raises RecipeError."""
    try:
        found = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:  # ValueError also for numbers with too many digits
        raise RecipeError("The picture's recipe is damaged: it is not JSON.") from error
    version = found.pop("format", None) if isinstance(found, dict) else None
    if type(version) is not int or version < 1:
        raise RecipeError("The picture's recipe is damaged: it does not say its format.")
    if version > FORMAT:
        which = f"format {version}" if version < 1000 else "an unknown format"
        raise RecipeError(
            f"The picture's recipe has {which}, but this version of digitforge reads only formats up to {FORMAT}: "
            "a newer version made the picture."
        )
    try:
        recipe = from_plain(Recipe, found, "recipe")
    except ValueError as error:
        raise RecipeError(f"The picture's recipe is not valid: {str(error)[:200]}.") from error
    assert isinstance(recipe, Recipe)
    return recipe


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


def versions() -> tuple[tuple[str, str], ...]:
    """Return name and version of the installed packages that make pictures."""
    found = []
    for name in SOFTWARE:
        try:
            found.append((name, importlib.metadata.version(name)))
        except importlib.metadata.PackageNotFoundError:  # onnxruntime-gpu instead, or a clone that is not installed
            continue
    return tuple(found)
