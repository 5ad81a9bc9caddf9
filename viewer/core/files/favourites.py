"""Favourites: a folder of small pictures that carry their recipes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from digitforge.errors import CannotWrite, RecipeError, explain, explain_read
from digitforge.files import write_bytes
from viewer.core.files import Report
from viewer.core.files.formats import read_recipe
from viewer.core.files.recipe import Recipe
from viewer.core.picture.caption import kind, origin
from viewer.core.state.samples import SEED_MAX, Sample
from viewer.core.state.view_state import ViewState

SIDE = 224
"""Approximate size of the pictures in pixels."""
LONGEST_NAME = 40
"""Characters."""
REMOVED = "removed"
"""Folder of removed favourites that can still be restored."""
_NOT_IN_NAMES = set('<>:"/\\|?*')  # characters that some systems refuse in file names


@dataclass(frozen=True)
class Favourite:
    """A picture and its recipe."""

    path: Path
    recipe: Recipe

    @property
    def name(self) -> str:
        """The name that the user sees."""
        return self.path.stem


def name_of(state: ViewState, classes: tuple[str, ...]) -> str:
    """Return the default name of a state. classes: the generator's class names."""
    if state.mode == "number":
        return clean(f"Written {state.number.text}")
    if state.mode == "path":
        return f"Morph of {len(state.timeline.keyframes)}"
    if state.mode == "pad":
        return f"Blend of {len(state.pad.corners)}"
    if state.mode == "draw":
        label = None if state.drawing.answer is None else state.drawing.answer.label
        return "Drawing" if label is None else clean(f"Drawn {classes[label]}")
    if state.mode == "near":
        return "Two pictures mixed" if state.near.mixes else "Like one picture"
    if state.mode == "map" and state.chosen is not None:
        return name_of(alone(state, state.chosen), classes)
    if state.cells == 1 and state.locks and (sample := state.locks[0][1]).held:
        text = clean(sample.origin or (kind(sample, classes) if sample.mix else origin(sample)))
        return text[:1].upper() + text[1:]
    if state.position % 1.0 > 0.0:
        return f"Between seeds {state.seed} and {state.seed + 1}"
    return f"Seed {state.seed}"


def alone(state: ViewState, sample: Sample) -> ViewState:
    """Return a state that shows one sample as a grid of one locked cell."""
    seed = state.seed if sample.held else min(sample.seed, SEED_MAX)
    return replace(state, mode="grid", playing=False, position=0.0, seed=seed, cells=1, locks=((0, sample),))


def clean(name: str) -> str:
    """Return the name without what some systems refuse in file names; it may become empty."""
    kept = "".join(" " if one in _NOT_IN_NAMES or not one.isprintable() else one for one in name)
    return " ".join(kept.split())[:LONGEST_NAME].strip(". ")


def load(folder: Path, report: Report) -> tuple[list[Favourite], str]:
    """Return all favourites, the newest first, and a sentence if some could not be read."""
    found, damaged = [], []
    try:
        whole = [
            path for path in folder.glob("*.png") if not path.name.startswith(".")
        ]  # hidden ones are still being written
        paths = sorted(whole, key=lambda path: path.stat().st_mtime_ns, reverse=True)
    except OSError as error:
        return [], f"The favourites in {folder} could not be read: {explain_read(error)}"
    for number, path in enumerate(paths):
        report(number, len(paths))
        try:
            found.append(Favourite(path, read_recipe(path)))
        except RecipeError:
            damaged.append(path.name)
    if not damaged:
        return found, ""
    return found, f"{len(damaged)} of the favourites in {folder} could not be read and were left there: {damaged[0]}."


def keep(folder: Path, name: str, content: bytes) -> Favourite:
    """Add a picture. Raises CannotWrite."""
    path = _free(folder, name)
    write_bytes(path, content)
    return Favourite(path, read_recipe(path))


def rename(favourite: Favourite, name: str) -> Favourite:
    """Rename a favourite; an empty name changes nothing. Raises CannotWrite."""
    name = clean(name)
    if name in ("", favourite.name):
        return favourite
    return _moved(favourite, _free(favourite.path.parent, name))


def remove(favourite: Favourite) -> Favourite:
    """Remove a favourite and return it, for `put_back`. Raises CannotWrite."""
    folder = favourite.path.parent / REMOVED
    return _moved(favourite, _free(folder, favourite.name))


def put_back(favourite: Favourite) -> Favourite:
    """Undo `remove`. Raises CannotWrite."""
    return _moved(favourite, _free(favourite.path.parent.parent, favourite.name))


def forget_removed(folder: Path) -> None:
    """Delete the removed favourites."""
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
    """Return a path that does not exist yet."""
    path, number = folder / f"{name}.png", 2
    while path.exists():
        path, number = folder / f"{name} ({number}).png", number + 1
    return path
