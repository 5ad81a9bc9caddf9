"""The line at the bottom: what runs, how fast, and what the generator makes."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QWidget

from viewer.core.files.provenance import readable
from viewer.core.scene.requests import Opened
from viewer.ui import theme
from viewer.ui.widgets.buttons import make_button
from viewer.ui.widgets.card import label

HEIGHT = 34
"""Pixels."""


class StatusLine(QWidget):
    """Shows figures; somebody else finds them out. The provider is a button, for those who want to know why."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("status")
        self.setFixedHeight(HEIGHT)  # figures that come and go must not move the picture
        self.provider = make_button(QToolButton, name="Provider: what runs here", role="status")
        self.latency = label("", "muted")
        self.rate = label("", "muted")
        self.model = label("", "muted")
        self.latency.setAccessibleName("Latency")
        self.rate.setAccessibleName("Frames per second")
        self.model.setAccessibleName("Generator")
        row = QHBoxLayout(self)
        row.setContentsMargins(3 * theme.SPACE, 0, 3 * theme.SPACE, 0)
        row.setSpacing(2 * theme.SPACE)
        for widget in (self.provider, self.latency, self.rate):
            row.addWidget(widget)
        row.addStretch()
        row.addWidget(self.model)

    def show_model(self, opened: Opened) -> None:
        """Say which provider really runs and what the generator makes."""
        info = opened.info
        self.provider.setText(opened.provider.removesuffix("ExecutionProvider"))
        self.provider.setToolTip(f"onnxruntime runs the generator with its {opened.provider}. Click to see why.")
        facts = [f"{info.width} × {info.height} pixels", f"latent size {info.latent_size}"]
        if info.conditional:
            facts.insert(1, f"{len(info.classes)} classes")
        self.model.setText("   ·   ".join(facts))
        self.model.setToolTip("\n".join(f"{name}: {value}" for name, value in readable(info.provenance)[0]))

    def show_speed(self, latency_ms: float, frames_per_second: float | None) -> None:
        """Say how long the last grid took; and, while it plays, how many frames come each second."""
        _set(self.latency, f"{latency_ms:.1f} ms")
        _set(self.rate, "" if frames_per_second is None else f"{frames_per_second:.0f} frames/s")


def _set(widget: QLabel, text: str) -> None:
    if widget.text() != text:
        widget.setText(text)
