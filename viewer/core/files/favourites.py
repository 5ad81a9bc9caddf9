"""Favourites: a folder of small pictures, each of which carries the recipe of what it shows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from digitforge.errors import CannotWrite, RecipeError, explain
from digitforge.files import write_bytes
from viewer.core.files import Report
from viewer.core.files.formats import read_recipe
from viewer.core.files.recipe import Recipe
from viewer.core.state.samples import Sample
from viewer.core.state.view_state import ViewState

SIDE = 224
"""Pixels of the picture, about."""
LONGEST_NAME = 40
"""Characters."""
REMOVED = "removed"
"""Folder of those that can still be put back."""
_NOT_IN_NAMES = set('<>:"/\\|?*')  # what some system refuses in the name of a file


@dataclass(frozen=True)
class Favourite:
    """One of them."""

    path: Path
    recipe: Recipe

    @property
    def name(self) -> str:
        """As a person calls it."""
        return self.path.stem


def name_of(state: ViewState) -> str:
    """What a state is called until somebody names it."""
    if state.mode == "number":
        return clean(f"Number {state.number.text}")
    if state.mode == "path":
        return f"Morph of {len(state.timeline.keyframes)}"
    if state.mode == "pad":
        return f"Blend of {len(state.pad.corners)}"
    return f"Seed {state.seed}"


def alone(state: ViewState, sample: Sample) -> ViewState:
    """A state that shows one sample, as the grid of it alone."""
    return replace(state, mode="grid", playing=False, position=0.0, seed=min(sample.seed, 2**63 - 1), cells=1,
                   locks=((0, sample),))  # fmt: skip


def clean(name: str) -> str:
    """The nearest name that every system allows for a file; empty where nothing is left of it."""
    kept = "".join(" " if one in _NOT_IN_NAMES or not one.isprintable() else one for one in name)
    return " ".join(kept.split())[:LONGEST_NAME].strip(". ")


def load(folder: Path, report: Report) -> tuple[list[Favourite], str]:
    """All of them, the newest first, and one sentence where some could not be read."""
    found, damaged = [], []
    try:
        whole = [path for path in folder.glob("*.png") if not path.name.startswith(".")]  # others are being written
        paths = sorted(whole, key=lambda path: path.stat().st_mtime_ns, reverse=True)
    except OSError as error:
        return [], f"The favourites in {folder} could not be read: {explain(error)}"
    for number, path in enumerate(paths):
        report(number, len(paths))
        try:
            found.append(Favourite(path, read_recipe(path)))
        except RecipeError:
            damaged.append(path.name)
    if not damaged:
        return found, ""
    return found, f"{len(damaged)} of the favourites in {folder} cannot be read and stay there: {damaged[0]}."


def keep(folder: Path, name: str, content: bytes) -> Favourite:
    """Keep a picture. Raises CannotWrite."""
    path = _free(folder, name)
    write_bytes(path, content)
    return Favourite(path, read_recipe(path))


def rename(favourite: Favourite, name: str) -> Favourite:
    """Call it by another name, or by its own where nothing is left of that. Raises CannotWrite."""
    name = clean(name)
    if name in ("", favourite.name):
        return favourite
    return _moved(favourite, _free(favourite.path.parent, name))


def remove(favourite: Favourite) -> Favourite:
    """Put it away; returns what `put_back` takes. Raises CannotWrite."""
    folder = favourite.path.parent / REMOVED
    return _moved(favourite, _free(folder, favourite.name))


def put_back(favourite: Favourite) -> Favourite:
    """Undo `remove`. Raises CannotWrite."""
    return _moved(favourite, _free(favourite.path.parent.parent, favourite.name))


def forget_removed(folder: Path) -> None:
    """Let those go that were put away."""
    for path in (folder / REMOVED).glob("*.png"):
        path.unlink(missing_ok=True)


def _moved(favourite: Favourite, path: Path) -> Favourite:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        favourite.path.rename(path)
    except OSError as error:
        raise CannotWrite(f"{favourite.name} could not be moved to {path}: {explain(error)}") from error
    return replace(favourite, path=path)


def _free(folder: Path, name: str) -> Path:
    """A path that is not taken."""
    path, number = folder / f"{name}.png", 2
    while path.exists():
        path, number = folder / f"{name} ({number}).png", number + 1
    return path
