"""The colours, fonts and spacing of the whole window."""

from __future__ import annotations

import re
from dataclasses import asdict

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QPalette
from PySide6.QtWidgets import QApplication

from viewer.core.picture.palette import DARK, LIGHT, Palette, palette_of

# The colours of the present palette. A new palette changes these objects, so that what is painted later follows it.
CANVAS = QColor(DARK.canvas)
WINDOW = QColor(DARK.window)
CARD = QColor(DARK.card)
RAISED = QColor(DARK.raised)
LINE = QColor(DARK.line)
TEXT = QColor(DARK.text)
MUTED = QColor(DARK.muted)
FAINT = QColor(DARK.faint)
ACCENT = QColor(DARK.accent)
ON_ACCENT = QColor(DARK.on_accent)
ALERT = QColor(DARK.alert)
_COLOURS = {
    "canvas": CANVAS,
    "window": WINDOW,
    "card": CARD,
    "raised": RAISED,
    "line": LINE,
    "text": TEXT,
    "muted": MUTED,
    "faint": FAINT,
    "accent": ACCENT,
    "on_accent": ON_ACCENT,
    "alert": ALERT,
}

SPACE = 8
"""Pixels. Distances are multiples of it, or half of it."""
SIDE_WIDTH = 304
"""Width of the column of panels, in pixels."""
TEXT_PIXELS = 13
_text_scale = 1.0


def px(pixels: int) -> int:
    """Return a length at the size of text that the user chose: what holds text grows with it."""
    return round(pixels * _text_scale)


