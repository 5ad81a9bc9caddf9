from __future__ import annotations

from pathlib import Path

import pytest

from digitforge import places
from digitforge.errors import DataError


@pytest.fixture(autouse=True)
def no_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DIGITFORGE_CACHE", raising=False)


def test_without_a_home_the_variable_that_moves_the_cache_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_home(_: Path) -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "expanduser", no_home)
    with pytest.raises(DataError, match="set the environment variable DIGITFORGE_CACHE to a folder"):
        places.cache_folder()


@pytest.mark.parametrize(
    ("system", "variable", "expected"),
    [
        ("linux", None, "HOME/.cache/digitforge"),
        ("linux", ("XDG_CACHE_HOME", "/elsewhere"), "/elsewhere/digitforge"),
        ("darwin", None, "HOME/Library/Caches/digitforge"),
        ("win32", ("LOCALAPPDATA", "/local"), "/local/digitforge/digitforge/Cache"),
    ],
)
def test_the_cache_is_where_each_system_has_it(
    monkeypatch: pytest.MonkeyPatch, system: str, variable: tuple[str, str] | None, expected: str
) -> None:
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", "/home/ada")
    monkeypatch.setattr("sys.platform", system)
    if variable is not None:
        monkeypatch.setenv(*variable)
    assert places.cache_folder() == Path(expected.replace("HOME", "/home/ada"))


def test_the_places_are_searched_in_this_order(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DIGITFORGE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("DIGITFORGE_DATA", str(tmp_path / "data"))
    assert list(places.roots(tmp_path)) == [tmp_path, tmp_path / "data", tmp_path / "cache"]
    monkeypatch.delenv("DIGITFORGE_DATA")
    assert list(places.roots(None)) == [tmp_path / "cache"]
