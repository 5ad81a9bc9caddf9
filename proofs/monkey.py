"""A random user of the window: clicks, drags, keys, typing, drops and menus, from a seed."""

from __future__ import annotations

import collections
import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PySide6.QtCore import QEventLoop, QMimeData, QPoint, QPointF, Qt, QTimer, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSlider,
    QApplication,
    QComboBox,
    QDialog,
    QLineEdit,
    QMenu,
    QWidget,
)

from digitforge.bundled import BUNDLED_MODEL
from export.contract import GeneratorInfo
from proofs.hostile import HOSTILE
from proofs.tiny_generator import write_model
from viewer.core.state.samples import of_class
from viewer.core.state.view_state import MODES
from viewer.ui.widgets import dragging
from viewer.ui.window import Window

REMEMBERED = 40
"""Number of last actions that are reported when something goes wrong."""
ANSWER_MS = 100
MOST_FAVOURITES = 30
"""Each favourite holds a picture, so an unlimited number would look like a memory leak."""
LEFT = Qt.MouseButton.LeftButton
KEYS = (
    Qt.Key.Key_Space, Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_R, Qt.Key.Key_M,
    Qt.Key.Key_L, Qt.Key.Key_3, Qt.Key.Key_7, Qt.Key.Key_Tab, Qt.Key.Key_Escape, Qt.Key.Key_Return, Qt.Key.Key_Delete,
    Qt.Key.Key_Plus, Qt.Key.Key_Minus, Qt.Key.Key_Home, Qt.Key.Key_End, Qt.Key.Key_F1,
)  # fmt: skip
LETTERS = (Qt.Key.Key_Z, Qt.Key.Key_Y, Qt.Key.Key_C, Qt.Key.Key_S, Qt.Key.Key_E, Qt.Key.Key_O, Qt.Key.Key_0)
MODIFIERS = (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier)


