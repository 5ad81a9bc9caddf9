"""What onnxruntime can run on here, and, where CUDA does not come, why not and what to do.

`look` gathers facts and `explain` draws conclusions from them, so that each can be tested without its machine.
"""

from __future__ import annotations

import ctypes
import os
import platform
import re
import sys
from contextlib import redirect_stdout
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from io import StringIO
from pathlib import Path

import onnxruntime

CPU, CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"
INSTALL_GPU = '`pip uninstall onnxruntime onnxruntime-gpu`, then `pip install "digitforge[gpu]"`'
WITHOUT_CUDA = "onnxruntime-gpu exists for Linux on x86-64 and for Windows"


@dataclass(frozen=True)
class Facts:
    """What was found on this machine."""

    system: str
    """As sys.platform: "linux", "win32", "darwin"."""
    machine: str
    """As platform.machine: "x86_64", "aarch64"."""
    packages: dict[str, str]
    """Version of each installed distribution of onnxruntime, by name."""
    providers: tuple[str, ...]
    """That this onnxruntime was built with."""
    visible_devices: str | None
    """CUDA_VISIBLE_DEVICES, None where it is not set."""
    driver: str
    """CUDA version that the NVIDIA driver supports, "" where there is no driver."""
    devices: int
    """Of NVIDIA, that the driver shows."""
    needs_cuda: str
    """CUDA version that this onnxruntime was built for, "" where it is none."""
    missing: str
    """Why the library of the CUDA provider does not load, "" where it does or does not exist."""


@dataclass(frozen=True)
class Finding:
    """Whether CUDA can run, and if not, why."""

    runs: bool
    reason: str
    """One sentence; "" where it runs."""
    fix: str
    """What to do; "" where nothing can be done or has to be."""
    broken: bool = False
    """Something is installed or connected that ought to work and does not; merely having no GPU is not broken."""

    @property
    def sentence(self) -> str:
        """Reason and fix; "" where CUDA runs."""
        return f"{self.reason} To mend it: {self.fix}." if self.fix else self.reason


def look() -> Facts:
    """The facts about this machine and this environment."""
    packages = {}
    for name in ("onnxruntime", "onnxruntime-gpu", "onnxruntime-directml", "onnxruntime-openvino"):
        try:
            packages[name] = version(name)
        except PackageNotFoundError:
            continue
    providers = tuple(onnxruntime.get_available_providers())
    driver, devices = _driver()
    return Facts(
        system=sys.platform,
        machine=platform.machine(),
        packages=packages,
        providers=providers,
        visible_devices=os.environ.get("CUDA_VISIBLE_DEVICES"),
        driver=driver,
        devices=devices,
        needs_cuda=str(getattr(onnxruntime, "cuda_version", "") or ""),
        missing=_missing_library() if CUDA in providers else "",
    )


def explain(facts: Facts) -> Finding:
    """Whether CUDA can run, and if not, the first thing that stands in its way."""

    def no(reason: str, fix: str = "", broken: bool = False) -> Finding:
        return Finding(False, reason, fix, broken)

    if len(facts.packages) > 1:
        both = " and ".join(facts.packages)
        fix = INSTALL_GPU if "onnxruntime-gpu" in facts.packages else "uninstall both and install one of them"
        return no(f"{both} are installed in one environment and break each other.", fix, broken=True)
    has_wheels = facts.system == "win32" or (facts.system == "linux" and facts.machine in ("x86_64", "AMD64"))
    if CUDA not in facts.providers:
        if not has_wheels:
            return no(f"CUDA cannot run here: {WITHOUT_CUDA}.")
        if not facts.devices:
            return no("There is no NVIDIA GPU that can be used, and the installed onnxruntime is for CPUs.")
        return no("There is an NVIDIA GPU, but the installed onnxruntime is for CPUs.", INSTALL_GPU)
    if facts.visible_devices is not None and facts.visible_devices.strip() in ("", "-1"):
        return no("CUDA_VISIBLE_DEVICES hides every GPU.", "unset CUDA_VISIBLE_DEVICES")
    if not facts.driver:
        return no("There is no NVIDIA driver.", "install the driver if there is an NVIDIA GPU")
    if not facts.devices:
        return no("The NVIDIA driver shows no GPU.", "look at `nvidia-smi`", broken=True)
    if facts.needs_cuda and _number(facts.driver) < _number(facts.needs_cuda)[:1]:
        return no(
            f"The NVIDIA driver supports CUDA {facts.driver}, and this onnxruntime needs {facts.needs_cuda}.",
            "install a newer driver",
            broken=True,
        )
    if facts.missing:
        library = re.match(r"([\w.+-]+\.(?:so[\d.]*|dll))", facts.missing)
        what = f"The library {library[1]} is missing" if library else f"Its library does not load ({facts.missing})"
        return no(f"{what}, which CUDA needs in onnxruntime.", '`pip install "digitforge[gpu]"` brings it', broken=True)
    return Finding(True, "", "")


def preload() -> None:
    """Load the CUDA libraries that pip installed, where this onnxruntime wants some; silently, for `explain` tells."""
    with redirect_stdout(StringIO()):
        onnxruntime.preload_dlls()


def _driver() -> tuple[str, int]:
    """CUDA version that the driver supports, "" without one, and the number of its devices."""
    try:
        driver = ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return "", 0
    number, count = ctypes.c_int(0), ctypes.c_int(0)
    driver.cuDriverGetVersion(ctypes.byref(number))
    supported = f"{number.value // 1000}.{number.value % 1000 // 10}"
    if driver.cuInit(0) != 0 or driver.cuDeviceGetCount(ctypes.byref(count)) != 0:
        return supported, 0
    return supported, count.value


def _missing_library() -> str:
    """What the system says when the CUDA provider's own library is loaded, "" where that works."""
    preload()
    name = "onnxruntime_providers_cuda.dll" if sys.platform == "win32" else "libonnxruntime_providers_cuda.so"
    folder = Path(onnxruntime.__file__).parent / "capi"
    try:
        # It leaves symbols to this one, which onnxruntime has loaded by then.
        ctypes.CDLL(str(folder / name.replace("cuda", "shared")), mode=ctypes.RTLD_GLOBAL)
        ctypes.CDLL(str(folder / name))
    except OSError as error:
        return str(error)
    return ""


def _number(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text)[:2])
