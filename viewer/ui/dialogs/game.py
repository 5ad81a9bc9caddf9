""" "Real or forged?" in a dialog over the whole window."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QIcon, QKeyEvent
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from digitforge.errors import CannotWrite
from digitforge.files import write_bytes
from viewer.core.files import Report
from viewer.core.game.dealer import Dealt, deal_from
from viewer.core.game.results import Result, Results, fooling_rate, load, save, streak, to_csv
from viewer.core.game.rounds import PICTURES
from viewer.core.picture.look import PLAIN
from viewer.core.run.packed_stages import PackedStages
from viewer.core.run.stages import Stage
from viewer.engine.background import Background
from viewer.ui import theme
from viewer.ui.widgets.buttons import make_button, toggle_button
from viewer.ui.widgets.labels import label
from viewer.ui.widgets.qimage import thumbnail

TITLE = "Real or forged?"
COLUMNS = 5
SIDES = (64, 240)
"""The smallest and the largest side of a picture in pixels."""
HEIGHT_OF_REST = 40 * theme.SPACE
"""Height in pixels of everything but the pictures."""
QUESTION = "Which of these ten digits are forged? Click them, or press 1 to 9 and 0, then Enter."
SEEDS = 2**31


class GameDialog(QDialog):
    """Deals rounds of ten pictures, takes the guesses of one or two players, and keeps the results."""

    def __init__(self, parent: QWidget, packed: PackedStages, results: Path) -> None:
        """packed: the stages of training that are the difficulties; results: the file that keeps the results."""
        super().__init__(parent)
        self.setWindowTitle(TITLE)
        self.resize(parent.size())
        self._packed, self._path = packed, results
        room = min((parent.width() - 18 * theme.SPACE) // COLUMNS, (parent.height() - theme.px(HEIGHT_OF_REST)) // 2)
        self._side = min(max(room, SIDES[0]), SIDES[1])
        self._background: Background | None = None
        self._stages: tuple[Stage, ...] = ()
        self._discriminator: Path | None = None
        self.dealt: Dealt | None = None
        """The round on the table."""
        self.player = 1
        self.results, said = load(results)
        self.stage = QComboBox()
        self.stage.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.stage.setAccessibleName("Difficulty: how long the forger has trained")
        self.stage.setToolTip("How long the forger has trained: the longer, the harder")
        self.two = toggle_button("Two players", "Take turns, a round each", role="")
        self.judge = make_button(QPushButton, "Discriminator…", "Let a discriminator file answer beside you")
        self.message = label(said or QUESTION, "value")
        self.message.setWordWrap(True)
        self.pictures = [toggle_button("", name=f"Picture {place + 1}") for place in range(PICTURES)]
        self.answers = [label("", "muted") for _ in range(PICTURES)]
        self.score = label("", "muted")
        self.score.setWordWrap(True)
        self.go = make_button(QPushButton, "Show the answer", keys="Enter", name="Show the answer, or the next round")
        self.export = make_button(QPushButton, "Save results…", "Save all results of this computer as a table (csv)")
        self.leave = make_button(QPushButton, "Close", "Go back to the pictures")
        self._lay_out()
        for place, picture in enumerate(self.pictures):
            picture.clicked.connect(partial(self._toggle, place))
        self.stage.activated.connect(self._deal)
        self.two.toggled.connect(self._on_players)
        self.judge.clicked.connect(self._choose_discriminator)
        self.go.clicked.connect(self._go)
        self.export.clicked.connect(self._export)
        self.leave.clicked.connect(self.reject)
        self.finished.connect(self.close_down)
        self._show_score()

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        for part in (self.stage, self.two, self.judge):
            head.addWidget(part)
        head.addStretch()
        grid = QGridLayout()
        grid.setSpacing(theme.SPACE)
        for place, (picture, answer) in enumerate(zip(self.pictures, self.answers, strict=True)):
            picture.setIconSize(QSize(self._side, self._side))
            picture.setMinimumHeight(self._side + theme.SPACE)
            picture.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
            answer.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            row, column = divmod(place, COLUMNS)
            grid.addWidget(picture, 2 * row, column)
            grid.addWidget(answer, 2 * row + 1, column)
        foot = QHBoxLayout()
        foot.addWidget(self.score, 1)
        for part in (self.export, self.leave, self.go):
            foot.addWidget(part)
        page = QVBoxLayout(self)
        page.setContentsMargins(3 * theme.SPACE, 3 * theme.SPACE, 3 * theme.SPACE, 3 * theme.SPACE)
        page.setSpacing(2 * theme.SPACE)
        page.addLayout(head)
        page.addWidget(self.message)
        page.addLayout(grid)
        page.addStretch()
        page.addLayout(foot)

    def begin(self) -> None:
        """Open the dialog, and unpack the stages of training."""
        self.open()
        if not self._stages:
            self._enable(False)
            self._run(self._packed.unpack, self._on_unpacked)

    def close_down(self) -> None:
        """Stop the work in the background, and wait until it has ended."""
        if self._background is not None:
            self._background.blockSignals(True)
            self._background.cancel()
            self._background.wait()
            self._background = None

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if self.go.isEnabled():
                self._go()
        elif event.text().isdecimal() and len(event.text()) == 1 and not event.isAutoRepeat():
            self._toggle((int(event.text()) - 1) % PICTURES)
        else:
            super().keyPressEvent(event)

    def _run(self, function: Callable[[Report], Any], then: Callable[[Any], None]) -> None:
        self.close_down()
        self._background = Background(function, "game")
        self._background.succeeded.connect(then)
        self._background.failed.connect(self._on_failed)
        self._background.start()

    def _on_unpacked(self, stages: tuple[Stage, ...]) -> None:
        self._stages = stages
        for stage in stages:
            end = ", finished" if stage is stages[-1] else ""
            self.stage.addItem(f"after {stage.images or 0:,} images{end}")
        self.stage.setCurrentIndex(len(stages) // 2)
        self._deal()

    def _deal(self) -> None:
        self._enable(False)
        stage, seed, judge = self._stages[self.stage.currentIndex()], random.randrange(SEEDS), self._discriminator
        self._run(lambda _report: deal_from(stage.path, seed, judge), self._on_dealt)

    def _on_dealt(self, dealt: Dealt) -> None:
        self.dealt = dealt
        for place, picture in enumerate(self.pictures):
            pixmap = thumbnail(dealt.round.pixels[place], self._side, PLAIN, self.devicePixelRatioF())
            shown = QIcon(pixmap)
            shown.addPixmap(pixmap, QIcon.Mode.Disabled)
            picture.setIcon(shown)
        self._say(f"Player {self.player}: {QUESTION}" if self.two.isChecked() else QUESTION)
        self._enable(True)
        self._show_round()
        self.setFocus()

    def _on_failed(self, sentence: str) -> None:
        self._say(sentence)
        self._discriminator = None
        self._show_discriminator()
        self._enable(self.dealt is not None)

    def _toggle(self, place: int) -> None:
        if self.dealt is not None and self.go.isEnabled():
            self.dealt = Dealt(self.dealt.round.toggle(place), self.dealt.realism)
            self._show_round()

    def _go(self) -> None:
        dealt = self.dealt
        if dealt is None or dealt.round.done:
            self._deal()
            return
        self.dealt = Dealt(dealt.round.finish(), dealt.realism)
        stage = self._stages[self.stage.currentIndex()]
        fooled, forged = dealt.round.fooled
        when = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S")
        self.results = self.results.with_round(
            Result(when, self.player, self._packed.generator.stem, stage.images or 0, dealt.round.score, forged, fooled,
                   dealt.discriminator_right)
        )  # fmt: skip
        judged = f" The discriminator: {dealt.discriminator_right}." if dealt.realism else ""
        said = f"{dealt.round.score} of {PICTURES} right, and {fooled} of {forged} forgeries fooled you.{judged}"
        self._say(save(self.results, self._path) or said)
        if self.two.isChecked():
            self.player = 3 - self.player
        self._show_round()
        self._show_score()

    def _show_round(self) -> None:
        assert self.dealt is not None
        shown = self.dealt.round
        for place, (picture, answer) in enumerate(zip(self.pictures, self.answers, strict=True)):
            picture.setChecked(place in shown.guessed)
            what = ("forged" if shown.forged[place] else "real") if shown.done else ""
            mark = "✓" if shown.right[place] else "✗"
            answer.setText(f"{mark} {what}" if what else "forged?" if place in shown.guessed else f"{(place + 1) % 10}")
            answer.setProperty("role", ("good" if shown.right[place] else "bad") if what else "muted")
            answer.style().polish(answer)
            picture.setAccessibleName(f"Picture {place + 1}{', ' + what if what else ''}")
        self.go.setText("Next round" if shown.done else "Show the answer")

    def _show_score(self) -> None:
        rounds = self.results.rounds
        players = (1, 2) if self.two.isChecked() else (1,)
        parts = []
        for player in players:
            own = [one for one in rounds if one.player == player]
            if own:
                name = f"Player {player}: " if len(players) > 1 else ""
                right, count = sum(one.right for one in own), PICTURES * len(own)
                parts.append(f"{name}{right} of {count} right, streak of good rounds: {streak(rounds, player)}")
        stage = self._stages[self.stage.currentIndex()] if self._stages else None
        if stage is not None:
            parts.append(fooling_rate(self.results.of(self._packed.generator.stem, stage.images or 0)).sentence())
        self.score.setText("   ·   ".join(filter(None, parts)) or "Results stay on this computer.")
        self.export.setEnabled(self.results != Results())

    def _on_players(self) -> None:
        self.player = 1
        self._show_score()

    def _choose_discriminator(self) -> None:
        if self._discriminator is None:
            kinds = "ONNX discriminators (*.onnx)"
            chosen, _ = QFileDialog.getOpenFileName(self, "Open a discriminator", "", kinds)
            self._discriminator = Path(chosen) if chosen else None
        else:
            self._discriminator = None
        self._show_discriminator()
        if self._stages:
            self._deal()

    def _show_discriminator(self) -> None:
        self.judge.setText("Discriminator…" if self._discriminator is None else "Without the discriminator")

    def _export(self) -> None:
        chosen, _ = QFileDialog.getSaveFileName(self, "Save results", "real-or-forged.csv", "Tables (*.csv)")
        if chosen:
            try:
                write_bytes(Path(chosen), to_csv(self.results).encode())
                self._say(f"The results are in {Path(chosen).name}.")
            except CannotWrite as error:
                self._say(str(error))

    def _say(self, sentence: str) -> None:
        self.message.setText(sentence)

    def _enable(self, enabled: bool) -> None:
        for part in (*self.pictures, self.go, self.stage, self.judge):
            part.setEnabled(enabled)
