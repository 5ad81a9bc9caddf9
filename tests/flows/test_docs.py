"""The documentation names only what exists: links, commands, flags, make targets, files and the names in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from trainer import command_line

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    *sorted(ROOT.glob("*.md")),
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "viewer/models").glob("*.md")),
]
PROGRAMS = ("digitforge", "trainer", "export", "viewer", "bench", "proofs", "tools")
OTHER_FLAGS = {
    "--config_file", "--dynamo_backend", "--gradient_accumulation_steps", "--main_process_ip", "--main_process_port",
    "--machine_rank", "--max_restarts", "--multi_gpu", "--num_machines", "--num_processes", "--quiet",  # accelerate
    "--array", "--gpus-per-node", "--nodes", "--ntasks-per-node", "--signal",  # sbatch
    "--check", "--directory", "--exclude-editable", "--help",  # ruff, http.server, pip, all programs
}  # fmt: skip

pages = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())


def code(text: str) -> Iterator[str]:
    """The code blocks of a page, and what stands between backticks in its prose."""
    yield from re.findall(r"^```\w*\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    yield from re.findall(r"`([^`]+)`", prose(text))


def prose(text: str) -> str:
    """The page without its code blocks."""
    return re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)


def anchors(text: str) -> set[str]:
    """The anchors that GitHub gives a page's headings."""
    headings = re.findall(r"^#+ (.+)$", prose(text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pages
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(text)):
        if target.startswith(("https://", "http://")):
            continue
        path, _, anchor = target.partition("#")
        file = page.parent / path if path else page
        assert file.exists(), target
        if anchor:
            assert anchor in anchors(file.read_text(encoding="utf-8")), target


@pages
def test_every_command_is_a_module_that_can_be_run(page: Path) -> None:
    named = {
        name for part in code(page.read_text(encoding="utf-8")) for name in re.findall(r"python3? -m ([\w.]+)", part)
    }
    for name in named:
        spec = find_spec(name)
        assert spec is not None, name
        assert spec.submodule_search_locations is None or find_spec(f"{name}.__main__"), name


@pages
def test_every_flag_of_the_training_exists(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command_line.parse(["--help"])
    known = set(re.findall(r"--[a-z][\w-]+", capsys.readouterr().out)) | OTHER_FLAGS
    for part in code(page.read_text(encoding="utf-8")):
        for command in re.findall(r"trainer(?:/train\.py|\.train)\b(.*)", part.replace("\\\n", " ")):
            assert set(re.findall(r"--[a-z][\w-]+", command.partition("#")[0])) <= known, command


@pages
def test_every_flag_is_one_of_some_program(page: Path, flags: set[str]) -> None:
    named = {
        flag for part in code(page.read_text(encoding="utf-8")) for flag in re.findall(r"(?<![\w-])--[a-z][\w-]+", part)
    }
    assert named <= flags


@pytest.fixture(scope="module")
def flags() -> set[str]:
    """All flags that our programs have, read off their sources, and those of others."""
    settings = re.findall(
        r"^    (\w+): \w.* = setting\(", (ROOT / "trainer/config.py").read_text(encoding="utf-8"), re.M
    )
    sources = [path.read_text(encoding="utf-8") for folder in PROGRAMS for path in (ROOT / folder).rglob("*.py")]
    written = {flag for source in sources for flag in re.findall(r'"(--[a-z][\w-]+)"', source)}
    return written | {f"--{name.replace('_', '-')}" for name in settings} | OTHER_FLAGS


@pages
def test_every_target_of_make_exists(page: Path) -> None:
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    named = {
        name for part in code(page.read_text(encoding="utf-8")) for name in re.findall(r"(?:^|\n)make ([a-z-]+)", part)
    }
    assert named <= targets


@pages
def test_every_file_of_the_project_exists(page: Path) -> None:
    pattern = rf"(?:{'|'.join((*PROGRAMS, 'docs', 'packaging', 'tests', 'web'))})/[\w./-]*"
    for part in code(page.read_text(encoding="utf-8")):
        if re.fullmatch(pattern, part):
            assert (ROOT / part).exists(), part


def test_the_guide_names_what_its_files_contain() -> None:
    text = (ROOT / "docs/how-it-works.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| \[(.+?)\]\(\.\./(.+?)\) \| (.+) \|$", text, re.MULTILINE)
    assert len(rows) > 30
    for shown, path, meaning in rows:
        assert shown == path
        source = (ROOT / path).read_text(encoding="utf-8")
        for name in re.findall(r"`([^`]+)`", meaning):
            assert re.search(rf"^ *(?:(?:def|class) {name}\b|{name}[: ].*=)", source, re.M), f"{path} has no {name}"


@pytest.mark.parametrize("drawing", sorted((ROOT / "docs/images/how").glob("*.svg")), ids=lambda path: path.stem)
def test_the_drawings_name_files_that_exist(drawing: Path) -> None:
    labels = re.findall(r'class="file[^>]*>([^<]+)<', drawing.read_text(encoding="utf-8"))
    for label in labels:
        for name in label.rstrip(",").split(", "):
            assert any(
                (ROOT / folder / name).exists()
                for folder in (".", "trainer", "trainer/networks", "export/convert", "viewer")
            ), name


def test_every_picture_of_the_window_is_on_a_page() -> None:
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    shown = {name for page in pages for name in re.findall(r"images/viewer/([\w-]+\.png)", page.read_text())}
    assert {path.name for path in (ROOT / "docs/images/viewer").glob("*.png")} == shown
