"""What the bars below the canvas share that go through the stages of a training."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QFrame, QPushButton, QSizePolicy, QWidget

from viewer.core.run.stages import Stage
from viewer.core.scene.messages import Failure, Opened, OpenRequest
from viewer.engine.player import Player
from viewer.ui.widgets.buttons import make_button
from viewer.ui.widgets.labels import label
from viewer.ui.widgets.sliders import Slider


class StageBar(QFrame):
    """A slider over the stages of a training, which opens the chosen one on the same latents.

    It leaves when a generator is opened that is not one of its stages.
    """

    def __init__(self, player: Player) -> None:
        super().__init__()
        self.setObjectName("watch")
        self.stages: tuple[Stage, ...] = ()
        self.spared = QWidget()
        """What is hidden during a comparison in a low window."""
        self._player = player
        self._requested: Stage | None = None  # the stage that the player was told to open last
        self._shown: Path | None = None
        self.facts = label("", "muted")
        self.facts.setWordWrap(True)
        # Long names must not widen the window.
        self.facts.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.stage = label("", "muted")
        self.against_newest = make_button(
            QPushButton,
            "Compare",
            "Show the newest stage beside this one, on the same latents, to see what training changed",
        )
        self.against_newest.clicked.connect(self._compare)
        self.slider = Slider(
            0, 0, "Stage of the training", "Go back and forth in the training, to see how noise became pictures", 0
        )
        self.slider.setPageStep(1)
        self.slider.valueChanged.connect(self._choose)
        player.opened.connect(self._on_opened)
        player.failed.connect(self._on_failed)
        self.hide()

    @property
    def active(self) -> bool:
        """Whether the bar goes through a training now."""
        raise NotImplementedError

    def leave(self) -> None:
        """Hide the bar, and stop what it does."""
        raise NotImplementedError

    def _describe(self, place: int) -> str:
        """Return the text beside the slider for a stage."""
        raise NotImplementedError

    def _holds(self, path: Path) -> bool:
        """Return whether a generator file belongs to the training."""
        return any(stage.path == path for stage in self.stages)

    def _on_other_stage(self) -> None:
        """Handle that another part of the window has opened one of the stages."""

    def _open(self, stage: Stage) -> None:
        self._requested = stage
        self._player.open(stage.path)

    def _choose(self, place: int) -> None:
        self._open(self.stages[place])

    def _compare(self) -> None:
        if self.stages:
            self._player.compare(self.stages[-1].path)

    def _place(self) -> int | None:
        """Return the index of the stage that is shown."""
        return next((place for place, stage in enumerate(self.stages) if stage.path == self._shown), None)

    def _show_stages(self) -> None:
        place, count = self._place(), len(self.stages)
        self.slider.show_maximum(max(count - 1, 0))
        self.slider.show_rest(max(count - 1, 0))
        if place is not None:
            self.slider.show_value(place)
        for widget in (self.slider, self.stage):
            widget.setVisible(count > 0)
        self.slider.setEnabled(count > 1)
        self.against_newest.setVisible(count > 1)
        self.against_newest.setEnabled(place is not None and place < count - 1)
        self.stage.setText("" if place is None else self._describe(place))

    def _on_opened(self, opened: Opened) -> None:
        if not self.active or self._player.awaits_another(opened):
            return
        self._shown = opened.path
        if self._requested is None or self._requested.path != opened.path:
            if not self._holds(opened.path):
                self.leave()
                return
            self._on_other_stage()
        self._show_stages()

    def _on_failed(self, failure: Failure) -> None:
        if self.active and isinstance(failure.request, OpenRequest):
            self._show_stages()