_STYLE = """
* {{ color: {text}; }}
QWidget#window {{ background: {window}; }}
QScrollArea, QWidget#side, QWidget#status {{ background: {window}; }}
QScrollArea#large, QWidget#large {{ background: {canvas}; }}
QWidget#header {{ background: {window}; border-bottom: 1px solid {line}; }}
QWidget#status {{ border-top: 1px solid {line}; }}
QLabel {{ background: transparent; }}
QLabel[role="muted"] {{ color: {muted}; }}
QLabel[role="brand"] {{ font-size: 18px; font-weight: 700; }}
QLabel[role="brand"][accented="true"] {{ color: {accent}; }}
QLabel[role="title"] {{ color: {muted}; font-weight: 600; }}
QLabel[role="value"] {{ color: {text}; font-weight: 600; }}
QLabel[role="good"] {{ color: {accent}; font-weight: 700; }}
QLabel[role="bad"] {{ color: {alert}; font-weight: 700; }}
QLabel[role="title"]:disabled, QLabel[role="value"]:disabled, QLabel[role="muted"]:disabled {{ color: {faint}; }}

QFrame[role="card"] {{ background: {card}; border: 1px solid {line}; border-radius: 12px; }}
QFrame[role="card"][main="true"] {{ border-color: {chosen_line}; }}
QFrame[main="true"] QLabel[role="title"] {{ color: {text}; }}

QPushButton, QToolButton, QLineEdit, QComboBox {{
    background: {raised}; border: 1px solid transparent; border-radius: 8px; padding: 0 12px; min-height: 34px;
}}
QPushButton:hover, QToolButton:hover, QComboBox:hover {{ background: {hover}; }}
QPushButton:pressed, QToolButton:pressed {{ background: {pressed}; }}
QPushButton:focus, QToolButton:focus, QLineEdit:focus, QComboBox:focus {{ border-color: {accent}; }}
QPushButton:disabled, QToolButton:disabled, QLineEdit:disabled, QComboBox:disabled {{
    color: {faint}; background: {inert};
}}
QPushButton:checked {{ background: {chosen}; color: {accent}; border-color: {chosen_line}; font-weight: 600; }}
QFrame#watch QPushButton:checked {{ font-weight: 400; }}  /* bold text would make the button wider */
QPushButton:checked:focus {{ border-color: {accent}; }}
QPushButton:checked:disabled {{ background: {inert}; color: {faint}; border-color: transparent; }}
QPushButton[role="toggle"] {{ padding: 0; }}
QWidget#side QPushButton[role="toggle"]:checked {{ font-weight: 400; }}  /* bold text would be cut off */
QPushButton[role="class"] {{ padding: 0; font-size: 15px; }}
QPushButton[role="icon"] {{ padding: 0; min-width: 38px; }}
QPushButton[role="primary"] {{ background: {accent}; color: {on_accent}; font-weight: 600; min-height: 38px; }}
QPushButton[role="primary"]:hover {{ background: {accent_hover}; }}
QPushButton[role="primary"]:pressed {{ background: {accent_pressed}; }}
QPushButton[role="primary"]:focus {{ border-color: {text}; }}
QPushButton[role="primary"]:disabled {{ background: {inert}; color: {faint}; }}
QToolButton {{ background: transparent; color: {text}; }}
QToolButton:disabled {{ background: transparent; }}
QToolButton:checked {{ color: {accent}; }}
QWidget#rail {{ background: {window}; border-right: 1px solid {line}; }}
QToolButton[role="mode"] {{ color: {muted}; padding: 3px 0; min-height: 42px; font-size: 12px; }}
QToolButton[role="mode"][low="true"] {{ padding: 0; min-height: 32px; }}
QToolButton[role="mode"]:checked {{ background: {raised}; color: {accent}; }}
QToolButton[role="status"] {{ min-height: 24px; padding: 0 8px; margin-left: -8px; font-weight: 600; }}
QToolButton[role="fold"] {{ min-height: 24px; padding: 0 2px; }}
QProgressBar {{ background: {raised}; border: none; border-radius: 2px; }}
QProgressBar::chunk {{ background: {accent}; border-radius: 2px; }}
QWidget#timeline, QFrame#watch, QFrame#compare {{ background: {window}; border-top: 1px solid {line}; }}
QLabel[role="name"] {{ background: {canvas}; font-weight: 600; }}
QLineEdit {{ selection-background-color: {accent}; selection-color: {on_accent}; font-size: 15px; }}
QLineEdit[role="name"], QLineEdit[role="number"] {{
    padding: 0 4px; min-height: 24px; border-radius: 4px; font-size: 13px;
}}
QLineEdit[role="name"] {{ background: transparent; }}
QLineEdit[role="name"]:hover, QLineEdit[role="name"]:focus {{ background: {raised}; }}
QComboBox::drop-down {{ border: none; width: 24px; }}
QComboBox QAbstractItemView {{ background: {raised}; border: 1px solid {line}; selection-background-color: {pressed}; }}

QSlider {{ min-height: 22px; background: transparent; }}
QSlider::groove:horizontal {{ height: 4px; border-radius: 2px; background: {groove}; }}
QSlider::sub-page:horizontal {{ height: 4px; border-radius: 2px; background: {accent}; }}
QSlider[role="centred"]::sub-page:horizontal {{ background: {groove}; }}
QSlider::handle:horizontal {{
    width: 16px; height: 16px; margin: -6px 0; border-radius: 8px; background: {text};
}}
QSlider::handle:horizontal:hover {{ background: {accent}; }}
QSlider::handle:horizontal:focus {{ background: {accent}; }}
QSlider::sub-page:horizontal:disabled, QSlider::groove:horizontal:disabled {{ background: {line}; }}
QSlider::handle:horizontal:disabled {{ background: {faint}; }}

QFrame#message {{
    background: {notice}; border: 1px solid {line}; border-left: 3px solid {accent}; border-radius: 8px;
}}
QFrame#message[level="error"] {{ background: {warning}; border-left-color: {alert}; }}
QFrame#message QToolButton {{ min-height: 26px; padding: 0 6px; }}
QToolButton[role="offer"] {{ background: {raised}; font-weight: 600; padding: 0 12px; }}
QToolButton[role="offer"]:hover {{ background: {hover}; }}

QFrame#hint {{ background: {window}; border-top: 1px solid {line}; }}
QFrame#hint QToolButton {{ min-height: 30px; padding: 0 8px; }}

QScrollBar {{ background: transparent; margin: 0; }}
QScrollBar:vertical {{ width: 8px; }}
QScrollBar:horizontal {{ height: 8px; }}
QScrollBar::handle {{ background: {raised}; border-radius: 4px; min-height: 40px; min-width: 40px; }}
QScrollBar::add-line, QScrollBar::sub-line {{ height: 0; width: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}

QToolTip {{ background: {raised}; color: {text}; border: 1px solid {line}; padding: 6px; }}
QDialog {{ background: {window}; }}
QMenu {{ background: {card}; border: 1px solid {line}; border-radius: 8px; padding: 4px; }}
QMenu::item {{ padding: 6px 24px 6px 12px; border-radius: 4px; }}
QMenu::item:selected {{ background: {raised}; }}
QMenu::item:disabled {{ color: {faint}; }}
QMenu::separator {{ height: 1px; background: {line}; margin: 4px 8px; }}
QToolButton::menu-indicator {{ image: none; }}
QToolButton::menu-button {{ border: none; border-radius: 8px; width: 20px; }}
QToolButton::menu-button:hover {{ background: {pressed}; }}
QToolButton[popupMode="1"] {{ padding-right: 24px; }}
QListView {{ background: transparent; border: 1px solid transparent; border-radius: 8px; outline: none; }}
QListView:focus {{ border-color: {accent}; }}
QListView::item {{ border-radius: 6px; padding: 2px; color: {text}; }}
QListView::item:hover {{ background: {raised}; }}
QListView::item:selected {{ background: {chosen}; color: {accent}; }}
"""


