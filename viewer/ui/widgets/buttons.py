"""Make buttons. Every button of the window is made here."""

from __future__ import annotations

from typing import TypeVar

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QAbstractButton, QPushButton

from viewer.ui import theme
from viewer.ui.widgets.icons import icon
from viewer.ui.widgets.literal import literal, literal_tip

Button = TypeVar("Button", bound=QAbstractButton)


def make_button(
    kind: type[Button],
    text: str = "",
    tip: str = "",
    keys: str = "",
    *,
    name: str = "",
    role: str = "",
    picture: QIcon | None = None,
    picture_side: int = 16,
) -> Button:
    """Make a button with a tooltip and a name for screen readers.

    Buttons take the focus by Tab only, so that the window's own keys still work after a click.

    tip: the tooltip, followed by `keys` in brackets; name: for screen readers, by default the text, else the tooltip;
    role: one of the style sheet's roles; picture_side: the size of the icon in pixels beside text of 100 %.
    """
    button = kind()
    button.setText(literal(text))
    button.setToolTip(literal_tip(f"{tip} ({keys})" if keys else tip))
    button.setAccessibleName(name or text or tip)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    if role:
        button.setProperty("role", role)
    if picture is not None:
        button.setIcon(picture)
        button.setIconSize(QSize(theme.px(picture_side), theme.px(picture_side)))
    return button


def icon_button(picture: str, tip: str, keys: str = "") -> QPushButton:
    """Make a button that shows an icon and no text."""
    return make_button(QPushButton, "", tip, keys, role="icon", picture=icon(picture), picture_side=20)


def toggle_button(text: str, tip: str = "", keys: str = "", *, name: str = "", role: str = "toggle") -> QPushButton:
    """Make a button that stays down until it is clicked again."""
    button = make_button(QPushButton, text, tip, keys, name=name, role=role)
    button.setCheckable(True)
    return button
