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

CPU, CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"
UNINSTALL = "`pip uninstall onnxruntime onnxruntime-gpu`"
INSTALL_GPU = f'{UNINSTALL}, then `pip install ".[gpu]"` in the folder of digitforge'
INSTALL_EITHER = f'{UNINSTALL}, then `pip install ".[cpu]"` or `pip install ".[gpu]"` in the folder of digitforge'
BRINGS_IT = '`pip install ".[gpu]"` in the folder of digitforge brings it'
WITHOUT_CUDA = "onnxruntime-gpu exists for Linux on x86-64 and for Windows"
NO_DEVICE = 100
"""What the driver answers where it works and there is no GPU (CUDA_ERROR_NO_DEVICE)."""
"""Where Linux says how much of its CPUs a container may use."""


@dataclass(frozen=True)
class Facts:
    """What was found on this machine."""

    system: str
    """As sys.platform: "linux", "win32", "darwin"."""
    machine: str
    """As platform.machine: "x86_64", "aarch64"."""
    packages: dict[str, str]
    """Version of each installed distribution of onnxruntime, by name."""
    version: str
    """Of the onnxruntime that is imported, "" where none can be."""
    providers: tuple[str, ...]
    """That this onnxruntime was built with; none where it cannot be imported."""
    visible_devices: str | None
    """CUDA_VISIBLE_DEVICES, None where it is not set."""
    driver: str
    """CUDA version that the NVIDIA driver supports, "" where there is no driver."""
    driver_error: int
    """What the driver answers when it is started, 0 where that works."""
    gpus: tuple[str, ...]
    """Names of those that the driver shows."""
    needs_cuda: str
    """CUDA version that this onnxruntime was built for, "" where it is none."""
    missing: str
    """Why a library of the CUDA provider does not load, "" where all do or there is no such provider."""


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
    running, needs_cuda, providers = "", "", ()
    try:  # of two packages in one folder, each takes files of the other along when it is uninstalled
        import onnxruntime

        providers = tuple(onnxruntime.get_available_providers())
        running, needs_cuda = onnxruntime.__version__, getattr(onnxruntime, "cuda_version", "")
    except (ImportError, AttributeError):
        pass
    driver, driver_error, gpus = _driver()
    return Facts(
        system=sys.platform,
        machine=platform.machine(),
        packages=packages,
        version=running,
        providers=providers,
        visible_devices=os.environ.get("CUDA_VISIBLE_DEVICES"),
        driver=driver,
        driver_error=driver_error,
        gpus=gpus,
        needs_cuda=needs_cuda or "",
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
    if CPU not in facts.providers:
        return no("There is no onnxruntime in this environment, or only a part of one.", INSTALL_EITHER, broken=True)
    has_wheels = facts.system == "win32" or (facts.system == "linux" and facts.machine in ("x86_64", "AMD64"))
    if CUDA not in facts.providers:
        if not has_wheels:
            return no(f"CUDA cannot run here: {WITHOUT_CUDA}.")
        if not facts.gpus:
            return no("There is no NVIDIA GPU that can be used, and the installed onnxruntime is for CPUs.")
        return no("There is an NVIDIA GPU, but the installed onnxruntime is for CPUs.", INSTALL_GPU)
    if facts.visible_devices is not None and facts.visible_devices.strip() in ("", "-1"):
        return no("CUDA_VISIBLE_DEVICES hides every GPU.", "unset CUDA_VISIBLE_DEVICES")
    if not facts.driver:
        return no("There is no NVIDIA driver.", "install the driver if there is an NVIDIA GPU")
    if facts.driver_error not in (0, NO_DEVICE):
        reason = f"The NVIDIA driver does not start (CUDA error {facts.driver_error})."
        return no(reason, "restart the computer, then look at `nvidia-smi`", broken=True)
    if not facts.gpus and facts.visible_devices is not None:
        reason = f"CUDA_VISIBLE_DEVICES is {facts.visible_devices!r}, which names no GPU here."
        return no(reason, "unset CUDA_VISIBLE_DEVICES")
    if not facts.gpus:
        return no("The NVIDIA driver shows no GPU.", "look at `nvidia-smi` if there is one")
    if facts.needs_cuda and _number(facts.driver) < _number(facts.needs_cuda)[:1]:
        return no(
            f"The NVIDIA driver supports CUDA {facts.driver}, and this onnxruntime needs {facts.needs_cuda}.",
            "install a newer driver",
            broken=True,
        )
    if facts.missing:
        library = re.match(r"([\w.+-]+): cannot open shared object file", facts.missing)
        what = f"The library {library[1]} is missing" if library else f"Its library does not load ({facts.missing})"
        return no(f"{what}, which CUDA needs in onnxruntime.", BRINGS_IT, broken=True)
    return Finding(True, "", "")


def preload() -> None:
    """Load the CUDA libraries that pip installed, where this onnxruntime wants some; silently, for `explain` tells."""
    import onnxruntime

    with redirect_stdout(StringIO()):
        onnxruntime.preload_dlls()


def _driver() -> tuple[str, int, tuple[str, ...]]:
    """CUDA version that the driver supports, "" without one; what it answers; names of its GPUs."""
    try:
        driver = ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return "", 0, ()
    number, count = ctypes.c_int(0), ctypes.c_int(0)
    driver.cuDriverGetVersion(ctypes.byref(number))
    supported = f"{number.value // 1000}.{number.value % 1000 // 10}"
    error = driver.cuInit(0) or driver.cuDeviceGetCount(ctypes.byref(count))
    gpus, name = [], ctypes.create_string_buffer(100)
    for gpu in range(0 if error else count.value):
        driver.cuDeviceGetName(name, len(name), gpu)
        gpus.append(name.value.decode(errors="replace"))
    return supported, error, tuple(gpus)


def _missing_library() -> str:
    """What the system says when the CUDA provider's own library and cuDNN are loaded, "" where that works."""
    import onnxruntime

    preload()
    name, cudnn = "libonnxruntime_providers_cuda.so", "libcudnn.so.9"
    if sys.platform == "win32":
        name, cudnn = "onnxruntime_providers_cuda.dll", "cudnn64_9.dll"
    folder = Path(onnxruntime.__file__).parent / "capi"
    try:
        # It leaves symbols to this one, which onnxruntime has loaded by then.
        ctypes.CDLL(str(folder / name.replace("cuda", "shared")), mode=ctypes.RTLD_GLOBAL)
        ctypes.CDLL(str(folder / name))
        ctypes.CDLL(cudnn)  # onnxruntime looks for it only when it meets a convolution
    except OSError as error:
        return str(error)
    return ""


def _number(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text)[:2])
