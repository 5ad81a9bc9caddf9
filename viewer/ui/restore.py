"""Restores the settings that made a picture, from the recipe in its file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from digitforge.errors import NoRecipe
from export.inversion.pictures import SUFFIXES
from viewer.core.files import Report
from viewer.core.files.formats import read_recipe
from viewer.core.files.models import find_by_hash
from viewer.core.files.recipe import Recipe
from viewer.core.run.packed_stages import PackedStages
from viewer.core.scene.messages import Failure, Opened, OpenRequest
from viewer.engine.background import Background
from viewer.engine.player import Player
from viewer.ui.editor import Editor


class Restorer(QObject):
    """Reads recipes, and finds and opens the generators that they name."""

    notified = Signal(str)
    """A message about what is shown now."""
    failed = Signal(str)
    """An error message. Nothing has changed."""
    unmarked = Signal(object)
    """Path of a picture that was not exported by digitforge."""
    opening = Signal(object)
    """Path of the generator to open first."""

    def __init__(self, player: Player, editor: Editor, places: Callable[[], list[Path]], packed: PackedStages) -> None:
        """places: returns files and folders to search for generators, besides those of the picture and the open one.

        packed: stages that are searched too.
        """
        super().__init__()
        self._places = places
        self._packed = packed
        self._player = player
        self._editor = editor
        self._background: Background | None = None
        self._waiting: Recipe | None = None
        player.opened.connect(self._on_opened)
        player.failed.connect(self._on_failed)

    def restore(self, picture: Path) -> None:
        """Show what a picture shows, once its recipe is read and its generator is open."""
        self.close_down()
        model = self._player.model
        places = [picture.absolute().parent, *([] if model is None else [model.path.parent]), *self._places()]

        def find(report: Report) -> tuple[Recipe, Path | None] | Path:
            try:
                recipe = read_recipe(picture)
            except NoRecipe:
                if model is not None and picture.suffix.lower() in SUFFIXES:
                    return picture
                raise
            wanted = recipe.model.sha256
            if model is not None and model.is_named(wanted):
                return recipe, None
            return recipe, self._packed.find(wanted, report) or find_by_hash(wanted, places, report)

        self._background = Background(find, "recipe")
        self._background.succeeded.connect(self._on_read)
        self._background.failed.connect(self.failed)
        self._background.start()

    def close_down(self) -> None:
        """Stop searching, and wait until the thread has ended."""
        self._waiting = None
        if self._background is not None:
            self._background.succeeded.disconnect(self._on_read)
            self._background.cancel()
            self._background.wait()
            self._background = None

    def _on_read(self, found: tuple[Recipe, Path | None] | Path) -> None:
        if isinstance(found, Path):
            self.unmarked.emit(found)
            return
        recipe, path = found
        if path is not None:
            self._waiting = recipe
            self.opening.emit(path)
        elif self._player.model is None:
            self.failed.emit(
                f"This picture was made with {_name(recipe)}, which was not found. Open that generator first."
            )
        else:
            self._show(recipe)

    def _on_opened(self, opened: Opened) -> None:
        if self._waiting is not None and opened.is_named(self._waiting.model.sha256):
            recipe, self._waiting = self._waiting, None
            self._show(recipe)

    def _on_failed(self, failure: Failure) -> None:
        if isinstance(failure.request, OpenRequest):
            self._waiting = None

    def _show(self, recipe: Recipe) -> None:
        self._editor.edit("recipe", lambda _: recipe.state)
        model = self._player.model
        if model is not None and model.is_named(recipe.model.sha256):
            self.notified.emit("Restored the settings that made this picture.")
        else:
            self.notified.emit(
                f"This picture was made with {_name(recipe)}, which was not found. The open generator now shows those "
                "of its settings that fit."
            )


def _name(recipe: Recipe) -> str:
    """Return the name of a recipe's model and the start of its digest, on one line."""
    return " ".join(f"{recipe.model.name[:60]} ({recipe.model.sha256[:8]}…)".split())
