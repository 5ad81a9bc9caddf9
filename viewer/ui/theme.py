"""Colours, type and spacing of the whole window, in one place."""

from __future__ import annotations

from PySide6.QtGui import QColor, QFont, QPalette
from PySide6.QtWidgets import QApplication

CANVAS = QColor("#151820")  # the same as viewer.core.compose.GAP_COLOUR
WINDOW = QColor("#11141a")
CARD = QColor("#191d26")
RAISED = QColor("#232834")
LINE = QColor("#262c38")
TEXT = QColor("#e8eaf0")
MUTED = QColor("#8f97a8")
FAINT = QColor("#596173")
ACCENT = QColor("#f2a154")
ON_ACCENT = QColor("#1d1206")
ALERT = QColor("#ff8a7a")

SPACE = 8
"""Pixels; every distance is a multiple of it or half of it."""
SIDE_WIDTH = 304

_STYLE = """
* {{ color: {text}; }}
QWidget#window {{ background: {window}; }}
QScrollArea, QWidget#side, QWidget#status {{ background: {window}; }}
QWidget#header {{ background: {window}; border-bottom: 1px solid {line}; }}
QWidget#status {{ border-top: 1px solid {line}; }}
QLabel {{ background: transparent; }}
QLabel[role="muted"] {{ color: {muted}; }}
QLabel[role="title"] {{ color: {muted}; font-weight: 600; }}
QLabel[role="value"] {{ color: {text}; font-weight: 600; }}
QLabel[role="title"]:disabled, QLabel[role="value"]:disabled, QLabel[role="muted"]:disabled {{ color: {faint}; }}

QFrame[role="card"] {{ background: {card}; border: 1px solid {line}; border-radius: 12px; }}

QPushButton, QToolButton, QLineEdit, QComboBox {{
    background: {raised}; border: 1px solid transparent; border-radius: 8px; padding: 0 12px; min-height: 34px;
}}
QPushButton:hover, QToolButton:hover, QComboBox:hover {{ background: #2c3341; }}
QPushButton:pressed, QToolButton:pressed {{ background: #343c4c; }}
QPushButton:focus, QToolButton:focus, QLineEdit:focus, QComboBox:focus {{ border-color: {accent}; }}
QPushButton:disabled, QToolButton:disabled, QLineEdit:disabled, QComboBox:disabled {{
    color: {faint}; background: #1c212b;
}}
QPushButton:checked {{ background: #3b2d20; color: {accent}; border-color: #7a5730; font-weight: 600; }}
QPushButton:checked:focus {{ border-color: {accent}; }}
QPushButton:checked:disabled {{ background: #1c212b; color: {faint}; border-color: transparent; }}
QPushButton[role="class"] {{ padding: 0; font-size: 15px; }}
QPushButton[role="icon"] {{ padding: 0; min-width: 38px; }}
QPushButton[role="primary"] {{ background: {accent}; color: {on_accent}; font-weight: 600; min-height: 38px; }}
QPushButton[role="primary"]:hover {{ background: #f7b270; }}
QPushButton[role="primary"]:pressed {{ background: #dd8d40; }}
QPushButton[role="primary"]:focus {{ border-color: {text}; }}
QPushButton[role="primary"]:disabled {{ background: #3a3128; color: {muted}; }}
QToolButton {{ background: transparent; color: {text}; }}
QToolButton:disabled {{ background: transparent; }}
QToolButton:checked {{ color: {accent}; }}
QWidget#rail {{ background: {window}; border-right: 1px solid {line}; }}
QToolButton[role="mode"] {{ color: {muted}; padding: 6px 0; min-height: 46px; font-size: 12px; }}
QToolButton[role="mode"]:checked {{ background: {raised}; color: {accent}; }}
QToolButton[role="fold"] {{ min-height: 24px; padding: 0 2px; }}
QProgressBar {{ background: {raised}; border: none; border-radius: 2px; }}
QProgressBar::chunk {{ background: {accent}; border-radius: 2px; }}
QWidget#timeline {{ border-top: 1px solid {line}; }}
QLineEdit {{ selection-background-color: {accent}; selection-color: {on_accent}; font-size: 15px; }}
QLineEdit[role="name"] {{
    background: transparent; padding: 0 4px; min-height: 24px; border-radius: 4px; font-size: 13px;
}}
QLineEdit[role="name"]:hover, QLineEdit[role="name"]:focus {{ background: {raised}; }}
QComboBox::drop-down {{ border: none; width: 24px; }}
QComboBox QAbstractItemView {{ background: {raised}; border: 1px solid {line}; selection-background-color: #343c4c; }}

QSlider {{ min-height: 22px; background: transparent; }}
QSlider::groove:horizontal {{ height: 4px; border-radius: 2px; background: #303747; }}
QSlider::sub-page:horizontal {{ height: 4px; border-radius: 2px; background: {accent}; }}
QSlider[role="centred"]::sub-page:horizontal {{ background: #303747; }}
QSlider::handle:horizontal {{
    width: 16px; height: 16px; margin: -6px 0; border-radius: 8px; background: {text};
}}
QSlider::handle:horizontal:hover {{ background: white; }}
QSlider::handle:horizontal:focus {{ background: {accent}; }}
QSlider::sub-page:horizontal:disabled, QSlider::groove:horizontal:disabled {{ background: #262c38; }}
QSlider::handle:horizontal:disabled {{ background: {faint}; }}

QFrame#message {{ background: #202634; border: none; border-left: 3px solid {accent}; }}
QFrame#message[level="error"] {{ background: #2c2026; border-left-color: {alert}; }}
QFrame#message QToolButton {{ min-height: 26px; padding: 0 6px; }}

QScrollBar {{ background: transparent; margin: 0; }}
QScrollBar:vertical {{ width: 8px; }}
QScrollBar:horizontal {{ height: 8px; }}
QScrollBar::handle {{ background: {raised}; border-radius: 4px; min-height: 40px; min-width: 40px; }}
QScrollBar::add-line, QScrollBar::sub-line {{ height: 0; width: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}

QToolTip {{ background: {raised}; color: {text}; border: 1px solid {line}; padding: 6px; }}
QDialog {{ background: {window}; }}
"""


