"""What somebody gets who wants the window alone: an environment without torch, and a folder without Python."""

from __future__ import annotations

import configparser
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops

ROOT = Path(__file__).parents[2]
DATA_FILES = {
    "digitforge/py.typed", "export/py.typed", "trainer/py.typed", "viewer/py.typed",
    "export/runtime/classifier.md", "export/runtime/classifier.onnx", "trainer/report/comparison_page.html",
    "trainer/report/page.html", "trainer/report/run_page.html", "trainer/report/scores_sections.html",
    "trainer/scoring/classifier.md", "trainer/scoring/classifier.safetensors", "viewer/models/digits.directions.json",
    "viewer/models/digits.log.jsonl", "viewer/models/digits.md", "viewer/models/digits.onnx",
    "viewer/models/digits.stages.npz", "viewer/models/real_digits.md", "viewer/models/real_digits.npz",
    "viewer/ui/digitforge.png",
}  # fmt: skip
"""What the wheel holds beside code."""


def do(*command: str | Path, **options: Any) -> str:
    """Run a command that has to succeed; returns what it printed."""
    done: subprocess.CompletedProcess[str] = subprocess.run(
        [str(part) for part in command], check=True, capture_output=True, text=True, **options
    )
    return done.stdout


def bare(home: Path) -> dict[str, str]:
    """An environment that knows nothing of this project, and draws in memory."""
    kept = {name: value for name, value in os.environ.items() if name.startswith(("PATH", "PIP_", "LANG", "SSL_"))}
    return kept | {"HOME": str(home), "QT_QPA_PLATFORM": "offscreen"}


def shows_digits(picture: Path) -> bool:
    """Whether there is white ink on black cells."""
    with Image.open(picture) as window:
        histogram = window.convert("L").histogram()
    return sum(histogram[230:]) > 10_000 and sum(histogram[:8]) > 80_000


def test_the_desktop_file_is_complete() -> None:
    entry = configparser.ConfigParser(interpolation=None)
    entry.read(ROOT / "packaging" / "digitforge.desktop")
    fields = entry["Desktop Entry"]
    assert fields["Exec"].split() == ["digitforge", "%f"]
    assert fields["MimeType"] == "application/x-onnx;"
    assert 'type="application/x-onnx"' in (ROOT / "packaging" / "digitforge-onnx.xml").read_text()
    assert (ROOT / "packaging" / f"{fields['Icon']}.svg").is_file()
    with Image.open(ROOT / "viewer" / "ui" / f"{fields['Icon']}.png") as icon:
        assert icon.size == (256, 256)


def test_a_window_on_x11_is_the_one_drawn_in_memory(tmp_path: Path) -> None:
    if shutil.which("Xvfb") is None:
        pytest.skip("needs Debian's xvfb")
    shot = (sys.executable, "-m", "viewer", "--size", "1000x700", "--screenshot")
    do(*shot, tmp_path / "memory.png", env=bare(tmp_path), cwd=ROOT, timeout=60)
    reading, writing = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1280x1024x24", "-nolisten", "tcp"],
        pass_fds=[writing],
        stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    try:
        with os.fdopen(reading) as said:
            display = {"QT_QPA_PLATFORM": "xcb", "DISPLAY": f":{said.readline().strip()}"}
        missing = subprocess.run(
            [sys.executable, "-c", "from PySide6.QtWidgets import QApplication; QApplication([])"],
            env=bare(tmp_path) | display, capture_output=True, text=True, timeout=60, check=False,
        ).returncode  # fmt: skip
        if missing:
            pytest.skip("needs the libraries for a window on X11 that docs/quickstart.md lists")
        do(*shot, tmp_path / "x11.png", env=bare(tmp_path) | display, cwd=ROOT, timeout=60)
    finally:
        server.terminate()
        server.wait()
    with Image.open(tmp_path / "memory.png") as memory, Image.open(tmp_path / "x11.png") as x11:
        assert memory.size == x11.size == (1000, 700)
        difference = ImageChops.difference(memory.convert("L"), x11.convert("L"))
    assert shows_digits(tmp_path / "x11.png")
    assert sum(difference.histogram()[32:]) < 0.01 * 1000 * 700, "more than the milliseconds in the status line"


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A new environment with `pip install .[viewer,cpu]`, from a copy of what is committed or changed."""
    folder = tmp_path_factory.mktemp("environment")
    copy = folder / "source"
    shutil.copytree(
        ROOT, copy, ignore=shutil.ignore_patterns(".venv", ".git", "runs", "dist", "build", "node_modules", ".*_cache")
    )
    do(sys.executable, "-m", "venv", folder / "venv")
    pip = (folder / "venv" / "bin" / "python", "-m", "pip", "install", "-q", "-c", copy / "constraints.txt")
    do(*pip, f"{copy}[viewer,cpu]", timeout=280)
    shutil.rmtree(copy)
    yield folder / "venv"
    shutil.rmtree(folder)


@pytest.mark.slow
def test_the_wheel_holds_what_it_needs_and_nothing_else(environment: Path) -> None:
    (record,) = (environment / "lib").rglob("digitforge-*.dist-info/RECORD")
    names = {line.split(",")[0] for line in record.read_text().splitlines()}
    others = {name for name in names if not name.endswith((".py", ".pyc")) and ".dist-info/" not in name}
    assert others == DATA_FILES | {"../../../bin/digitforge"}
    packages = {name.split("/")[0] for name in names if name.endswith(".py")}
    assert packages == {"digitforge", "export", "trainer", "viewer"}


@pytest.mark.slow
def test_the_window_alone_needs_no_torch(environment: Path, tmp_path: Path) -> None:
    python = environment / "bin" / "python"
    listed = do(python, "-m", "pip", "list").lower()
    assert "torch" not in listed
    assert "pyside6" in listed
    here = {"env": bare(tmp_path), "cwd": tmp_path, "timeout": 60}
    programs: list[list[str | Path]] = [[environment / "bin" / "digitforge"], [python, "-m", "viewer"]]
    for number, program in enumerate(programs):
        do(*program, "--screenshot", tmp_path / f"window{number}.png", **here)
        assert shows_digits(tmp_path / f"window{number}.png")
    do(python, "-m", "export.doctor", **here)
    model = next((environment / "lib").rglob("viewer/models/digits.onnx"))
    do(python, "-m", "export.sample", model, "--count", "20", "--out", "a.npz", "--min-confidence", "0.5", **here)
    assert (tmp_path / "a.npz").is_file()
    library = "import digitforge; print(digitforge.open('digits.onnx').sample(10).shape)"
    assert do(python, "-c", library, **here) == "(10, 28, 28)\n"


@pytest.mark.slow
def test_the_stand_alone_folder_starts(tmp_path: Path) -> None:
    program = ROOT / "dist" / "digitforge" / "digitforge"
    if not program.is_file():
        pytest.skip("the folder is not built: make bundle")
    elsewhere = shutil.copytree(program.parent, tmp_path / "elsewhere")
    here = {"env": bare(tmp_path) | {"PATH": ""}, "cwd": tmp_path, "timeout": 60}
    do(elsewhere / "digitforge", "--screenshot", tmp_path / "window.png", **here)
    assert shows_digits(tmp_path / "window.png")
