"""Find out whether onnxruntime can use CUDA here and, if not, why not and what to do.

`look` gathers facts and `explain` draws conclusions from them, so that every conclusion can be tested on any machine.
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
INSTALL_GPU_LIBRARIES = '`pip install ".[gpu]"` in the folder of digitforge'
WITHOUT_CUDA = "onnxruntime-gpu exists for Linux on x86-64 and for Windows"
NO_DEVICE = 100
"""The driver's answer if it works and there is no GPU (CUDA_ERROR_NO_DEVICE)."""


@dataclass(frozen=True)
class Facts:
    """Facts about this machine and environment."""

    system: str
    """The value of sys.platform: "linux", "win32", "darwin"."""
    machine: str
    """The value of platform.machine: "x86_64", "aarch64"."""
    packages: dict[str, str]
    """Version of each installed distribution of onnxruntime, by name."""
    version: str
    """Version of the onnxruntime that is imported; "" if none can be imported."""
    providers: tuple[str, ...]
    """Providers that this onnxruntime was built with; none if it cannot be imported."""
    visible_devices: str | None
    """Value of CUDA_VISIBLE_DEVICES; None if it is not set."""
    driver: str
    """CUDA version that the NVIDIA driver supports; "" if there is no driver."""
    driver_error: int
    """Error code of the driver when it is initialised; 0 if that works."""
    gpus: tuple[str, ...]
    """Names of the GPUs that the driver shows."""
    needs_cuda: str
    """CUDA version that this onnxruntime was built for; "" if it was built without CUDA."""
    missing: str
    """Why a library of the CUDA provider does not load; "" if all load or there is no such provider."""


@dataclass(frozen=True)
class Finding:
    """Whether CUDA can run and, if not, why not."""

    runs: bool
    reason: str
    """Why CUDA does not run, as a sentence; "" if it runs."""
    fix: str
    """What to do; "" if there is nothing to do."""
    broken: bool = False
    """Whether something is installed or connected that should work and does not. Having no GPU is not broken."""

    @property
    def sentence(self) -> str:
        """Reason and fix as one text; "" if CUDA runs."""
        return f"{self.reason} To fix it: {self.fix}." if self.fix else self.reason


def look() -> Facts:
    """Gather the facts about this machine and environment."""
    packages = {}
    for name in ("onnxruntime", "onnxruntime-gpu", "onnxruntime-directml", "onnxruntime-openvino"):
        try:
            packages[name] = version(name)
        except PackageNotFoundError:
            continue
    running, needs_cuda, providers = "", "", ()
    try:  # an import may fail halfway: two packages share a folder, and uninstalling one removes files of the other
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
    """Return whether CUDA can run and, if not, the first obstacle."""

    def no(reason: str, fix: str = "", broken: bool = False) -> Finding:
        return Finding(False, reason, fix, broken)

    if len(facts.packages) > 1:
        both = " and ".join(facts.packages)
        fix = INSTALL_GPU if "onnxruntime-gpu" in facts.packages else "uninstall both and install one of them"
        return no(f"{both} are installed in one environment and break each other.", fix, broken=True)
    if CPU not in facts.providers:
        return no("onnxruntime is missing in this environment, or incomplete.", INSTALL_EITHER, broken=True)
    has_wheels = facts.system == "win32" or (facts.system == "linux" and facts.machine in ("x86_64", "AMD64"))
    if CUDA not in facts.providers:
        if not has_wheels:
            return no(f"CUDA cannot run here: {WITHOUT_CUDA}.")
        if not facts.gpus:
            return no("There is no usable NVIDIA GPU, and the installed onnxruntime is for CPUs.")
        return no("There is an NVIDIA GPU, but the installed onnxruntime is for CPUs.", INSTALL_GPU)
    if facts.visible_devices is not None and facts.visible_devices.strip() in ("", "-1"):
        return no("CUDA_VISIBLE_DEVICES hides every GPU.", "unset CUDA_VISIBLE_DEVICES")
    if not facts.driver:
        return no("There is no NVIDIA driver.", "install the driver if there is an NVIDIA GPU")
    if facts.driver_error not in (0, NO_DEVICE):
        reason = f"The NVIDIA driver does not start (CUDA error {facts.driver_error})."
        return no(reason, "restart the computer, then check `nvidia-smi`", broken=True)
    if not facts.gpus and facts.visible_devices is not None:
        reason = f"CUDA_VISIBLE_DEVICES is {facts.visible_devices!r}, which names no GPU here."
        return no(reason, "unset CUDA_VISIBLE_DEVICES")
    if not facts.gpus:
        return no("The NVIDIA driver shows no GPU.", "check `nvidia-smi` if there is one")
    if facts.needs_cuda and _number(facts.driver) < _number(facts.needs_cuda)[:1]:
        return no(
            f"The NVIDIA driver supports CUDA {facts.driver}, and this onnxruntime needs {facts.needs_cuda}.",
            "install a newer driver",
            broken=True,
        )
    if facts.missing:
        library = re.match(r"([\w.+-]+): cannot open shared object file", facts.missing)
        problem = f"{library[1]} is missing" if library else f"a library does not load ({facts.missing})"
        return no(f"onnxruntime cannot use CUDA: {problem}.", INSTALL_GPU_LIBRARIES, broken=True)
    return Finding(True, "", "")


def preload() -> None:
    """Load the CUDA libraries that pip installed, without printing what fails; `explain` reports that."""
    import onnxruntime

    with redirect_stdout(StringIO()):
        onnxruntime.preload_dlls()


def _driver() -> tuple[str, int, tuple[str, ...]]:
    """Return the CUDA version that the driver supports ("" without a driver), its error code, and its GPUs' names."""
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
    """Return the system's error when the CUDA provider's library and cuDNN are loaded; "" if that works."""
    import onnxruntime

    preload()
    name, cudnn = "libonnxruntime_providers_cuda.so", "libcudnn.so.9"
    if sys.platform == "win32":
        name, cudnn = "onnxruntime_providers_cuda.dll", "cudnn64_9.dll"
    folder = Path(onnxruntime.__file__).parent / "capi"
    try:
        # The provider's library needs symbols of this one, which onnxruntime loads first.
        ctypes.CDLL(str(folder / name.replace("cuda", "shared")), mode=ctypes.RTLD_GLOBAL)
        ctypes.CDLL(str(folder / name))
        ctypes.CDLL(cudnn)  # onnxruntime loads it only when it runs a convolution
    except OSError as error:
        return str(error)
    return ""


def _number(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text)[:2])
