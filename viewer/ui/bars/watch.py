"""The bar below the canvas while a training run is open: its curves and its stages."""

from __future__ import annotations

import time
from pathlib import Path

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QPushButton, QVBoxLayout

from viewer.core.run.curves import Log
from viewer.core.run.stages import LOG_FILE, nearest, planned_images, stages_of, to_open
from viewer.engine.player import Player
from viewer.ui import theme
from viewer.ui.bars.plot import Line, Plot
from viewer.ui.bars.stages import StageBar
from viewer.ui.widgets.buttons import make_button
from viewer.ui.widgets.labels import label

POLL_MS = 1500
"""Time between looks at the run's folder."""
LEAST_FOR_ROW = 44 * theme.SPACE
"""Width of the bar in pixels below which its buttons are below the text, and there is one plot."""
READ_S = 0.006
"""Longest time to read a long log in one go: less than half a frame."""


class WatchBar(StageBar):
    """Watches a run: plots its log, offers its stages and opens new ones. Reads the folder only while visible."""

    def __init__(self, player: Player) -> None:
        super().__init__(player)
        self.run: Path | None = None
        self._log = Log(Path())
        self._planned: int | None = None
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.CoarseTimer)
        self._timer.timeout.connect(self.poll)

        self.follow = make_button(
            QPushButton, "Follow", "Show each new stage as soon as the training exports it, to watch it learn"
        )
        self.follow.clicked.connect(self._follow)
        self.follow.setCheckable(True)
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
        self.nothing = label("", "muted")
        self.nothing.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.nothing.setWordWrap(True)
        self._arrange()

    def _arrange(self) -> None:
        head = self._head = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        head.setSpacing(theme.SPACE)
        head.addWidget(self.facts, 1)
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.SPACE)
        buttons.addWidget(self.against_newest)
        buttons.addWidget(self.follow)
        head.addLayout(buttons)
        middle = QHBoxLayout(self.spared)
        middle.setContentsMargins(0, 0, 0, 0)
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
        column.addWidget(self.spared)
        column.addWidget(self.nothing)
        column.addLayout(foot)

    @property
    def _narrow(self) -> bool:
        return self.width() < theme.px(LEAST_FOR_ROW)

    def minimumSizeHint(self) -> QSize:
        return QSize(0, super().minimumSizeHint().height())  # never keeps the window wide

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        way = QBoxLayout.Direction.TopToBottom if self._narrow else QBoxLayout.Direction.LeftToRight
        if way != self._head.direction():
            self._head.setDirection(way)
            if (place := self._place()) is not None:
                self.stage.setText(self._describe(place))
            self._show_plots()
            self.updateGeometry()

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

    @property
    def active(self) -> bool:
        return self.run is not None

    def leave(self) -> None:
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

    def _choose(self, place: int) -> None:
        self.follow.setChecked(place == len(self.stages) - 1)
        super()._choose(place)

    def _choose_nearest(self, images: float) -> None:
        if self.stages:
            self.slider.setValue(nearest(self.stages, images))

    def _follow(self) -> None:
        if self.follow.isChecked() and self.stages:
            self.slider.setValue(len(self.stages) - 1)

    def _describe(self, place: int) -> str:
        images = None if self._narrow else self.stages[place].images
        named = "" if images is None else f"{images:,} images   ·   "
        return f"{named}stage {place + 1} of {len(self.stages)}"

    def _on_other_stage(self) -> None:
        self.follow.setChecked(False)

    def _show_stages(self) -> None:
        super()._show_stages()
        place, count = self._place(), len(self.stages)
        self.follow.setVisible(count > 0)
        self.nothing.setVisible(not count)
        if not count and self.run is not None:
            self.nothing.setText(
                "This run has no exported generator yet. Train with --export-every 10000 to see its stages here, "
                f"or export its newest weights with `python -m export.onnx {self.run}`."
            )
        images = tuple(stage.images for stage in self.stages if stage.images is not None)
        for plot in self.plots:
            plot.show_stages(images, None if place is None else self.stages[place].images)

    def _show_log(self, changed: bool) -> None:
        assert self.run is not None
        log = self._log
        seen = f"{log.last_images:,.0f}" + (f" of {self._planned:,}" if self._planned else "") + " images"
        speed = f"   ·   {log.images_per_s:,.0f}/s" if log.images_per_s else ""
        text = f"{self.run.name}   ·   {seen}{speed}" if self.run.is_dir() else f"{self.run.name} no longer exists"
        if text != self.facts.text():
            self.facts.setText(text)
        self._show_plots()
        if changed:
            images = (stage.images or 0 for stage in self.stages)
            last = max(log.last_images, *images, 0)
            for plot in self.plots:
                plot.show_curves(log.curves, last)

    def _show_plots(self) -> None:
        """Show the plots of what was measured; only one where their titles do not fit beside each other."""
        scored, narrow = "frechet_distance" in self._log.curves, self._narrow
        self.losses.setVisible(not (scored and narrow))
        self.accuracy.setVisible(not scored and not narrow and "real_accuracy" in self._log.curves)
        self.distance.setVisible(scored)
        self.fidelity.setVisible(scored and not narrow)

    def showEvent(self, event: QShowEvent) -> None:
        self._timer.start(POLL_MS)
        super().showEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        self._timer.stop()
        super().hideEvent(event)
