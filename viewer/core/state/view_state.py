"""Everything that the user has chosen, as one frozen value, and every way in which it can change."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from export.contract import GeneratorInfo
from viewer.core.picture.look import Look
from viewer.core.plain import OMITTED_BY_DEFAULT, check_choice, check_range
from viewer.core.scene.compare import VIEWS
from viewer.core.state.clay import Clay
from viewer.core.state.drawing import Drawing
from viewer.core.state.near import Near
from viewer.core.state.number import LINE, Number
from viewer.core.state.pad import Pad
from viewer.core.state.samples import CLASS_MAX, SEED_MAX, Sample, listed
from viewer.core.state.shifts import AMOUNT_MAX, Shift, shifted
from viewer.core.state.timeline import Timeline

MODES = ("grid", "path", "pad", "number", "draw", "near", "map")
"""What the canvas shows: a grid of samples, a position on a timeline, the point of a pad, a written number, the answer
to a drawing, the neighbourhood of a sample, or the sample that was chosen on the map."""
GRID_SIZES = tuple(side * side for side in range(1, 17))
"""The numbers of cells to choose from: squares."""
TRUNCATION_MAX = 1.5
SPEED_RANGE = (0.1, 3.0)
"""Keyframes per second."""
MOST_DIRECTIONS = 64
POSITION_MAX = 2.0**32
"""Keyframes: a walk of many years."""
PIXEL_BUDGET = 2**26
"""Pixels of a whole grid; more would take hundreds of megabytes per frame."""


@dataclass(frozen=True)
class ViewState:
    """What is shown and how it moves. Raises ValueError for a value out of range.

    Every method returns a new state. In a grid, the keyframes of a walk are the pictures of seed, seed + 1, …, and
    `position` is the distance from `seed`. On a timeline, `position` is the distance from its first keyframe.
    """

    mode: str = "grid"
    seed: int = 0
    """0 to 2**63 - 1."""
    digits: tuple[int, ...] = ()
    """Indices of the classes that the cells show in turn; empty for all classes."""
    by_rows: bool = False
    """Whether each row shows one class."""
    cells: int = 64
    """1 to 256."""
    locks: tuple[tuple[int, Sample], ...] = ()
    """(cell, sample) of each locked cell, which keeps its sample, in the order of the cells."""
    truncation: float = 1.0
    """psi, the scale of the latents: 0 to 1.5."""
    amounts: tuple[float, ...] = ()
    """How far latents move along each principal direction of the generator, in standard deviations."""
    shifts: tuple[Shift, ...] = field(default=(), metadata=OMITTED_BY_DEFAULT)
    """How far latents move along measured directions and those of the user's own."""
    look: Look = field(default_factory=Look)
    compare_view: str = "pictures"
    """How a second generator is compared with the first: one of `compare.VIEWS`."""
    playing: bool = False
    speed: float = 0.5
    """Keyframes per second."""
    position: float = 0.0
    """Keyframes from `seed`, or from the first keyframe of the timeline: 0 to 2**32."""
    timeline: Timeline = field(default_factory=Timeline)
    pad: Pad = field(default_factory=Pad)
    number: Number = field(default_factory=lambda: Number(line=LINE))
    drawing: Drawing = field(default=Drawing(), metadata=OMITTED_BY_DEFAULT)
    near: Near = field(default=Near(), metadata=OMITTED_BY_DEFAULT)
    clay: Clay = field(default=Clay(), metadata=OMITTED_BY_DEFAULT)
    chosen: Sample | None = field(default=None, metadata=OMITTED_BY_DEFAULT)
    """The sample that was chosen on the map."""

    def __post_init__(self) -> None:
        check_choice("mode", self.mode, MODES)
        check_choice("compare_view", self.compare_view, VIEWS)
        for name, value, low, high in (
            ("seed", self.seed, 0, SEED_MAX),
            ("cells", self.cells, 1, GRID_SIZES[-1]),
            ("truncation", self.truncation, 0.0, TRUNCATION_MAX),
            ("speed", self.speed, *SPEED_RANGE),
            ("position", self.position, 0.0, POSITION_MAX),
            ("the number of directions", len(self.amounts), 0, MOST_DIRECTIONS),
            ("the number of shifts", len(self.shifts), 0, MOST_DIRECTIONS),
            *(("class", digit, 0, CLASS_MAX) for digit in self.digits),
            *(("amount", amount, -AMOUNT_MAX, AMOUNT_MAX) for amount in self.amounts),
        ):
            check_range(name, value, low, high)

    @property
    def columns(self) -> int:
        """Columns of the grid."""
        return math.ceil(math.sqrt(self.cells))

    @property
    def samples(self) -> tuple[Sample, ...]:
        """Every sample that was put somewhere: a locked cell, the timeline, a corner of the pad, the user's hand."""
        locked = (sample for _, sample in self.locks)
        return (*locked, *self.timeline.keyframes, *self.pad.corners, *self.number.drawn)

    def with_drawing(self, drawing: Drawing) -> ViewState:
        """Change the drawing."""
        return replace(self, drawing=drawing)

    def with_near(self, near: Near) -> ViewState:
        """Change the neighbourhood."""
        return replace(self, near=near)

    def with_clay(self, clay: Clay) -> ViewState:
        """Change the picture that is being shaped."""
        return replace(self, clay=clay)

    def with_chosen(self, sample: Sample | None) -> ViewState:
        """Choose a sample on the map, or none."""
        return replace(self, chosen=sample)

    @property
    def free_cell(self) -> int:
        """The first cell of the grid that is not locked; the first cell if all are."""
        taken = {cell for cell, _ in self.locks}
        return next((cell for cell in range(self.cells) if cell not in taken), 0)

    @property
    def all_locked(self) -> bool:
        """Whether every cell of a grid is locked, so that no seed, class or walk changes the picture."""
        return self.mode == "grid" and sum(cell < self.cells for cell, _ in self.locks) == self.cells

    @property
    def moves(self) -> bool:
        """Whether the state can be played: a grid or a timeline with steps."""
        return self.mode == "grid" or (self.mode == "path" and self.timeline.steps > 0)

    def with_mode(self, mode: str) -> ViewState:
        """Switch the mode, stop playing and return to position 0."""
        return replace(self, mode=mode, playing=False, position=0.0) if mode != self.mode else self

    def with_seed(self, seed: int) -> ViewState:
        """Show the pictures of `seed`, or write in that hand; the seed is clamped to its range."""
        if self.mode == "number":
            return self.with_number(self.number.with_hand(seed))
        return replace(self, seed=min(max(seed, 0), SEED_MAX), position=0.0)

    def stepped(self, by: int) -> ViewState:
        """Go `by` seeds, or hands, further; stop at the first and the last. Between two seeds, -1 goes to the first."""
        if self.mode == "number":
            return self.with_seed(self.number.seed + by)
        return self.with_seed(self.seed + by + (by < 0 and self.position > 0.0))

    def with_digits(self, digits: tuple[int, ...]) -> ViewState:
        """Show these classes in turn, or all classes if empty."""
        return replace(self, digits=digits)

    def toggled(self, digit: int) -> ViewState:
        """Add a class to the shown ones, or remove it."""
        chosen = set(self.digits) ^ {digit}
        return self.with_digits(tuple(sorted(chosen)))

    def with_rows(self, by_rows: bool) -> ViewState:
        """Show one class per row, or one per cell."""
        return replace(self, by_rows=by_rows)

    def with_cells(self, cells: int) -> ViewState:
        """Show another number of cells; remaining cells keep their pictures."""
        return replace(self, cells=cells)

    def locked(self, cell: int, sample: Sample | None) -> ViewState:
        """Lock a cell to a sample, or unlock it (None)."""
        locks = dict(self.locks)
        locks.pop(cell, None)
        if sample is not None:
            locks[cell] = sample
        return replace(self, locks=tuple(sorted(locks.items())))

    def unlocked(self) -> ViewState:
        """Unlock all cells."""
        return replace(self, locks=())

    def with_truncation(self, truncation: float) -> ViewState:
        """Scale the latents by psi, clamped to its range."""
        return replace(self, truncation=min(max(truncation, 0.0), TRUNCATION_MAX))

    def with_amount(self, direction: int, amount: float) -> ViewState:
        """Move the latents along a direction by an amount, clamped to its range."""
        amounts = list(self.amounts) + [0.0] * (direction + 1 - len(self.amounts))
        amounts[direction] = min(max(amount, -AMOUNT_MAX), AMOUNT_MAX)
        while amounts and amounts[-1] == 0.0:
            amounts.pop()
        return replace(self, amounts=tuple(amounts))

    def with_shift(self, name: str, vector: bytes, amount: float) -> ViewState:
        """Move the latents along a vector by an amount, clamped to its range. One more than there may be is ignored."""
        shifts = shifted(self.shifts, name, vector, amount)
        return replace(self, shifts=shifts) if len(shifts) <= MOST_DIRECTIONS else self

    def unmoved(self) -> ViewState:
        """Move the latents along no direction."""
        return replace(self, amounts=(), shifts=())

    def with_look(self, look: Look) -> ViewState:
        """Change the look."""
        return replace(self, look=look)

    def with_compare_view(self, view: str) -> ViewState:
        """Change how the second generator is compared."""
        return replace(self, compare_view=view)

    def with_speed(self, speed: float) -> ViewState:
        """Play at `speed` keyframes per second, clamped to its range."""
        return replace(self, speed=min(max(speed, SPEED_RANGE[0]), SPEED_RANGE[1]))

    def with_playing(self, playing: bool) -> ViewState:
        """Play or pause, if the state can be played. A timeline that has reached its end starts again."""
        if playing and self.mode == "path" and not self.timeline.loop and self.position >= self.timeline.steps:
            return replace(self, playing=self.moves, position=0.0)
        return replace(self, playing=playing and self.moves)

    def with_position(self, position: float) -> ViewState:
        """Go to a position on the timeline, clamped to it."""
        return replace(self, position=min(max(position, 0.0), float(self.timeline.steps)))

    def with_timeline(self, timeline: Timeline) -> ViewState:
        """Change the timeline; the position is clamped to it."""
        state = replace(self, timeline=timeline)
        if self.mode != "path":
            return state
        return replace(state.with_position(self.position), playing=self.playing and state.moves)

    def with_keyframe(self, sample: Sample) -> ViewState:
        """Append a keyframe to the timeline, if there is room."""
        return self.with_timeline(self.timeline.inserted(len(self.timeline.keyframes), sample))

    def with_pad(self, pad: Pad) -> ViewState:
        """Change the pad."""
        return replace(self, pad=pad)

    def with_number(self, number: Number) -> ViewState:
        """Change the written number."""
        return replace(self, number=number)

    def with_drawn(self, sample: Sample) -> ViewState:
        """Add a sample to the user's own hand, in which the number is then written, if there is room."""
        return self.with_number(self.number.with_drawn(sample))

    def advanced(self, seconds: float) -> ViewState:
        """Advance a playing state by `seconds`.

        In a grid, passed keyframes are added to `seed`. A timeline that does not loop stops at its end.
        """
        if not self.playing:
            return self
        position = self.position + self.speed * seconds
        if self.mode == "grid":
            passed = min(math.floor(position), SEED_MAX - self.seed)  # beyond the last seed, only the position advances
            return replace(self, seed=self.seed + passed, position=position - passed)
        if self.timeline.loop:
            return replace(self, position=position % self.timeline.steps)
        end = float(self.timeline.steps)
        return replace(self, position=min(position, end), playing=position < end)

    def fitted(self, info: GeneratorInfo) -> ViewState:
        """Fit the state to a generator: only its classes and latents, and no more cells than fit in memory.

        Samples that do not fit are left out: see `Sample.fits`. A pad needs all of its corners.
        """
        count = len(info.classes)
        return replace(
            self._with_samples(lambda sample: sample if sample.fits(info) else None),
            digits=tuple(digit for digit in self.digits if digit < count),
            cells=min(self.cells, cells_limit(info)),
            amounts=self.amounts[: info.latent_size],
            shifts=tuple(shift for shift in self.shifts if len(shift.vector) == 4 * info.latent_size),
        )

    def carried(self, classes: tuple[str, ...], others: tuple[str, ...]) -> ViewState:
        """Carry the state from a generator with these classes to one with others. Classes keep their names.

        Samples of classes that the other generator does not have are left out, as in `fitted`.
        """
        if classes == others:
            return self
        numbers = {number: others.index(name) for number, name in enumerate(classes) if name in others}
        digits = tuple(sorted(numbers[digit] for digit in self.digits if digit in numbers))
        return replace(self._with_samples(lambda sample: sample.carried(numbers)), digits=digits)

    def _with_samples(self, change: Callable[[Sample], Sample | None]) -> ViewState:
        """Change every sample that was put somewhere; None leaves it out. A pad needs all of its corners."""
        locks = [(cell, change(sample)) for cell, sample in self.locks]
        keyframes = [change(sample) for sample in self.timeline.keyframes]
        corners = [change(sample) for sample in self.pad.corners]
        answer = None if self.drawing.answer is None else change(self.drawing.answer)
        return replace(
            self.with_timeline(replace(self.timeline, keyframes=tuple(filter(None, keyframes)))),
            locks=tuple((cell, sample) for cell, sample in locks if sample is not None),
            pad=replace(self.pad, corners=() if None in corners else tuple(filter(None, corners))),
            number=self.number.with_samples(change),
            drawing=self.drawing if answer == self.drawing.answer else replace(self.drawing, answer=answer),
            near=self.near.changed(change),
            clay=self.clay.changed(change),
            chosen=None if self.chosen is None else change(self.chosen),
        )


def left_out(before: ViewState, after: ViewState) -> str:
    """Say what a state lost when another generator was opened; empty if nothing."""
    lost = [
        f"{count} {one if count == 1 else several}"
        for one, several, count in (
            ("keyframe", "keyframes", len(before.timeline.keyframes) - len(after.timeline.keyframes)),
            ("corner of the pad", "corners of the pad", len(before.pad.corners) - len(after.pad.corners)),
            ("locked cell", "locked cells", len(before.locks) - len(after.locks)),
            ("sample of your hand", "samples of your hand", len(before.number.drawn) - len(after.number.drawn)),
        )
        if count > 0
    ]
    if not lost:
        return ""
    verb = "was" if len(before.samples) - len(after.samples) == 1 else "were"
    return f"{listed(lost)} {verb} left out: this generator does not have the same classes or latents."


def cells_limit(info: GeneratorInfo) -> int:
    """Return the largest number of cells that keeps a grid of this generator's pictures within PIXEL_BUDGET."""
    fits = [cells for cells in GRID_SIZES if cells * info.height * info.width <= PIXEL_BUDGET]
    return max(fits, default=1)