def apply(application: QApplication) -> None:
    """Dress the whole application; Fusion is the style that draws the same everywhere."""
    application.setStyle("Fusion")
    font = QFont()
    font.setFamilies(["Inter", "Segoe UI", "SF Pro Text", "Helvetica Neue", "Noto Sans", "Cantarell", "DejaVu Sans"])
    font.setPixelSize(13)
    application.setFont(font)
    palette = QPalette()
    for role, colour in (
        (QPalette.ColorRole.Window, WINDOW),
        (QPalette.ColorRole.Base, CARD),
        (QPalette.ColorRole.AlternateBase, RAISED),
        (QPalette.ColorRole.Button, RAISED),
        (QPalette.ColorRole.WindowText, TEXT),
        (QPalette.ColorRole.Text, TEXT),
        (QPalette.ColorRole.ButtonText, TEXT),
        (QPalette.ColorRole.PlaceholderText, FAINT),
        (QPalette.ColorRole.ToolTipBase, RAISED),
        (QPalette.ColorRole.ToolTipText, TEXT),
        (QPalette.ColorRole.Highlight, ACCENT),
        (QPalette.ColorRole.HighlightedText, ON_ACCENT),
        (QPalette.ColorRole.Link, ACCENT),
    ):
        palette.setColor(role, colour)
    application.setPalette(palette)
    application.setStyleSheet(
        _STYLE.format(
            window=WINDOW.name(),
            card=CARD.name(),
            raised=RAISED.name(),
            line=LINE.name(),
            text=TEXT.name(),
            muted=MUTED.name(),
            faint=FAINT.name(),
            accent=ACCENT.name(),
            on_accent=ON_ACCENT.name(),
            alert=ALERT.name(),
        )
    )