def apply(application: QApplication, palette: Palette = DARK, text_scale: float = 1.0) -> None:
    """Style the whole application. Qt's Fusion style looks the same on every system.

    text_scale: the size of text, and of what holds it. Widgets that exist already keep their fixed sizes.
    """
    global _text_scale
    _text_scale = text_scale
    colours = asdict(palette)
    for name, colour in _COLOURS.items():
        colour.setRgba(QColor(colours[name]).rgba())
    application.setStyle("Fusion")
    font = QFont()
    font.setFamilies(["Inter", "Segoe UI", "SF Pro Text", "Helvetica Neue", "Noto Sans", "Cantarell", "DejaVu Sans"])
    font.setPixelSize(px(TEXT_PIXELS))
    application.setFont(font)
    roles = QPalette()
    for role, colour in (
        (QPalette.ColorRole.Window, WINDOW),
        (QPalette.ColorRole.Base, CARD),
        (QPalette.ColorRole.AlternateBase, RAISED),
        (QPalette.ColorRole.Button, RAISED),
        (QPalette.ColorRole.WindowText, TEXT),
        (QPalette.ColorRole.Text, TEXT),
        (QPalette.ColorRole.ButtonText, TEXT),
        (QPalette.ColorRole.PlaceholderText, MUTED),
        (QPalette.ColorRole.ToolTipBase, RAISED),
        (QPalette.ColorRole.ToolTipText, TEXT),
        (QPalette.ColorRole.Highlight, ACCENT),
        (QPalette.ColorRole.HighlightedText, ON_ACCENT),
        (QPalette.ColorRole.Link, ACCENT),
    ):
        roles.setColor(role, colour)
    application.setPalette(roles)
    style = re.sub(r"(\d+)px", lambda length: f"{px(int(length[1]))}px", _STYLE.format(**colours))
    application.setStyleSheet(style)


class ThemeController(QObject):
    """Applies the chosen theme, and follows the system when it turns dark or light."""

    changed = Signal()
    """Another palette was applied."""

    def __init__(self, application: QApplication, chosen: str, text_scale: float = 1.0) -> None:
        """chosen: one of `palette.THEMES`; text_scale: see `apply`."""
        super().__init__(application)
        self._application = application
        self._palette: Palette | None = None
        self._chosen = chosen
        self._text_scale = text_scale
        application.styleHints().colorSchemeChanged.connect(self._apply)
        self.choose(chosen)

    def choose(self, theme: str) -> None:
        """Apply another theme. The system's frame around the window follows where the system allows it."""
        self._chosen = theme
        schemes = {"dark": Qt.ColorScheme.Dark, "light": Qt.ColorScheme.Light}
        self._application.styleHints().setColorScheme(schemes.get(theme, Qt.ColorScheme.Unknown))
        self._apply()

    @property
    def light(self) -> bool:
        """Whether the window is light."""
        return self._palette is LIGHT

    def _apply(self) -> None:
        light = self._application.styleHints().colorScheme() == Qt.ColorScheme.Light
        palette = palette_of(self._chosen, dark=not light)
        if palette is not self._palette:
            self._palette = palette
            apply(self._application, palette, self._text_scale)
            self.changed.emit()
