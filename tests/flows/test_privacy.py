"""Nothing leaves the machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODEL = Path("viewer", "models", "digits.onnx")
COMMANDS: dict[str, tuple[str | Path, ...]] = {
    "sample": ("-m", "export.sample", MODEL, "--count", "2", "--out", "images.npz"),
    "doctor": ("-m", "export.doctor", MODEL),
    "window": ("-m", "viewer", MODEL, "--screenshot", "window.png"),
    "library": ("-c", "import digitforge; digitforge.open().sample(1)"),
}


def run(command: str, folder: Path, *tracer: str) -> None:
    """Run the command with its files and its home in `folder`, without what this process's imports have set."""
    arguments = [
        str(folder / each) if str(each).endswith((".npz", ".png")) else str(each) for each in COMMANDS[command]
    ]
    environment = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"}
    home = {"HOME": str(folder), "XDG_CACHE_HOME": str(folder / "cache")}
    subprocess.run(
        [*tracer, sys.executable, *arguments], cwd=ROOT, env=environment | home, check=True, capture_output=True
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_onnxruntime_stores_no_device_id(tmp_path: Path, command: str) -> None:
    run(command, tmp_path)
    stored = [path for path in tmp_path.rglob("*") if "Microsoft" in path.parts or "onnxruntime" in path.name]
    assert stored == [], "onnxruntime's telemetry is on"


@pytest.mark.skipif(not shutil.which("strace"), reason="needs Debian's strace")
@pytest.mark.parametrize(("command", "connects"), [*dict.fromkeys(COMMANDS, False).items(), ("control", True)])
def test_no_command_opens_a_connection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str, connects: bool
) -> None:
    # The control shows that the trace sees a connection: a datagram socket that sends nothing, to a reserved address.
    control = "import socket; socket.socket(type=socket.SOCK_DGRAM).connect(('192.0.2.1', 9))"
    monkeypatch.setitem(COMMANDS, "control", ("-c", control))
    trace = tmp_path / "trace"
    run(command, tmp_path, "strace", "-f", "-qq", "-e", "trace=connect,sendto", "-o", str(trace))
    outward = [line for line in trace.read_text().splitlines() if "AF_INET" in line and "127.0.0.1" not in line]
    assert bool(outward) == connects, outward
