"""Small pictures besides the frames."""

from __future__ import annotations

from collections.abc import Callable, Hashable

from PySide6.QtCore import QObject, Signal

from export.contract import GeneratorInfo
from export.runtime.arrays import UInt8
from export.runtime.generator import Generator
from viewer.core.scene.cells import Scene
from viewer.core.scene.messages import Answer
from viewer.engine.player import Player


class Previews(QObject):
    """One batch of pictures, which is rendered again only when its key changes."""

    rendered = Signal()
    """`scene` and `pixels` have changed."""

    def __init__(self, player: Player, name: str) -> None:
        """name: the name of the job."""
        super().__init__()
        self.scene: Scene | None = None
        """The last rendered scene; None if there was none, or nothing to render."""
        self.pixels: UInt8 | None = None
        """uint8 [cells, h, w] or [cells, h, w, 3]."""
        self._player = player
        self._name = name
        self._key: Hashable = None
        player.answered.connect(self._on_answered)

    def show(self, key: Hashable, make: Callable[[GeneratorInfo], Scene | None]) -> None:
        """Render the scene that `make` returns on the worker, unless `key` and the generator are unchanged."""
        model = self._player.model
        if model is None or (model.generation, key) == self._key:
            return
        self._key = (model.generation, key)

        def render(generator: Generator) -> tuple[Scene | None, UInt8 | None]:
            scene = make(generator.info)
            return scene, None if scene is None or not len(scene.z) else generator.generate_pixels(scene.z, scene.y)

        self._player.ask(self._name, render)

    def _on_answered(self, answer: Answer) -> None:
        if answer.name == self._name:
            self.scene, self.pixels = answer.value
            self.rendered.emit()
