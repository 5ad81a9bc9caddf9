"""The line at the bottom: the provider, its speed, and what the generator makes."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QWidget

from viewer.core.files.provenance import readable
from viewer.core.scene.messages import Opened
from viewer.ui import theme
from viewer.ui.widgets.buttons import make_button
from viewer.ui.widgets.labels import ElidedLabel, label
from viewer.ui.widgets.literal import literal_tip

HEIGHT = 34
"""Height of the line in pixels."""


class StatusLine(QWidget):
    """Shows the provider, times and model facts. The provider is a button, which opens the report about it."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("status")
        self.setFixedHeight(theme.px(HEIGHT))  # fixed, so that texts that come and go do not move the picture
        self.provider = make_button(QToolButton, name="Provider: what runs the generator", role="status")
        self.latency = label("", "muted")
        self.rate = label("", "muted")
        self.model = ElidedLabel()
        self.model.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.latency.setAccessibleName("Latency")
        self.rate.setAccessibleName("Frames per second")
        self.model.setAccessibleName("Generator")
        row = QHBoxLayout(self)
        row.setContentsMargins(3 * theme.SPACE, 0, 3 * theme.SPACE, 0)
        row.setSpacing(2 * theme.SPACE)
        for widget in (self.provider, self.latency, self.rate):
            row.addWidget(widget)
        row.addWidget(self.model, 1)

    def show_model(self, opened: Opened) -> None:
        """Show which provider runs the generator, and what the generator makes."""
        info = opened.info
        self.provider.setText(opened.provider.removesuffix("ExecutionProvider"))
        self.provider.setToolTip(f"onnxruntime runs the generator with its {opened.provider}. Click to see why.")
        facts = [f"{info.width} × {info.height} pixels", f"latent size {info.latent_size}"]
        if info.conditional:
            facts.insert(1, f"{len(info.classes)} classes")
        self.model.setText("   ·   ".join(facts))
        facts = [f"{name}: {value}" for name, value in readable(info.provenance)[0]]
        self.model.setToolTip(literal_tip("\n".join(facts)))

    def show_speed(self, latency_ms: float, frames_per_second: float | None) -> None:
        """Show how long the last grid took and, while playing, the frames per second (else None)."""
        _set(self.latency, f"{latency_ms:.1f} ms")
        _set(self.rate, "" if frames_per_second is None else f"{frames_per_second:.0f} frames/s")


def _set(widget: QLabel, text: str) -> None:
    if widget.text() != text:
        widget.setText(text)
