"""Chooses the size of an exported picture."""

from __future__ import annotations

from PySide6.QtCore import QRegularExpression, Signal
from PySide6.QtGui import QRegularExpressionValidator
from PySide6.QtWidgets import QLineEdit, QWidget

from viewer.core.files.formats import FORMATS
from viewer.core.picture.compose import scaled
from viewer.ui import theme
from viewer.ui.widgets.labels import label
from viewer.ui.widgets.sliders import Slider, lay_out_slider

LIMITS = FORMATS["png"]
"""All still formats have the same limits."""
FIRST_WIDTH = 1000
"""Approximate width in pixels until the user chooses another."""


class SizeSlider(QWidget):
    """A slider for whole multiples of the generator's pixels, and a line for any width."""

    changed = Signal()
    """The user changed the size."""

    def __init__(self) -> None:
        super().__init__()
        self._plain = (1, 1)
        self.width_edit = QLineEdit(str(FIRST_WIDTH))
        self.width_edit.setProperty("role", "number")
        self.width_edit.setFixedWidth(theme.px(8 * theme.SPACE))
        self.width_edit.setAccessibleName("Width in pixels")
        self.width_edit.setValidator(QRegularExpressionValidator(QRegularExpression(r"\d{1,5}"), self))
        self.rest = label("", "value")
        self.slider = Slider(
            1, 1, "Size", "How large it is saved: larger looks better in print, smaller makes smaller files", 1
        )
        lay_out_slider(self, "Size", self.slider, self.width_edit, self.rest)
        self.width_edit.textEdited.connect(self._type)
        self.slider.valueChanged.connect(self._slide)

    @property
    def scale(self) -> float:
        """Pixels of the file per pixel of the generator; the nearest possible one if the width is out of range."""
        return min(max(self._typed, 1), LIMITS.largest_width(self._plain)) / self._plain[0]

    def obstacle(self) -> str:
        """Say why the width cannot be used; empty if it can."""
        most = LIMITS.largest_width(self._plain)
        fits = 1 <= self._typed <= most
        return "" if fits else f"The width must be between 1 and {most:,} pixels."

    def show_plain(self, size: tuple[int, int]) -> None:
        """Change the size at scale 1 (width, height). The exported width stays about the same."""
        if size == self._plain:
            return
        whole = self._typed % self._plain[0] == 0
        self._plain = size
        most = LIMITS.largest_scale(size)
        self.slider.show_maximum(most)
        self.slider.show_rest(min(max(round(FIRST_WIDTH / size[0]), 1), most))
        self.width_edit.setToolTip(
            f"Type the width you need, 1 to {LIMITS.largest_width(size):,} pixels; the height follows"
        )
        if whole:
            self.show_width(min(max(round(self._typed / size[0]), 1), most) * size[0])
        else:
            self.show_width(min(self._typed, LIMITS.largest_width(size)))

    def show_width(self, width: int) -> None:
        """Show a width, without emitting a signal."""
        self.width_edit.setText(str(width))
        self._show()

    @property
    def _typed(self) -> int:
        return int(self.width_edit.text() or 0)

    def _type(self) -> None:
        self._show()
        self.changed.emit()

    def _slide(self, scale: int) -> None:
        self.show_width(scale * self._plain[0])
        self.changed.emit()

    def _show(self) -> None:
        self.slider.show_value(round(self.scale))
        times = f" (× {self.scale:.0f})" if self.scale == round(self.scale) else ""
        self.rest.setText(f"× {scaled(self._plain, self.scale)[1]} pixels{times}")