class Monkey:
    """Performs random actions on a window."""

    def __init__(self, window: Window, folder: Path, seed: int) -> None:
        self.window, self.folder, self.seed, self.random = window, folder, seed, random.Random()
        self.done = 0
        self.counts: collections.Counter[str] = collections.Counter()
        self.last: collections.deque[str] = collections.deque(maxlen=REMEMBERED)
        self.good, self.hostile = self._models()
        # The action that opens a menu or a dialog returns only when it is answered, so a timer answers.
        self.answers = QTimer(window)
        self.answers.timeout.connect(self._answer)
        self.answers.start(ANSWER_MS)
        self.actions: dict[Callable[[], str], int] = {
            self.click: 30, self.slide: 14, self.key: 22, self.type: 6, self.canvas: 20, self.wheel: 4,
            self.drop_file: 3, self.drop_sample: 8, self.resize: 3, self.mode: 6, self.undo: 6, self.menu: 2,
            self.pick: 3, self.close_dialog: 6, self.rest: 6, self.vanish: 1, self.tidy: 3,
            self.clay: 4, self.vary: 4,
        }  # fmt: skip

    def _models(self) -> tuple[list[Path], list[Path]]:
        """Write models into the folder; return those that open, with the bundled generator, and hostile ones."""
        good = [BUNDLED_MODEL]
        for name, classes, channels in (("grey", "0123456789", 1), ("colour", "ab", 3), ("free", "", 1)):
            info = GeneratorInfo(6, "normal", tuple(classes), channels, 12, 12)
            good.append(write_model(self.folder / f"{name}.onnx", info))
        hostile = []
        for number, make in enumerate(HOSTILE.values()):
            hostile.append(self.folder / f"hostile-{number}.onnx")
            make(good[1], hostile[-1])
        self.latents = self.folder / "latents.npz"
        np.savez(self.latents, latents=np.ones((5, 6), np.float32), weights=np.eye(10, dtype=np.float32)[:5])
        return good, hostile

    def _answer(self) -> None:
        if QApplication.activePopupWidget() is not None:
            self.menu()
        elif QApplication.activeModalWidget() is not None:
            self.random.choice((self.click, self.close_dialog))()

    def act(self) -> str:
        """Do one action and describe it. It depends on the seed and the action's number alone."""
        self.random.seed(f"{self.seed} {self.done}")
        (action,) = self.random.choices(list(self.actions), list(self.actions.values()))
        what = action()
        self.done += 1
        self.counts[action.__name__] += 1
        self.last.append(what)
        return what

    def _any(self, *kinds: type[QWidget]) -> QWidget | None:
        """Return a random visible and enabled control of the topmost dialog, or of a window."""
        top = QApplication.activeModalWidget() or self.random.choice(self._tops())
        seen = [
            widget for kind in kinds for widget in top.findChildren(kind) if widget.isVisible() and widget.isEnabled()
        ]
        return self.random.choice(seen) if seen else None

    def _tops(self) -> list[QWidget]:
        """Return the windows on the screen, in an order that does not depend on Qt."""
        tops = [widget for widget in QApplication.topLevelWidgets() if widget.isVisible() and widget.isWindow()]
        return sorted(tops, key=lambda widget: (type(widget).__name__, widget.windowTitle())) or [self.window]

    def click(self) -> str:
        """Press a button."""
        button = self._any(QAbstractButton)
        if button is None:
            return "nothing to click"
        what = f"click {type(button).__name__} {button.accessibleName() or button.text()!r}"  # type: ignore[attr-defined]
        QTest.mouseClick(button, LEFT, self.random.choice(MODIFIERS[:2]))
        return what

    def slide(self) -> str:
        """Drag a slider quickly."""
        slider = self._any(QAbstractSlider)
        if slider is None:
            return "nothing to slide"
        width, height = max(slider.width(), 2), slider.height() // 2
        QTest.mousePress(slider, LEFT, pos=QPoint(self.random.randrange(width), height))
        for _ in range(self.random.randrange(1, 12)):
            QTest.mouseMove(slider, QPoint(self.random.randrange(width), height))
        QTest.mouseRelease(slider, LEFT, pos=QPoint(self.random.randrange(width), height))
        return f"slide {slider.accessibleName()}"

    def key(self) -> str:
        """Press a key on the widget that has the focus."""
        target = QApplication.focusWidget() or self.window.canvas
        modifier = self.random.choice(MODIFIERS)
        key = self.random.choice(LETTERS if modifier == MODIFIERS[2] else KEYS)
        QTest.keyClick(target, key, modifier)
        return f"key {modifier.name} {key.name} on {type(target).__name__}"

    def type(self) -> str:
        """Type into a text field."""
        line = self._any(QLineEdit)
        if not isinstance(line, QLineEdit):
            return "nothing to type into"
        text = "".join(self.random.choices("0123456789x -.", k=self.random.randrange(1, 9)))
        line.setFocus()
        line.selectAll()
        QTest.keyClicks(line, text)
        QTest.keyClick(line, self.random.choice((Qt.Key.Key_Return, Qt.Key.Key_Escape, Qt.Key.Key_Tab)))
        return f"type {text!r} into {line.accessibleName()}"

    def _picture(self) -> QWidget:
        """Return what the user sees in the middle of the window."""
        return self.window.canvas if self.window.mapping.view.isHidden() else self.window.mapping.view

    def canvas(self) -> str:
        """Point at, click, double-click or drag on the picture, or on the map."""
        canvas = self._picture()
        places = [
            QPoint(self.random.randrange(canvas.width()), self.random.randrange(canvas.height())) for _ in range(3)
        ]
        how = self.random.choice(("move", "click", "double", "drag", "right"))
        if how == "move":
            for place in places:
                QTest.mouseMove(canvas, place)
        elif how == "click":
            QTest.mouseClick(canvas, LEFT, self.random.choice(MODIFIERS), places[0])
        elif how == "double":
            QTest.mouseDClick(canvas, LEFT, pos=places[0])
        elif how == "right":
            QTest.mouseClick(canvas, Qt.MouseButton.RightButton, pos=places[0])
        else:
            QTest.mousePress(canvas, LEFT, pos=places[0])
            QTest.mouseMove(canvas, places[1])
            QTest.mouseMove(canvas, places[2])
            QTest.mouseRelease(canvas, LEFT, pos=places[2])
        return f"{how} on the picture"

    def wheel(self) -> str:
        """Turn the wheel over the picture, or over the map."""
        canvas = self._picture()
        place = QPointF(self.random.randrange(canvas.width()), self.random.randrange(canvas.height()))
        turn = QPoint(0, self.random.choice((-360, -120, 120, 360)))
        event = QWheelEvent(
            place, canvas.mapToGlobal(place), QPoint(), turn, Qt.MouseButton.NoButton, self.random.choice(MODIFIERS),
            Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(canvas, event)
        return "wheel"

    def drop_file(self) -> str:
        """Drop a file on the window: a generator, a hostile model, a picture, latents, a folder, or a missing file."""
        pictures = [path for path in self.folder.glob("out*") if path.is_file()]
        others = [self.folder / "absent.onnx", self.folder, self.latents]
        kinds = [self.good, self.good, self.hostile, pictures, others]
        path = self.random.choice(self.random.choice([kind for kind in kinds if kind]))
        mime = QMimeData()
        mime.setUrls([QUrl.fromLocalFile(str(path))])
        self._drop(self.window, mime)
        return f"drop {path.name}"

    def drop_sample(self) -> str:
        """Drop the current cell or another sample on the timeline, the pad, or any other widget that accepts one."""
        takers = [widget for widget in self.window.findChildren(QWidget) if widget.acceptDrops() and widget.isVisible()]
        if not takers:
            return "nothing accepts a sample"
        taker = self.random.choice(takers)
        info = self.window.player.model.info if self.window.player.model else None
        label = self.random.randrange(len(info.classes)) if info and info.classes else None
        sample = of_class(self.random.randrange(1000), self.random.randrange(300), label)
        if (current := self.window.canvas.sample) is not None and self.random.random() < 0.5:
            sample = current
        self._drop(taker, dragging.pack(sample))
        return f"sample on {type(taker).__name__}"

    def _drop(self, target: QWidget, mime: QMimeData) -> None:
        place = QPoint(self.random.randrange(max(target.width(), 1)), self.random.randrange(max(target.height(), 1)))
        action = Qt.DropAction.CopyAction
        enter = QDragEnterEvent(place, action, mime, LEFT, MODIFIERS[0])
        QApplication.sendEvent(target, enter)
        if enter.isAccepted():
            QApplication.sendEvent(
                target, QDropEvent(QPointF(place), action, mime, LEFT, self.random.choice(MODIFIERS))
            )

    def resize(self) -> str:
        """Resize the window."""
        self.window.resize(self.random.randrange(600, 1900), self.random.randrange(400, 1100))
        return "resize"

    def mode(self) -> str:
        """Change the mode."""
        mode = self.random.choice(MODES)
        self.window.rail.group.button(MODES.index(mode)).click()
        return f"mode {mode}"

    def undo(self) -> str:
        """Undo or redo a few steps."""
        step = self.random.choice((self.window.editor.stack.undo, self.window.editor.stack.redo))
        for _ in range(self.random.randrange(1, 6)):
            step()
        return step.__name__

    def menu(self) -> str:
        """Choose from an open menu, or close it."""
        menu = QApplication.activePopupWidget()
        if menu is None:
            return "no menu"
        if not isinstance(menu, QMenu) or not menu.actions():
            menu.close()
            return f"leave {type(menu).__name__}"
        action = self.random.choice(menu.actions())
        menu.close()
        if action.isEnabled():
            action.trigger()
        return f"menu {action.text()!r}"

    def pick(self) -> str:
        """Choose from a list."""
        box = self._any(QComboBox)
        if not isinstance(box, QComboBox) or not box.count():
            return "nothing to pick"
        place = self.random.randrange(box.count())
        box.setCurrentIndex(place)
        box.activated.emit(place)
        return f"pick {box.itemText(place)!r}"

    def close_dialog(self) -> str:
        """Close a dialog or a popup."""
        for widget in (QApplication.activePopupWidget(), QApplication.activeModalWidget(), *self._tops()):
            if widget is not None and widget is not self.window and isinstance(widget, QDialog | QMenu):
                QTest.keyClick(widget, Qt.Key.Key_Escape)
                return f"leave {type(widget).__name__}"
        return "no dialog"

    def rest(self) -> str:
        """Do nothing for a moment."""
        loop = QEventLoop()
        QTimer.singleShot(self.random.randrange(200), loop.quit)
        loop.exec()
        return "rest"

    def clay(self) -> str:
        """Begin to shape a cell, paint on the one that is being shaped, or leave it."""
        shaper, picture = self.window.shaper, self.window.inspector.view.picture
        if not shaper.shaping:
            self.window.inspector.menu.clay.trigger()
            return "begin with clay"
        if self.random.random() < 0.2:
            shaper.leave()
            return "leave the clay"
        places = [
            QPoint(self.random.randrange(picture.width()), self.random.randrange(picture.height())) for _ in range(4)
        ]
        QTest.mousePress(picture, LEFT, pos=places[0])
        for place in places[1:]:
            QTest.mouseMove(picture, place)
            self.rest()
        QTest.mouseRelease(picture, LEFT, pos=places[-1])
        return "paint on clay"

    def vary(self) -> str:
        """Show more pictures like a cell, or mix it with another one."""
        menu = self.window.inspector.menu
        action = self.random.choice((menu.near, menu.mix))
        action.trigger()
        return f"menu {action.text()!r}"

    def tidy(self) -> str:
        """Remove a favourite if there are many."""
        favourites = self.window.favourites
        if (count := favourites.list.count()) <= MOST_FAVOURITES:
            return "few favourites"
        favourites.list.setCurrentRow(self.random.randrange(count))
        favourites.remove.click()
        return "remove a favourite"

    def vanish(self) -> str:
        """Delete the file of a generator that may be open, and write it again."""
        path = self.random.choice(self.good[1:])
        content = path.read_bytes()
        path.unlink()
        self.rest()
        path.write_bytes(content)
        return f"vanish {path.name}"
