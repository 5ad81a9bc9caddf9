"""The bar below the canvas while a training run is open: its curves and its stages."""

from __future__ import annotations

import time
from pathlib import Path

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout

from viewer.core.run.curves import Log
from viewer.core.run.stages import LOG_FILE, Stage, nearest, planned_images, stages_of, to_open
from viewer.core.scene.messages import Failure, Opened, OpenRequest
from viewer.engine.player import Player
from viewer.ui import theme
from viewer.ui.bars.plot import Line, Plot
from viewer.ui.widgets.buttons import make_button
from viewer.ui.widgets.labels import label
from viewer.ui.widgets.sliders import Slider

POLL_MS = 1500
"""Time between looks at the run's folder."""
READ_S = 0.006
"""Longest time to read a long log in one go: less than half a frame."""


class WatchBar(QFrame):
    """Watches a run: plots its log, offers its stages and opens new ones. Reads the folder only while visible."""

    def __init__(self, player: Player) -> None:
        super().__init__()
        self.setObjectName("watch")
        self.run: Path | None = None
        self.stages: tuple[Stage, ...] = ()
        self._player = player
        self._log = Log(Path())
        self._planned: int | None = None
        self._requested: Stage | None = None  # the stage that the player was told to open last
        self._shown: Path | None = None
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.CoarseTimer)
        self._timer.timeout.connect(self.poll)

        self.facts = label("", "muted")
        self.facts.setWordWrap(True)
        # Long names must not widen the window.
        self.facts.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.stage = label("", "muted")
        self.follow = make_button(
            QPushButton, "Follow", "Show each new stage as soon as the training exports it, to watch it learn"
        )
        self.follow.clicked.connect(self._follow)
        self.follow.setCheckable(True)
        self.against_newest = make_button(
            QPushButton,
            "Compare",
            "Show the newest stage beside this one, on the same latents, to see what training changed",
        )
        self.against_newest.clicked.connect(self._compare)
        self.losses = Plot("Losses", (Line("d_loss", "D", theme.MUTED), Line("g_loss", "G", theme.ACCENT)))
        self.accuracy = Plot(
            "Discriminator is right",
            (Line("real_accuracy", "reals", theme.MUTED), Line("fake_accuracy", "fakes", theme.ACCENT)),
        )
        self.distance = Plot(
            "Fréchet distance",
            (
                Line("floor_frechet_distance", "real", theme.MUTED, dashed=True),
                Line("frechet_distance", "generated", theme.ACCENT),
            ),
            logarithmic=True,
        )
        self.fidelity = Plot(
            "",
            (
                Line("precision", "precision", theme.TEXT),
                Line("recall", "recall", theme.MUTED),
                Line("coverage", "coverage", theme.ACCENT),
            ),
        )
        self.plots = (self.losses, self.accuracy, self.distance, self.fidelity)
        self.slider = Slider(
            0, 0, "Stage of the training", "Go back and forth in the training, to see how noise became pictures"
        )
        self.slider.setPageStep(1)
        self.slider.valueChanged.connect(self._choose)
        self.nothing = label("", "muted")
        self.nothing.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.nothing.setWordWrap(True)
        self._arrange()
        player.opened.connect(self._on_opened)
        player.failed.connect(self._on_failed)
        self.hide()

    def _arrange(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(theme.SPACE)
        head.addWidget(self.facts, 1)
        head.addWidget(self.against_newest)
        head.addWidget(self.follow)
        middle = QHBoxLayout()
        middle.setSpacing(3 * theme.SPACE)
        for plot in self.plots:
            middle.addWidget(plot)
            plot.pressed.connect(self._choose_nearest)
        foot = QHBoxLayout()
        foot.setSpacing(2 * theme.SPACE)
        foot.addWidget(self.slider, 1)
        foot.addWidget(self.stage)
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * theme.SPACE, theme.SPACE, 3 * theme.SPACE, theme.SPACE)
        column.setSpacing(theme.SPACE)
        column.addLayout(head)
        column.addLayout(middle)
        column.addWidget(self.nothing)
        column.addLayout(foot)

    def watch(self, run: Path) -> bool:
        """Watch a run and open its newest stage; returns False if it has none yet."""
        self.run, self.stages, self._requested, self._shown = run, (), None, None
        self._log = Log(run / LOG_FILE)
        self._planned = planned_images(run)
        self.follow.setChecked(True)
        for plot in self.plots:
            plot.show_curves({}, 0)
        self._show_stages()
        self.show()
        self.poll()
        return bool(self.stages)

    def leave(self) -> None:
        """Stop watching the run."""
        self.run = None
        self._timer.stop()
        self.hide()

    def stop_following(self) -> None:
        """Stop opening new stages."""
        self.follow.setChecked(False)

    def poll(self) -> None:
        """Read what is new in the run's folder."""
        if self.run is None:
            return
        stages = stages_of(self.run)
        if stages != self.stages:
            self.stages = stages
            self._show_stages()
        start, changed = time.perf_counter(), self._log.read()
        while self._log.behind and time.perf_counter() - start < READ_S:
            changed = self._log.read() or changed
        self._timer.setInterval(0 if self._log.behind else POLL_MS)
        if not self._log.behind:
            self._planned = self._planned or planned_images(self.run)
            self._show_log(changed)
        if (stage := to_open(stages, self._requested, self.follow.isChecked())) is not None:
            self._open(stage)

    def _open(self, stage: Stage) -> None:
        self._requested = stage
        self._player.open(stage.path)

    def _choose(self, place: int) -> None:
        self.follow.setChecked(place == len(self.stages) - 1)
        self._open(self.stages[place])

    def _choose_nearest(self, images: float) -> None:
        if self.stages:
            self.slider.setValue(nearest(self.stages, images))

    def _follow(self) -> None:
        if self.follow.isChecked() and self.stages:
            self.slider.setValue(len(self.stages) - 1)

    def _compare(self) -> None:
        if self.stages:
            self._player.compare(self.stages[-1].path)

    def _place(self) -> int | None:
        """Return the index of the stage that is shown."""
        return next((place for place, stage in enumerate(self.stages) if stage.path == self._shown), None)

    def _show_stages(self) -> None:
        place, count = self._place(), len(self.stages)
        self.slider.show_maximum(max(count - 1, 0))
        if place is not None:
            self.slider.show_value(place)
        for widget in (self.slider, self.stage):
            widget.setVisible(count > 0)
        self.slider.setEnabled(count > 1)
        self.against_newest.setVisible(count > 1)
        self.against_newest.setEnabled(place is not None and place < count - 1)
        self.follow.setVisible(count > 0)
        self.nothing.setVisible(not count)
        if not count and self.run is not None:
            self.nothing.setText(
                "This run has no exported generator yet. Train with --export-every 10000 to see its stages here, "
                f"or export its newest weights with `python -m export.onnx {self.run}`."
            )
        shown = None if place is None else self.stages[place].images
        named = "" if shown is None else f"{shown:,} images   ·   "
        self.stage.setText("" if place is None else f"{named}stage {place + 1} of {count}")
        images = tuple(stage.images for stage in self.stages if stage.images is not None)
        for plot in self.plots:
            plot.show_stages(images, shown)

    def _show_log(self, changed: bool) -> None:
        assert self.run is not None
        log = self._log
        seen = f"{log.last_images:,.0f}" + (f" of {self._planned:,}" if self._planned else "") + " images"
        speed = f"   ·   {log.images_per_s:,.0f}/s" if log.images_per_s else ""
        text = f"{self.run.name}   ·   {seen}{speed}" if self.run.is_dir() else f"{self.run.name} no longer exists"
        if text != self.facts.text():
            self.facts.setText(text)
        scored = "frechet_distance" in log.curves
        self.accuracy.setVisible(not scored and "real_accuracy" in log.curves)
        self.distance.setVisible(scored)
        self.fidelity.setVisible(scored)
        if changed:
            images = (stage.images or 0 for stage in self.stages)
            last = max(log.last_images, *images, 0)
            for plot in self.plots:
                plot.show_curves(log.curves, last)

    def _on_opened(self, opened: Opened) -> None:
        if self.run is None:
            return
        self._shown = opened.path
        if self._requested is None or self._requested.path != opened.path:
            if self._place() is None:
                self.leave()
                return
            self.follow.setChecked(False)  # another part of the window chose this stage
        self._show_stages()

    def _on_failed(self, failure: Failure) -> None:
        if self.run is not None and isinstance(failure.request, OpenRequest):
            self._show_stages()

    def showEvent(self, event: QShowEvent) -> None:
        self._timer.start(POLL_MS)
        super().showEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        self._timer.stop()
        super().hideEvent(event)
