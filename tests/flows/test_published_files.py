"""What the commands write about a private folder of pictures: its name alone, and as literal text."""

from __future__ import annotations

import gzip
import html
import io
import json
import socket
import zipfile
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from digitforge.hashing import sha256
from export import sample
from export.onnx import main as export
from export.runtime.generator import open_generator
from tests.support.commands import run
from trainer import compare, score, train
from trainer.scoring import classifier
from viewer import gallery
from viewer.core.files.formats import FORMATS
from viewer.core.files.saving import ExportSpec, Subject, save
from viewer.core.scene.animation import Animation
from viewer.core.scene.messages import Opened
from viewer.core.state.view_state import ViewState

SECRETS = (b"alice-secret", b"host-secret")
FOLDER = '<b>R&D\'s "pictures"'
CLASSES = ("<i>A&B", "{{ two }}")


class Published(NamedTuple):
    """The folders of pictures and of everything that was written about them."""

    pictures: Path
    run_dir: Path
    out: Path


def draw(folder: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    for number, name in enumerate(CLASSES):
        (folder / name).mkdir(parents=True)
        for index in range(110):
            pixels = rng.integers(0, 30, (28, 28), dtype=np.uint8)
            pixels[8 : 12 + 8 * number, 6 : 20 - 8 * number] = 220
            Image.fromarray(pixels).save(folder / name / f"{index}.png")


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Published:
    root = tmp_path_factory.mktemp("home") / "alice-secret"
    pictures, run_dir, out = root / FOLDER, root / "runs" / "r", root / "out"
    for seed, part in enumerate(("train", "test")):
        draw(pictures / part, seed)
    dataset = f"folder:{pictures}"
    model = run_dir / "generator.onnx"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(root / "cache"))
        patch.setattr(socket, "gethostname", lambda: "host-secret")
        commands = (
            (train, "--preset", "quickstart", "--dataset", dataset, "--image-size", "28", "--images", "64",
             "--batch-size", "32", "--g-width", "8", "--d-width", "8", "--export-every", "32", "--sample-every", "32",
             "--tracker", "tensorboard", "--run-dir", run_dir),
            (classifier, "--dataset", dataset, "--image-size", "28", "--epochs", "1", "--out", out / "c.safetensors"),
            (score, run_dir, "--count", "100", "--features", out / "c.safetensors", "--json", out / "one.json"),
            (compare, run_dir, out / "one.json", "--out", out / "compare.html", "--json", out / "compare.json"),
        )  # fmt: skip
        for module, *arguments in commands:
            assert module.main([str(each) for each in arguments]) == 0, module
        assert export([str(run_dir)]) == 0
        assert score.main([str(model), "--dataset", dataset, "--count", "100", "--features",
                           str(out / "c.safetensors"), "--json", str(out / "two.json"), "--embed"]) == 0  # fmt: skip
        for to in ("images.npz", "images"):
            assert sample.main([str(model), "--count", "4", "--out", str(out / to)]) == 0
        assert sample.main([str(model), "--count", "4", "--format", "idx", "--out", str(out / "idx")]) == 0
        assert gallery.main([str(run_dir), "--out", str(out)]) == 0
        generator = open_generator(model)
        shown = Subject(Opened(1, model, generator.info, "", "", sha256(model)), ViewState(cells=2))
        for name, each in FORMATS.items():
            if each.available:
                short = Animation(frames_per_second=30, seconds_per_keyframe=0.1, keyframes=2)
                save(shown, ExportSpec(name, animation=short), out / f"picture.{name}", lambda *_: None)
    window = run("-m", "viewer", model, "--screenshot", out / "window.png", HOME=str(root), USER="alice-secret")
    assert window.returncode == 0, window.stderr
    return Published(pictures, run_dir, out)


def contents(name: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield a file, and what lies compressed in it."""
    yield name, data
    if data.startswith((b"\x89PNG", b"GIF8", b"RIFF")):
        with Image.open(io.BytesIO(data)) as picture:
            picture.load()
            yield f"{name}: texts", repr(picture.info).encode()
    elif data.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for member in archive.namelist():
                yield f"{name}: {member}", archive.read(member)
    elif data.startswith(b"\x1f\x8b"):
        yield f"{name}: unpacked", gzip.decompress(data)


def test_what_leaves_the_machine_names_neither_path_nor_host(published: Published) -> None:
    files = [path for folder in (published.run_dir, published.out) for path in folder.rglob("*") if path.is_file()]
    assert {path.suffix for path in files} >= {
        ".html", ".json", ".jsonl", ".safetensors", ".onnx", ".png", ".npz", ".gif", ".svg", ".webp", ".md"
    }  # fmt: skip
    leaks = {
        name
        for path in files
        for name, content in contents(path.relative_to(published.run_dir.parents[1]).as_posix(), path.read_bytes())
        if any(secret in content for secret in SECRETS)
    }
    assert leaks == {"runs/r/config.json"}
    # TensorBoard itself puts the host into the names of its files.
    assert [path for path in files if "host-secret" in path.name and "tracker" not in path.parts] == []


def test_the_folder_is_named(published: Published) -> None:
    expected = f"folder:{FOLDER}"
    provenance = open_generator(published.run_dir / "generator.onnx").info.provenance
    facts = json.loads((published.out / "one.json").read_text())
    record = json.loads((published.run_dir / "config.json").read_text())
    assert provenance["dataset"] == facts["dataset"] == facts["features"] == expected
    assert record["config"]["dataset"] == f"folder:{published.pictures}"
    assert provenance["data_sha256"] == record["data_sha256"]


class Page(HTMLParser):
    """The kinds of elements of a page, and its text."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.kinds: set[str] = set()
        self.text = ""
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.kinds.add(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def test_names_are_literal_on_pages_and_in_svg(published: Published) -> None:
    report, comparison = Page(published.run_dir / "report.html"), Page(published.out / "compare.html")
    for page in (report, comparison):
        assert FOLDER in page.text
        assert "i" not in page.kinds
    assert all(name in report.text for name in CLASSES)
    assert html.escape(CLASSES[0]) in (published.run_dir / "report.html").read_text(encoding="utf-8")
    ElementTree.parse(published.out / "picture.svg")  # noqa: S314 - our own


def test_a_moved_folder_is_searched_for_copies(
    published: Published, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "moved"
    other.symlink_to(published.pictures)
    features = ("--count", "100", "--features", str(published.out / "c.safetensors"))
    for subject in (published.run_dir, published.run_dir / "generator.onnx"):
        kept = (published.run_dir / "scores.json").read_bytes()
        assert score.main([str(subject), "--dataset", f"folder:{other}", *features]) == 0
        assert "Copies were not looked for" not in capsys.readouterr().out, subject
        (published.run_dir / "scores.json").write_bytes(kept)
    draw(tmp_path / "other" / "train", 7)
    draw(tmp_path / "other" / "test", 8)
    assert score.main([str(published.run_dir / "generator.onnx"), "--dataset", f"folder:{tmp_path / 'other'}",
                       *features]) == 0  # fmt: skip
    assert "Copies were not looked for: that needs test images" in capsys.readouterr().out


def test_a_file_does_not_know_where_its_folder_is(published: Published, capsys: pytest.CaptureFixture[str]) -> None:
    assert score.main([str(published.run_dir / "generator.onnx"), "--count", "100"]) == 2
    said = capsys.readouterr().err
    assert f"was trained on {FOLDER!r}" in said
    assert "--dataset folder:PATH" in said
