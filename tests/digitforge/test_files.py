from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from digitforge import files
from digitforge.errors import CannotWrite
from digitforge.files import is_lfs_pointer, user_path, write_bytes


def test_a_file_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    path.write_bytes(b"before")
    write_bytes(path, b"after")
    assert path.read_bytes() == b"after"
    assert list(tmp_path.iterdir()) == [path]


def test_a_new_file_has_ordinary_permissions(tmp_path: Path) -> None:
    write_bytes(tmp_path / "picture.png", b"")
    (tmp_path / "ordinary").touch()
    assert (tmp_path / "picture.png").stat().st_mode == (tmp_path / "ordinary").stat().st_mode


def test_a_full_disk_leaves_the_existing_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "picture.png"
    path.write_bytes(b"before")

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CannotWrite, match="could not be written: no space left on device"):
        write_bytes(path, b"after")
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_in_place_of_a_folder_is_explained(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CannotWrite, match="could not be written: file exists"):
        write_bytes(tmp_path / "file" / "picture.png", b"")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs a pipe with a name")
def test_a_pipe_or_device_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    with pytest.raises(CannotWrite, match="not an ordinary file"):
        write_bytes(path, b"")
    assert path.is_fifo()
    assert list(tmp_path.iterdir()) == [path]


def test_a_pointer_of_git_lfs_is_recognised(tmp_path: Path) -> None:
    (tmp_path / "pointer").write_bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 3821213\n")
    (tmp_path / "file").write_bytes(b"\x08\x0a")
    assert is_lfs_pointer(tmp_path / "pointer")
    assert not is_lfs_pointer(tmp_path / "file")
    assert not is_lfs_pointer(tmp_path / "nothing")


def test_a_tilde_is_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert user_path("~/runs/a") == tmp_path / "runs" / "a"
    assert user_path("a~b/~") == Path("a~b/~")
    assert user_path("~nobody-of-this-name/a") == Path("~nobody-of-this-name/a")


def test_every_command_reads_its_paths_so(project: Path) -> None:
    sources = [path for folder in ("export", "trainer", "viewer") for path in (project / folder).rglob("*.py")]
    assert len(sources) > 100
    assert [path.name for path in sources if "type=Path" in path.read_text(encoding="utf-8")] == []


@pytest.fixture
def lying_renames(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every rename succeed and report a failure, as a network may whose answers get lost."""
    real = os.replace

    def replace(source: str | Path, target: str | Path) -> None:
        real(source, target)
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(source))

    monkeypatch.setattr(os, "replace", replace)
    monkeypatch.setattr(os, "rename", replace)


@pytest.mark.usefixtures("lying_renames")
def test_a_rename_that_is_reported_as_failed_has_still_been_made(tmp_path: Path) -> None:
    for content in ("one", "two"):
        files.write_text(tmp_path / "a.txt", content)
        assert (tmp_path / "a.txt").read_text() == content
    (tmp_path / "folder").mkdir()
    files.rename(tmp_path / "folder", tmp_path / "renamed")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.txt", "renamed"]


def test_a_rename_that_failed_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def lose(source: str | Path, target: str | Path) -> None:
        Path(source).unlink()
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    (tmp_path / "b.txt").write_text("before")
    monkeypatch.setattr(os, "replace", lose)
    monkeypatch.setattr("time.sleep", lambda _: None)
    with pytest.raises(CannotWrite, match="input/output error"):
        files.write_text(tmp_path / "b.txt", "after")
    assert (tmp_path / "b.txt").read_text() == "before"
