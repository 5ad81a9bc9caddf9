"""Settings between sessions, and damaged files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from viewer.core.files.settings import LARGEST_FILE, MOST_RECENT, Settings, load, save
from viewer.core.picture.look import Look


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    settings = Settings("light", "AdnQ", ("/a/b.onnx",), Look(colour_map="ice", invert=True), hint=False)
    assert save(settings, tmp_path / "new" / "settings.json") == ""
    assert load(tmp_path / "new" / "settings.json") == (settings, "")


def test_without_a_file_there_are_defaults_and_no_message(tmp_path: Path) -> None:
    assert load(tmp_path / "settings.json") == (Settings(), "")
    assert Settings().hint


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b'{"theme": "pink"}',
        b'{"theme": 3}',
        b'{"recent": ["' + b'a","' * 20 + b'"]}',
        b'{"what": 1}',
        b'{"look": {"smoothing": 99.0}}',
        b"[" * 5000,
        b" " * (LARGEST_FILE + 1),
    ],
)
def test_a_damaged_file_is_a_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "settings.json"
    path.write_bytes(content)
    settings, sentence = load(path)
    assert settings == Settings()
    assert str(path) in sentence
    assert sentence.endswith(".")
    assert "\n" not in sentence


def test_a_file_that_cannot_be_read_or_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "settings.json").mkdir()
    assert "could not be read" in load(tmp_path / "settings.json")[1]
    assert "could not be written" in save(Settings(), tmp_path / "settings.json")


def test_recent_generators_are_unique_and_the_last_one_comes_first(tmp_path: Path) -> None:
    settings = Settings()
    for number in [*range(MOST_RECENT + 3), 5]:
        settings = settings.with_recent(tmp_path / f"{number}.onnx")
    names = [Path(one).stem for one in settings.recent]
    assert names == ["5", "10", "9", "8", "7", "6", "4", "3"]


@pytest.mark.parametrize("name", ["x" * 500, "sur\udcffrogate", "line\nbreak"])
def test_a_name_that_could_not_be_loaded_again_is_not_remembered(tmp_path: Path, name: str) -> None:
    settings = Settings().with_recent(tmp_path / name)
    assert settings == Settings()
    json.dumps(settings.recent)
