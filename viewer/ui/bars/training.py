"""The bar below the canvas that shows how the bundled generator learned, from noise to digits."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout

from viewer.core.run.packed_stages import PackedStages
from viewer.core.run.stages import Stage, is_bundled
from viewer.core.scene.messages import Failure
from viewer.engine.background import Background
from viewer.engine.player import Player
from viewer.ui import theme
from viewer.ui.bars.stages import StageBar
from viewer.ui.widgets.buttons import icon_button, make_button
from viewer.ui.widgets.icons import icon

TITLE = "Training: from noise to digits"
PLAY, PAUSE = "Play the training from noise to digits", "Pause at this stage, to look closely"
STEP_MS = 900
"""Time that each stage stays while playing."""


class TrainingBar(StageBar):
    """Goes through the early stages of the bundled generator. They are unpacked when the bar is shown."""

    changed = Signal(bool)
    """The bar was shown or left."""
    failed = Signal(str)
    """An error message: the stages could not be unpacked."""
    film_wanted = Signal(object)
    """The stages, which the user wants to save as a film."""

    def __init__(self, player: Player, packed: PackedStages) -> None:
        super().__init__(player)
        self._packed = packed
        self._active = False
        self._background: Background | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(STEP_MS)
        self._timer.timeout.connect(self._step)
        self.facts.setText(TITLE)
        self.facts.setProperty("role", "title")
        self.against_newest.setToolTip(
            "Show the finished generator beside this stage, on the same latents, to see what training changed"
        )
        self._icons = {playing: icon("pause" if playing else "play") for playing in (False, True)}
        self.play = icon_button("play", PLAY)
        self.play.clicked.connect(self._toggle)
        self.film = icon_button("save", "Save the training as a film, to show it elsewhere")
        self.film.clicked.connect(lambda: self.film_wanted.emit(self.stages))
        self.finished = make_button(QPushButton, "Finish", "Close this bar and show the finished generator again")
        self.finished.clicked.connect(self.finish)
        self.slider.sliderPressed.connect(self.pause)
        self.stage.setSizePolicy(self.facts.sizePolicy())
        self.stage.setWordWrap(True)
        texts = QVBoxLayout()
        texts.setSpacing(0)
        texts.addWidget(self.facts)
        texts.addWidget(self.stage)
        head = QHBoxLayout(self.spared)
        head.setContentsMargins(0, 0, 0, 0)
        head.setSpacing(theme.SPACE)
        head.addLayout(texts, 1)
        head.addWidget(self.against_newest)
        foot = QHBoxLayout()
        foot.setSpacing(theme.SPACE)
        foot.addWidget(self.play)
        foot.addWidget(self.slider, 1)
        foot.addWidget(self.film)
        foot.addWidget(self.finished)
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * theme.SPACE, theme.SPACE, 3 * theme.SPACE, theme.SPACE)
        column.setSpacing(theme.SPACE)
        column.addWidget(self.spared)
        column.addLayout(foot)

    @property
    def active(self) -> bool:
        return self._active

    def begin(self) -> None:
        """Show the bar and unpack the stages in the background. Does nothing if it is shown."""
        if self._active:
            return
        self._active = True
        self._requested = None
        self._shown = None if self._player.model is None else self._player.model.path
        self._show_stages()
        self.show()
        self.changed.emit(True)
        self.close_down()
        self._background = Background(self._packed.unpack, "training")
        self._background.succeeded.connect(self._on_unpacked)
        self._background.failed.connect(self._on_unreadable)
        self._background.start()

    def show_or_finish(self, wanted: bool) -> None:
        """Show the bar, or the finished generator without it."""
        if wanted:
            self.begin()
        else:
            self.finish()

    def finish(self) -> None:
        """Show the finished generator again and leave."""
        if (self._shown if self._requested is None else self._requested.path) != self._packed.generator:
            self._player.open(self._packed.generator)
        self.leave()

    def leave(self) -> None:
        self.pause()
        self._active = False
        self.hide()
        self.changed.emit(False)

    def pause(self) -> None:
        """Stop playing."""
        self._timer.stop()
        self._show_playing()

    def close_down(self) -> None:
        """Stop unpacking, and wait until the thread has ended."""
        self._timer.stop()
        if self._background is not None:
            self._background.succeeded.disconnect(self._on_unpacked)
            self._background.failed.disconnect(self._on_unreadable)
            self._background.cancel()
            self._background.wait()
            self._background = None

    def _on_unpacked(self, stages: tuple[Stage, ...]) -> None:
        self.stages = stages
        self._show_stages()

    def _on_unreadable(self, sentence: str) -> None:
        self.leave()
        self.failed.emit(sentence)

    def _show_stages(self) -> None:
        super()._show_stages()
        for button in (self.play, self.film):
            button.setEnabled(bool(self.stages))

    def _describe(self, place: int) -> str:
        end = "   ·   finished" if place == len(self.stages) - 1 else ""
        return f"after {self.stages[place].images:,} images{end}"

    def _holds(self, path: Path) -> bool:
        return is_bundled(path)  # also before the stages are unpacked

    def _on_other_stage(self) -> None:
        self._requested = None
        self.pause()

    def _on_failed(self, failure: Failure) -> None:
        self.pause()
        super()._on_failed(failure)

    def _toggle(self) -> None:
        if self._timer.isActive():
            self.pause()
            return
        self._timer.start()
        self._show_playing()
        if self.slider.value() == self.slider.maximum():
            self.slider.setValue(0)

    def _step(self) -> None:
        """Go to the next stage, once the one before is shown."""
        if self._place() != self.slider.value():
            return
        if self.slider.value() == self.slider.maximum():
            self.pause()
        else:
            self.slider.setValue(self.slider.value() + 1)

    def _show_playing(self) -> None:
        playing = self._timer.isActive()
        self.play.setIcon(self._icons[playing])
        self.play.setToolTip(PAUSE if playing else PLAY)
        self.play.setAccessibleName(self.play.toolTip())
