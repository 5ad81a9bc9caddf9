"""Exported animations: the scene of each frame, by its number instead of the time."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np

from export.contract import GeneratorInfo
from export.runtime.arrays import Float32
from export.runtime.interpolation import between
from viewer.core.plain import OMITTED_BY_DEFAULT, check_choice, check_range
from viewer.core.scene.cells import Scene, moved, samples_of_grid, scene_of
from viewer.core.scene.hand import samples_of_number
from viewer.core.scene.latents import eased
from viewer.core.state.pad import PLACES
from viewer.core.state.samples import Sample, latents_of, origin_between, weights_of
from viewer.core.state.shifts import check_vector
from viewer.core.state.view_state import ViewState

KINDS = ("walk", "turn", "timeline", "pad", "swing")
"""walk: from seed to seed and back to the first. turn: the same, while each cell goes through the classes. timeline:
along the timeline. pad: around the corners of the pad. swing: back and forth along one direction."""
TRAINING = "training"
"""Through the stages of a training, which takes several generators: see `saving.save_film`."""
RATE_RANGE = (1, 50)
"""Frames per second. GIF players support at most 50."""
SECONDS_RANGE = (0.1, 10.0)
KEYFRAMES_RANGE = (2, 64)
MOST_TURNED_CLASSES = 12
"""With more classes, "turn" would take too long."""
RING = {3: (0, 2, 1), 4: (0, 1, 3, 2)}
"""The indices of a pad's corners, clockwise."""


@dataclass(frozen=True)
class Animation:
    """How a state moves. Raises ValueError for a value out of range."""

    kind: str = "walk"
    frames_per_second: int = 20
    seconds_per_keyframe: float = 0.7
    keyframes: int = 6
    """Keyframes of a walk; "turn" rounds up to whole rounds of the classes."""
    direction: int = 0
    """Index of the principal direction of a swing."""
    reach: float = 2.5
    """Amplitude of a swing in standard deviations."""
    along: bytes = field(default=b"", metadata=OMITTED_BY_DEFAULT)
    """The vector of a swing along another direction, see `Shift.vector`; empty for a principal one."""

    def __post_init__(self) -> None:
        check_choice("kind", self.kind, (*KINDS, TRAINING))
        for name, value, low, high in (
            ("frames per second", self.frames_per_second, *RATE_RANGE),
            ("seconds per keyframe", self.seconds_per_keyframe, *SECONDS_RANGE),
            ("the number of keyframes", self.keyframes, *KEYFRAMES_RANGE),
            ("direction", self.direction, 0, 63),
            ("reach", self.reach, 0.0, 4.0),
        ):
            check_range(name, value, low, high)
        check_vector(self.along)

    @property
    def frames_per_keyframe(self) -> int:
        """Frames from one keyframe to the next."""
        return max(1, round(self.frames_per_second * self.seconds_per_keyframe))


def kinds_of(info: GeneratorInfo, state: ViewState, directions: Float32 | None) -> tuple[str, ...]:
    """Return the kinds of animation that a state allows."""
    can = {
        "walk": state.mode == "grid" or (state.mode == "number" and bool(samples_of_number(info, state.number))),
        "turn": state.mode == "grid" and 2 <= len(info.classes) <= MOST_TURNED_CLASSES,
        "timeline": state.mode == "path" and state.timeline.steps > 0,
        "pad": state.mode == "pad" and bool(state.pad.corners),
        "swing": directions is not None and len(directions) > 0 and scene_of(info, state) is not None,
    }
    return tuple(kind for kind in KINDS if can[kind])


def keyframes_of(info: GeneratorInfo, state: ViewState, animation: Animation) -> int:
    """Return the number of steps between keyframes."""
    classes = max(1, len(info.classes))
    return {
        "walk": animation.keyframes,
        "turn": classes * math.ceil(animation.keyframes / classes),
        "timeline": state.timeline.steps,
        "pad": len(state.pad.corners),
        "swing": 4,
    }[animation.kind]


def frame_count(info: GeneratorInfo, state: ViewState, animation: Animation) -> int:
    """Return the number of frames. A timeline that does not loop has one more, for its last keyframe."""
    ends = animation.kind == "timeline" and not state.timeline.loop
    return keyframes_of(info, state, animation) * animation.frames_per_keyframe + ends


def scene_at(
    info: GeneratorInfo, state: ViewState, animation: Animation, frame: int, directions: Float32 | None = None
) -> Scene | None:
    """Return what a frame shows, or None; see `scene_of`. The last frame is followed by the first."""
    key, step = divmod(frame, animation.frames_per_keyframe)
    part = step / animation.frames_per_keyframe
    count = keyframes_of(info, state, animation)
    if animation.kind in ("walk", "turn"):
        layout = scene_of(info, state.with_position(0.0))
        if layout is None:
            return None
        here, there = (_walked(info, state, animation, place % count) for place in (key, key + 1))
        z = between(info, latents_of(info, here), latents_of(info, there), part)
        y, to = weights_of(info, here), weights_of(info, there)
        if y is not None and to is not None:
            weight = np.float32(eased(part, "hold"))  # hold each class for a while
            y = y * (1 - weight) + to * weight
        shown = tuple(origin_between(pair) if part else pair[0] for pair in zip(here, there, strict=True))
        return moved(Scene(z, y, layout.columns, shown, layout.close), state, directions)
    if animation.kind == "timeline":
        state = replace(state, mode="path", position=key + part)
    elif animation.kind == "pad":
        ring = RING[len(state.pad.corners)]
        places = PLACES[len(state.pad.corners)]
        (x, y_from), (x_to, y_to) = places[ring[key % count]], places[ring[(key + 1) % count]]
        pad = replace(state.pad, x=x + part * (x_to - x), y=y_from + part * (y_to - y_from))
        state = replace(state, mode="pad", pad=pad)
    else:
        amount = animation.reach * math.sin(math.tau * (key + part) / count)
        if len(animation.along) == 4 * info.latent_size:
            state = state.with_shift("", animation.along, amount)
        elif not animation.along:
            state = state.with_amount(animation.direction, amount)
    return scene_of(info, state, directions)


def _walked(info: GeneratorInfo, state: ViewState, animation: Animation, key: int) -> tuple[Sample, ...]:
    """Return the samples of a walk at a keyframe. Locked cells do not change."""
    if state.mode == "number":
        # The user's own hand is followed by those of seeds.
        drawn = () if key else state.number.drawn
        return samples_of_number(info, replace(state.number, seed=state.number.seed + key, drawn=drawn))
    samples = samples_of_grid(info, replace(state, position=float(key)))
    if animation.kind == "walk":
        return samples
    locked = {cell for cell, _ in state.locks}
    classes = len(info.classes)
    return tuple(
        sample if cell in locked else replace(sample, mix=((((sample.label or 0) + key) % classes, 1.0),))
        for cell, sample in enumerate(samples)
    )
