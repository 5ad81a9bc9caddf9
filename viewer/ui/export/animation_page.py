"""The page of the export sheet for an animation."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox

from viewer.core.files.formats import FORMATS, SCALE_MAX, Format
from viewer.core.files.saving import ExportSpec, Subject, size_of
from viewer.core.scene.animation import KEYFRAMES_RANGE, RATE_RANGE, Animation, frame_count, kinds_of
from viewer.core.scene.directions import Directions
from viewer.ui.export.page import Page, Work
from viewer.ui.export.still_page import writing
from viewer.ui.widgets.choices import Choices
from viewer.ui.widgets.labels import label
from viewer.ui.widgets.sliders import LabelledSlider
from viewer.ui.widgets.wheel import need_focus_for_wheel

SIDE = 480
"""Approximate longer side of an animation in pixels until the user chooses another size."""
TENTHS = 10
"""Slider steps per second."""
LONGEST = 50
"""Longest time between keyframes, in tenths of a second."""
ANIMATIONS = {name: each for name, each in FORMATS.items() if each.animated}
KINDS = {
    "walk": ("Walk", "Go from seed to seed and back to the first, to show how pictures turn into others"),
    "turn": ("Turn", "Let each cell go through all classes, to show what stays the same"),
    "timeline": ("Timeline", "Go along your keyframes, as Morph plays them"),
    "pad": ("Corners", "Go around the corners of the pad, to show how they blend"),
    "swing": ("Swing", "Go to and fro along one direction, to show what it changes"),
}

RATE_TIP = "How many pictures are shown in a second: more look smoother and make larger files"


class AnimationPage(Page):
    """Exports an animation in one of the animated formats."""

    def __init__(self) -> None:
        super().__init__()
        self._format, self._kind = "gif", "walk"
        self._along: list[tuple[int, bytes]] = []  # of each offered direction: `direction` and `along` of an Animation
        self.formats = Choices("Format", {name: (each.title, each.help) for name, each in ANIMATIONS.items()})
        self.formats.show_choice(self._format)
        self.kind = Choices("Motion", KINDS)
        self.direction = QComboBox()
        self.direction.setAccessibleName("Direction")
        self.direction.setToolTip("The direction to swing along, by its name in Directions")
        self.direction.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        need_focus_for_wheel(self.direction)
        plain = Animation()
        self.keyframes = LabelledSlider(
            "Seeds",
            "How many seeds it passes: more are more varied and last longer",
            *KEYFRAMES_RANGE,
            plain.keyframes,
            str,
        )
        self.seconds = LabelledSlider(
            "Time for each step",
            "How long it takes from one picture to the next: longer looks calmer",
            1,
            LONGEST,
            round(plain.seconds_per_keyframe * TENTHS),
            lambda at: f"{at / TENTHS:g} s",
        )
        self.rate = LabelledSlider("Frames per second", RATE_TIP, *RATE_RANGE, plain.frames_per_second, str)
        self.scale = LabelledSlider(
            "Size",
            "How large it is saved: larger looks better, smaller makes smaller files",
            1,
            SCALE_MAX,
            1,
            self._format_size,
        )
        self.quality = LabelledSlider(
            "Quality",
            "How exact each frame is: higher looks better, lower makes smaller files",
            1,
            100,
            100,
            self._format_quality,
        )
        self.note = label("", "muted")
        self.note.setWordWrap(True)
        self.add("Format", self.formats)
        self.column.addWidget(self.note)
        self.add("Motion", self.kind)
        self._directions = self.add("Direction", self.direction)
        for slider in (self.keyframes, self.seconds, self.rate, self.scale, self.quality):
            self.column.addWidget(slider)
            slider.changed.connect(self.changed)
        self.column.addStretch()
        self.formats.chosen.connect(lambda name: self._choose(name, self._kind))
        self.kind.chosen.connect(lambda kind: self._choose(self._format, kind))
        self.direction.activated.connect(self.changed)

    def show_subject(self, subject: Subject) -> None:
        first = self.subject is None
        super().show_subject(subject)
        can = self._kinds()
        for kind in KINDS:
            self.kind.button(kind).setVisible(kind in can)
        if can and self._kind not in can:
            self._kind = can[0]
        missing = [name for name, each in ANIMATIONS.items() if not each.available]
        for name in ANIMATIONS:
            self.formats.button(name).setEnabled(name not in missing)
        self.note.setText(" ".join(_explain_missing(ANIMATIONS[name]) for name in missing))
        self.note.setVisible(bool(missing))
        if self._format in missing:
            self._format = "gif"
        self._fit()
        usual = max(1, SIDE // max(self._size_at_one()))
        self.scale.show_rest(usual)
        if first:
            self.scale.show_value(usual)

    def show_directions(self, directions: Directions | None) -> None:
        """Offer these directions, the named ones first, and keep the choice."""
        chosen = max(self.direction.currentIndex(), 0)
        self.direction.clear()
        self._along = []
        if directions is not None:
            self._along += [(0, one.vector) for one in directions.named or ()]
            self._along += [(place, b"") for place in range(len(directions.names))]
            self.direction.addItems([*(one.name for one in directions.named or ()), *directions.names])
        self.direction.setCurrentIndex(min(chosen, len(self._along) - 1))

    def spec(self) -> ExportSpec:
        """Return what to export."""
        swings = self._kind == "swing" and bool(self._along)
        place, along = self._along[self.direction.currentIndex()] if swings else (0, b"")
        animation = Animation(
            self._kind,
            self.rate.value,
            self.seconds.value / TENTHS,
            self.keyframes.value,
            place,
            along=along,
        )
        return ExportSpec(self._format, self.scale.value, quality=self.quality.value, animation=animation)

    def summary(self) -> str:
        if self.subject is None or self.obstacle():
            return ""
        animation = self.spec().animation
        frames = frame_count(self.subject.model.info, self.subject.state, animation)
        return f"{frames} frames · {frames / animation.frames_per_second:.1f} s"

    def obstacle(self) -> str:
        return "" if self._kinds() else "Nothing moves yet. Add keyframes, corners or characters first."

    def target(self) -> tuple[str, str]:
        form = ANIMATIONS[self._format]
        return f"digitforge{form.suffix}", f"{form.title} animations (*{form.suffix})"

    def work(self, path: Path) -> Work:
        return writing(self.subject, self.spec(), path)

    def _kinds(self) -> tuple[str, ...]:
        subject = self.subject
        return () if subject is None else kinds_of(subject.model.info, subject.state, subject.directions)

    def _choose(self, format_name: str, kind: str) -> None:
        self._format, self._kind = format_name, kind
        self._fit()
        self.changed.emit()

    def _fit(self) -> None:
        self.formats.show_choice(self._format)
        self.kind.show_choice(self._kind)
        self.scale.show_maximum(ANIMATIONS[self._format].largest_scale(self._size_at_one()))
        self.keyframes.setVisible(self._kind in ("walk", "turn"))
        self._directions.setVisible(self._kind == "swing")
        self.quality.setVisible(ANIMATIONS[self._format].has_quality)
        self.quality.show_text()

    def _size_at_one(self) -> tuple[int, int]:
        if self.subject is None or self.obstacle():
            return 1, 1
        scene = self.subject.scene(replace(self.spec(), scale=1))
        return (1, 1) if scene is None else size_of(self.subject.model.info, scene, self.subject.state.look)

    def _format_size(self, scale: int) -> str:
        width, height = self._size_at_one()
        return f"{width * scale} × {height * scale} pixels (× {scale})"

    def _format_quality(self, quality: int) -> str:
        return "lossless" if quality == 100 and ANIMATIONS[self._format].lossless_at_100 else str(quality)


def _explain_missing(form: Format) -> str:
    return f"{form.title} is not available: {form.program} is not on the PATH."
