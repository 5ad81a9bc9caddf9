"""The desktop application: `python -m viewer [MODEL.onnx|RUN_DIR|PICTURE] [--screenshot FILE.png]`."""

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
from digitforge.files import user_path

if TYPE_CHECKING:
    from PySide6.QtCore import SignalInstance
    from PySide6.QtWidgets import QApplication

    from viewer.ui.window import Window

ICON = Path(viewer.__file__).parent / "ui" / "digitforge.png"  # in the stand-alone folder this file lies elsewhere
BAD_INPUT = 2
"""Exit status for an error of the user."""
QT_PACKAGES = (
    "libglib2.0-0 libegl1 libgl1 libx11-6 libxkbcommon0 libdbus-1-3 libfontconfig1 libfreetype6 fonts-dejavu-core"
)
"""Debian packages for pictures without a window."""
XCB_PACKAGES = (
    "libxcb-cursor0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-randr0 libxcb-render-util0 libxcb-shape0 "
    "libxcb-util1 libxcb-xfixes0 libxcb-xkb1 libxkbcommon-x11-0 libx11-xcb1"
)
"""Debian packages for windows on X11."""


def main(argv: list[str] | None = None) -> int:
    """Run the application and return its exit status. argv: without the program's name; None for sys.argv."""
    arguments = _parser().parse_args(argv)
    return exit_status(lambda: _run(arguments))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m viewer", description="Explore an ONNX generator in a window.")
    parser.add_argument(
        "model",
        nargs="?",
        type=user_path,
        help="an .onnx file, a run directory, or a picture exported by digitforge, whose settings are restored "
        "(default: the bundled generator)",
    )
    parser.add_argument(
        "--screenshot",
        type=user_path,
        metavar="FILE.png",
        help="save a picture of the window, then exit",
    )
    parser.add_argument(
        "--provider",
        choices=("auto", "cpu", "cuda"),
        default="auto",
        help="device that runs the generator (default: %(default)s)",
    )
    parser.add_argument("--size", type=_size, metavar="WxH", help="size of the window in pixels (default: as before)")
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

        from viewer.core.files.formats import is_picture
        from viewer.core.run.stages import is_run, model_of
        from viewer.engine.player import Player
        from viewer.ui.exception_hook import ExceptionHook
        from viewer.ui.menu import FIRST_SIZE
        from viewer.ui.window import Window
    except ImportError as error:
        raise DigitforgeError(_missing(error)) from error

    model = arguments.model or BUNDLED_MODEL
    try:
        if not is_picture(model) or model.is_dir():
            model_of(model)
    except DigitforgeError:
        awaited = is_run(model) and arguments.screenshot is None  # the first stage may be exported later
        if (arguments.model is not None or arguments.screenshot is not None) and not awaited:
            raise

    qInstallMessageHandler(_explain_fatal)
    application = QApplication.instance() or QApplication(["digitforge"])
    assert isinstance(application, QApplication)
    application.setApplicationName("digitforge")
    application.setDesktopFileName("digitforge")  # Wayland finds the icon by this name
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
            window.restorer.close_down()
            raise DigitforgeError(window.message.text.text())
        if arguments.screenshot is not None:
            return _screenshot(application, window, arguments.screenshot)
        window.show()
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # Python would not see Ctrl-C during Qt's event loop
        return application.exec()
    finally:
        hook.uninstall()
        player.close()


def _open_first(application: QApplication, window: Window) -> bool:
    """Wait until the first generator is open, or has failed to open, so that a wrong name shows no window."""
    _wait(application, window.player.opened, window.player.failed, window.restorer.failed)
    return window.player.model is not None


def _wait(application: QApplication, *signals: SignalInstance) -> None:
    """Run the event loop until one of the signals is emitted."""
    from PySide6.QtCore import QEventLoop

    loop = QEventLoop(application)
    for each in signals:
        each.connect(loop.quit)
    loop.exec()
    for each in signals:
        each.disconnect(loop.quit)


def _screenshot(application: QApplication, window: Window, path: Path) -> int:
    from PySide6.QtCore import QBuffer, QIODevice

    from digitforge.files import write_bytes

    window.show()
    if window.player.frame is None and not window.player.empty:
        _wait(application, window.player.frame_ready, window.player.failed)
    if window.player.frame is None and not window.player.empty:
        raise DigitforgeError(window.message.text.text())
    application.processEvents()  # the frame may change the layout of the status line
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    if not window.grab().save(buffer, "PNG"):
        raise DigitforgeError("Qt could not write a PNG picture of the window.")
    write_bytes(path, bytes(buffer.data().data()))
    window.close()
    return 0


def _check_display(screenshot: bool) -> None:
    """Without a display on Linux, where Qt would abort, draw a screenshot in memory or raise DigitforgeError."""
    if not sys.platform.startswith("linux") or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    ):
        return
    if not screenshot:
        raise DigitforgeError(
            "There is no display for a window (neither DISPLAY nor WAYLAND_DISPLAY is set); "
            "--screenshot FILE.png works without one."
        )
    os.environ["QT_QPA_PLATFORM"] = "offscreen"


def _missing(error: ImportError) -> str:
    """Return a sentence that says what to install."""
    package = (error.name or "").partition(".")[0]
    if isinstance(error, ModuleNotFoundError) and package in ("PySide6", "onnxruntime", "onnx", "numpy", "PIL"):
        return f'{package} is not installed; install it with `pip install "digitforge[viewer,cpu]"`.'
    if "PySide6" in str(error) or ".so" in str(error):
        return f"Qt cannot load a system library ({error}); on Debian, install: {QT_PACKAGES}"
    raise error


def _explain_fatal(kind: object, _context: object, message: str) -> None:
    """Print a sentence and exit where Qt would abort, because it cannot use the display."""
    from PySide6.QtCore import QtMsgType

    if kind == QtMsgType.QtFatalMsg:
        print(
            "Qt could not open a window on this display; check that the display and its libraries exist. "
            f"On Debian, install: {QT_PACKAGES} {XCB_PACKAGES}",
            file=sys.stderr,
            flush=True,
        )
        os._exit(BAD_INPUT)
    if kind == QtMsgType.QtCriticalMsg:
        print(message, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
