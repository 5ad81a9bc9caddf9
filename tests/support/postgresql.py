"""A PostgreSQL server of its own for a test, as Debian's package `postgresql` installs it."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

FOLDERS = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
DRIVER = next((name for name in ("psycopg", "psycopg2") if find_spec(name)), "")
MISSING = (
    "needs a PostgreSQL server: apt-get install postgresql"
    if not FOLDERS
    else ""
    if DRIVER
    else "needs a driver of PostgreSQL: pip install 'psycopg[binary]'"
)
"""Why there can be no server; empty if there can."""


class Server:
    """A running server, which only this machine reaches, through a socket in its folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._user = ["runuser", "-u", _unprivileged(), "--"] if os.getuid() == 0 else []
        if os.getuid() == 0:
            shutil.chown(folder, _unprivileged())
        self._run("initdb", "-A", "trust", "-U", "digitforge", "-N", "-D", str(folder / "data"))

    @property
    def address(self) -> str:
        """Return the address for Optuna."""
        return f"postgresql+{DRIVER}://digitforge@/postgres?host={self.folder}"

    def start(self) -> None:
        options = f"-c listen_addresses= -c unix_socket_directories={self.folder} -c fsync=off"
        self._run(
            "pg_ctl", "-D", str(self.folder / "data"), "-l", str(self.folder / "log"), "-o", options, "-w", "start"
        )

    def stop(self) -> None:
        """Stop the server and end all connections, in the middle of whatever they do."""
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-m", "fast", "-w", "stop")

    def _run(self, program: str, *arguments: str) -> None:
        command = [*self._user, str(FOLDERS[0] / program), *arguments]
        done = subprocess.run(command, cwd=self.folder, check=False, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def postgresql() -> Iterator[Server]:
    """Start a server in a temporary folder; the server refuses to run as root."""
    with tempfile.TemporaryDirectory(prefix="digitforge-postgresql-") as folder:
        Path(folder).chmod(0o755)
        server = Server(Path(folder))
        server.start()
        try:
            yield server
        finally:
            server.stop()


def _unprivileged() -> str:
    names = {each.pw_name for each in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"
