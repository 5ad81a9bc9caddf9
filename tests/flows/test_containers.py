"""The Containerfiles: read, and their install lines run in an environment of their own. No image is built here."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "packaging" / "containers").glob("*.Containerfile"))
KNOWN = {"FROM", "WORKDIR", "COPY", "RUN", "ENV", "VOLUME", "CMD"}


def instructions(file: Path) -> list[tuple[str, str]]:
    """Return the instructions of a Containerfile with their arguments."""
    text = re.sub(r"^#.*\n", "", file.read_text(), flags=re.MULTILINE).replace("\\\n", " ")
    return [(line.split()[0], line.partition(" ")[2].strip()) for line in text.splitlines() if line.strip()]


def install_of(file: Path) -> list[str]:
    """Return the words of the line that installs, after `python -m pip install`."""
    (line,) = [words for name, words in instructions(file) if name == "RUN"]
    words = shlex.split(line)
    assert words[:4] == ["python", "-m", "pip", "install"]
    return words[4:]


def copy_into(file: Path, folder: Path) -> None:
    """Do what the COPY instructions do."""
    for name, words in instructions(file):
        if name != "COPY":
            continue
        *sources, target = shlex.split(words)
        for source in sources:
            origin, destination = ROOT / source, folder / target / ("" if len(sources) == 1 else source)
            if origin.is_dir():
                shutil.copytree(origin, destination, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(origin, destination)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_containerfile_copies_and_installs_what_there_is(file: Path) -> None:
    parts = instructions(file)
    assert {name for name, _ in parts} <= KNOWN
    assert [name for name, _ in parts].index("FROM") == 0
    assert re.fullmatch(r"docker\.io/library/python:3\.\d+-slim", parts[0][1])
    copied = [source for name, words in parts if name == "COPY" for source in words.split()[:-1]]
    assert all((ROOT / source).exists() for source in copied)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    packages = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    needed = {*packages, "pyproject.toml", "constraints.txt", project["project"]["readme"]}
    assert needed <= set(copied)
    words = install_of(file)
    assert words[words.index("--constraint") + 1] == "constraints.txt"
    extras = re.fullmatch(r"\.\[(.+)\]", words[-1])
    assert extras
    assert set(extras[1].split(",")) <= set(project["project"]["optional-dependencies"])
    assert "viewer" not in extras[1]
    (command,) = [json.loads(arguments) for name, arguments in parts if name == "CMD"]
    scripts = [word for word in command if word.endswith((".py", ".yaml"))]
    assert all((ROOT / script).is_file() for script in scripts)
    assert command[0] in ("python", "accelerate")


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_install_line_works_in_a_clean_environment(file: Path, tmp_path: Path) -> None:
    """The runtime is installed and run; the trainer's gigabytes for GPUs are only resolved."""
    (tmp_path / "image").mkdir()
    copy_into(file, tmp_path / "image")
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    python = str(tmp_path / "venv" / "bin" / "python")
    kept = {name: value for name, value in os.environ.items() if name.startswith(("PATH", "PIP_", "LANG", "SSL_"))}
    whole = file.stem != "trainer"
    command = [python, "-m", "pip", "install", *([] if whole else ["--dry-run"]), *install_of(file)]
    done = subprocess.run(
        command, cwd=tmp_path / "image", env=kept | {"HOME": str(tmp_path)}, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    if not whole:
        assert "Would install" in done.stdout
        assert "torch-" in done.stdout
        return
    (arguments,) = [json.loads(words) for name, words in instructions(file) if name == "CMD"]
    ran = subprocess.run(
        [python, *arguments[1:]], cwd=tmp_path / "image", env=kept | {"HOME": str(tmp_path)}, check=False,
        capture_output=True, text=True,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    installed = subprocess.run([python, "-m", "pip", "list"], check=True, capture_output=True, text=True).stdout.lower()
    assert "torch" not in installed
    assert "pyside" not in installed
