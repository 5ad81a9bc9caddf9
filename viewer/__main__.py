"""The desktop application: `python -m viewer [MODEL.onnx|RUN_DIR] [--screenshot FILE.png]`."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import viewer
from digitforge.bundled import BUNDLED_MODEL
from digitforge.errors import DigitforgeError, exit_status

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from viewer.ui.window import Window

ICON = Path(viewer.__file__).parent / "ui" / "digitforge.png"  # in the stand-alone folder this file lies elsewhere
BAD_INPUT = 2
"""Exit status where what was asked for cannot be done."""
QT_PACKAGES = (
    "libglib2.0-0 libegl1 libgl1 libx11-6 libxkbcommon0 libdbus-1-3 libfontconfig1 libfreetype6 fonts-dejavu-core"
)
"""Debian's, for pictures without a window."""
XCB_PACKAGES = (
    "libxcb-cursor0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-randr0 libxcb-render-util0 libxcb-shape0 "
    "libxcb-util1 libxcb-xfixes0 libxcb-xkb1 libxkbcommon-x11-0 libx11-xcb1"
)
"""Debian's, for windows on X11."""


def main(argv: list[str] | None = None) -> int:
    """Run the application; returns its exit status. argv: without the program's name, sys.argv's if None."""
    arguments = _parser().parse_args(argv)
    return exit_status(lambda: _run(arguments))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m viewer", description="Forge digits with an ONNX generator.")
    parser.add_argument(
        "model", nargs="?", type=Path, help="an .onnx file or a run directory; without it the bundled generator"
    )
    parser.add_argument(
        "--screenshot", type=Path, metavar="FILE.png", help="save the window with its first frame, and leave"
    )
    parser.add_argument("--provider", choices=("auto", "cpu", "cuda"), default="auto", help="what runs the generator")
    parser.add_argument("--size", type=_size, metavar="WxH", help="of the window, in pixels")
    return parser


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.lower().partition("x")
    if not (width.isdigit() and height.isdigit() and 1 <= int(width) <= 16_384 and 1 <= int(height) <= 16_384):
        raise argparse.ArgumentTypeError(f"{text!r} is not a size such as 1180x820")
    return int(width), int(height)


def _run(arguments: argparse.Namespace) -> int:
    _check_display(arguments.screenshot is not None)
    if arguments.screenshot is not None and not arguments.screenshot.absolute().parent.is_dir():
        raise DigitforgeError(f"There is no folder {arguments.screenshot.absolute().parent} to save the picture in.")
    try:
        from PySide6.QtCore import qInstallMessageHandler
        from PySide6.QtGui import QIcon
        from PySide6.QtWidgets import QApplication

        from viewer.core.run.stages import is_run, model_of
        from viewer.engine.player import Player
        from viewer.ui.exception_hook import ExceptionHook
        from viewer.ui.menu import FIRST_SIZE
        from viewer.ui.window import Window
    except ImportError as error:
        raise DigitforgeError(_missing(error)) from error

    model = arguments.model or BUNDLED_MODEL
    try:
        model_of(model)
    except DigitforgeError as error:
        awaited = is_run(model) and arguments.screenshot is None  # its first stage may come while the window is open
        if (arguments.model is not None or arguments.screenshot is not None) and not awaited:
            raise DigitforgeError(str(error)) from error

    qInstallMessageHandler(_explain_fatal)
    application = QApplication.instance() or QApplication(["digitforge"])
    assert isinstance(application, QApplication)
    application.setApplicationName("digitforge")
    application.setDesktopFileName("digitforge")  # where Wayland looks for the icon
    application.setWindowIcon(QIcon(str(ICON)))
    player = Player(arguments.provider)
    application.aboutToQuit.connect(player.close)
    hook = ExceptionHook()
    try:
        window = Window(player, remember=arguments.screenshot is None)
        hook.caught.connect(window.show_unexpected_error)
        hook.install()
        if arguments.size is not None or not window.settings.restore_geometry(window):
            window.resize(*(arguments.size or FIRST_SIZE))
        failed = window.open(model) and not _open_first(application, window)
        if failed and (arguments.model is not None or arguments.screenshot is not None):
            raise DigitforgeError(window.message.text.text())
        if arguments.screenshot is not None:
            return _screenshot(application, window, arguments.screenshot)
        window.show()
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C in the terminal; Qt's loop would not let Python see it
        return application.exec()
    except DigitforgeError as error:
        raise DigitforgeError(str(error)) from error
    finally:
        hook.uninstall()
        player.close()


def _open_first(application: QApplication, window: Window) -> bool:
    """Wait until the first generator is open or has failed to open: a wrong name should not flash up a window."""
    from PySide6.QtCore import QEventLoop

    loop = QEventLoop(application)
    window.player.opened.connect(loop.quit)
    window.player.failed.connect(loop.quit)
    loop.exec()
    window.player.opened.disconnect(loop.quit)
    window.player.failed.disconnect(loop.quit)
    return window.player.model is not None


def _screenshot(application: QApplication, window: Window, path: Path) -> int:
    from PySide6.QtCore import QBuffer, QEventLoop, QIODevice

    from digitforge.files import write_bytes

    window.show()
    if window.player.frame is None:
        loop = QEventLoop(application)
        window.player.frame_ready.connect(loop.quit)
        window.player.failed.connect(loop.quit)
        loop.exec()
    if window.player.frame is None:
        raise DigitforgeError(window.message.text.text())
    application.processEvents()  # the frame may have changed the layout of the status line
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    if not window.grab().save(buffer, "PNG"):
        raise DigitforgeError("Qt could not make a PNG picture of the window.")
    write_bytes(path, bytes(buffer.data().data()))
    window.close()
    return 0


def _check_display(screenshot: bool) -> None:
    """On Linux without a display, Qt would abort: draw in memory for a screenshot, else say what is missing."""
    if not sys.platform.startswith("linux") or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    ):
        return
    if not screenshot:
        raise DigitforgeError(
            "There is no display to open a window on (neither DISPLAY nor WAYLAND_DISPLAY is set); "
            "--screenshot FILE.png makes a picture without one."
        )
    os.environ["QT_QPA_PLATFORM"] = "offscreen"


def _missing(error: ImportError) -> str:
    """One sentence about what to install."""
    package = (error.name or "").partition(".")[0]
    if isinstance(error, ModuleNotFoundError) and package in ("PySide6", "onnxruntime", "onnx", "numpy", "PIL"):
        return f'{package} is not installed; `pip install "digitforge[viewer,cpu]"` brings it.'
    if "PySide6" in str(error) or ".so" in str(error):
        return f"Qt cannot load a library of the system ({error}); on Debian install: {QT_PACKAGES}"
    raise error


def _explain_fatal(kind: object, _context: object, message: str) -> None:
    """Qt aborts where it can use no display: say so in a sentence instead of dumping core."""
    from PySide6.QtCore import QtMsgType

    if kind == QtMsgType.QtFatalMsg:
        print(
            "Qt could not open a window on this display; is it there, and are its libraries? "
            f"On Debian install: {QT_PACKAGES} {XCB_PACKAGES}",
            file=sys.stderr,
            flush=True,
        )
        os._exit(BAD_INPUT)
    if kind == QtMsgType.QtCriticalMsg:
        print(message, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
