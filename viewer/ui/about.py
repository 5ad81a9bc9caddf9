"""What this is, in which versions, and which keys it knows."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

import onnxruntime
import PySide6
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QVBoxLayout, QWidget

from viewer.core.frames import Opened
from viewer.ui import theme

KEYS = (
    ("Space", "play or pause"),
    ("Left, Right", "previous, next seed"),
    ("R", "random seed"),
    ("0 – 9", "one digit"),
    ("M", "all digits, mixed"),
    ("Ctrl+O", "open a generator"),
    ("Ctrl+S, Ctrl+E", "export"),
    ("Ctrl+C", "copy the picture"),
    ("Ctrl+Q", "quit"),
)


class AboutDialog(QDialog):
    """Opens beside the window and stops nothing."""

    def __init__(self, parent: QWidget, opened: Opened | None) -> None:
        super().__init__(parent)
        self.setWindowTitle("About digitforge")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        muted = theme.MUTED.name()
        rows = "".join(f'<tr><td style="padding-right:24px">{key}</td><td>{what}</td></tr>' for key, what in KEYS)
        text = QLabel(
            "<h3>digitforge</h3><p>Trains image generators, exports them to ONNX, forges digits from them.</p>"
            f"<p style='color:{muted}'>digitforge {_own_version()} (MIT licence) · "
            f"Qt and PySide6 {PySide6.__version__} (LGPL) · onnxruntime {onnxruntime.__version__} (MIT)</p>"
            f"<table cellspacing='4'>{rows}</table>"
        )
        text.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 16, 24, 20)
        layout.setSpacing(2 * theme.SPACE)
        layout.addWidget(text)
        if opened is not None and opened.info.provenance:
            origin = QLabel("\n".join(f"{key}: {value}" for key, value in sorted(opened.info.provenance.items())))
            origin.setTextFormat(Qt.TextFormat.PlainText)
            origin.setProperty("role", "muted")
            origin.setWordWrap(True)
            layout.addWidget(origin)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout.addWidget(buttons)


def _own_version() -> str:
    try:
        return version("digitforge")
    except PackageNotFoundError:  # a clone that was never installed
        return "(from its source)"
