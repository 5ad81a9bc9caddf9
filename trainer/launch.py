"""The processes of a launch: start them, make them fail together, and end them."""

from __future__ import annotations

import hashlib
import inspect
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import torch
from accelerate import Accelerator
from accelerate.utils import DistributedDataParallelKwargs, InitProcessGroupKwargs, gather_object
from torch.distributed.distributed_c10d import PrefixStore, Store
from torch.distributed.rendezvous import register_rendezvous_handler, rendezvous

from digitforge.cpus import usable_cpus
from digitforge.errors import ConfigError, DigitforgeError, RunError, error_message
from trainer import schedulers
from trainer.config import TrainConfig
from trainer.interrupts import STOP_SIGNALS, in_main_thread

Result = TypeVar("Result")

MULTI_GPU = "accelerate launch --config_file accelerate_config.yaml --multi_gpu --num_processes N trainer/train.py"

LAUNCH_VARIABLES = ("WORLD_SIZE", "RANK", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT")
"""The variables that each process of a launch of several gets from its launcher."""

UNSUPPORTED = {
    "ACCELERATE_USE_FSDP": "FSDP",
    "ACCELERATE_USE_DEEPSPEED": "DeepSpeed",
    "ACCELERATE_USE_MEGATRON_LM": "Megatron-LM",
    "ACCELERATE_USE_PARALLELISM_CONFIG": "a parallelism configuration",
}
"""What the trainer does not support, by Accelerate's variable."""

SECONDS_BEFORE_WAITING_IS_SAID = 10


class _DdpSettings(DistributedDataParallelKwargs):  # type: ignore[misc]
    """How DDP wraps both networks."""

    def to_kwargs(self) -> dict[str, Any]:
        """Return the arguments for DDP: no synchronised buffers, by the name that this version of torch has for it."""
        known = inspect.signature(torch.nn.parallel.DistributedDataParallel).parameters
        buffers = "forward_sync_buffers" if "forward_sync_buffers" in known else "broadcast_buffers"
        # Gradients are parts of what is exchanged, so that they need not be copied there and back.
        return {buffers: False, "gradient_as_bucket_view": True}


def start(config: TrainConfig, timeout: float = schedulers.TIMEOUT_S) -> Accelerator:
    """Join the processes of this launch, and set the number of CPU threads and the arithmetic.

    timeout: seconds that a process waits for the others before it gives up.
    Raises RunError if the processes would not train as one, ConfigError for a configuration of Accelerate that the
    trainer does not support.
    """
    _drop_empty_variables()
    schedulers.join_tasks(os.environ, MULTI_GPU)
    _refuse_unsupported()
    world = _number_of_processes()
    if world > 1:
        os.environ.setdefault("OMP_NUM_THREADS", str(_threads()))  # else Accelerate warns that it chooses a number
        if not torch.accelerator.is_available():
            os.environ.setdefault("ACCELERATE_USE_CPU", "true")  # `accelerate launch` sets it, srun and torchrun do not
    if schedulers.LAUNCHED in os.environ and "MASTER_ADDR" in os.environ and "WORLD_SIZE" not in os.environ:
        # The launcher sets this combination if it was given --num_processes but starts a single process.
        raise RunError(
            f"Several processes were requested, but only one was started: launch with `{MULTI_GPU}` "
            "(on a CPU, put ACCELERATE_USE_CPU=true before it)."
        )
    try:
        with _waiting_for_the_others(world):
            accelerator = Accelerator(
                mixed_precision="bf16" if _wants_bf16(config) else "no",
                kwargs_handlers=[
                    InitProcessGroupKwargs(init_method="attempt://", timeout=timedelta(seconds=timeout)),
                ],
            )
    except torch.distributed.DistNetworkError as error:
        if "EADDRINUSE" not in str(error):
            raise
        raise RunError(
            f"Port {os.environ['MASTER_PORT']} is used by another program: choose another one with MASTER_PORT, or "
            "with the launcher's --main_process_port."
        ) from error
    except (ImportError, ValueError) as error:  # Accelerate's and torch's errors about their variables
        raise ConfigError(f"Accelerate cannot use its configuration: {error}") from error
    if accelerator.num_processes != world:
        raise RunError(
            f"The launcher started {world} processes, but they are not connected and would train separately: "
            "on a machine without GPUs, put ACCELERATE_USE_CPU=true before the command."
        )
    _require_device(accelerator.device)
    # Broadcasting buffers breaks BatchNorm in a discriminator that is called twice per step (torch#175024).
    accelerator.ddp_handler = _DdpSettings()
    # Otherwise cuDNN may sum a gradient in a different order each time, and resuming would not be bit-exact.
    torch.backends.cudnn.deterministic = True
    # The launcher gives each process one thread. Share the cores instead: scores need them even beside GPUs.
    torch.set_num_threads(config.threads or _threads())
    return accelerator


@contextmanager
def fail_together() -> Iterator[None]:
    """Run the block on every process; if it fails on one, raise RunError with that process's message on all of them.

    No process is left waiting for one that has failed. All processes must enter the block, and it must not contain
    another exchange between them: a process that fails would not take part in it.
    """
    problem = ""
    try:
        yield
    except (DigitforgeError, OSError) as error:
        problem = error_message(error)
    for message in gather_object([problem]):
        if message:
            raise RunError(message)


def first_process_first(accelerator: Accelerator, work: Callable[[], Result]) -> Result:
    """Return `work()`, which one process of each machine runs before the others, so that they find its downloads.

    If it fails on one process, all raise RunError (see `fail_together`).
    """
    with fail_together():
        if accelerator.is_local_main_process:
            result = work()
    with fail_together():
        if not accelerator.is_local_main_process:
            result = work()
    return result


def out_of_memory(error: Exception) -> bool:
    """Whether `error` means that the device or this machine is out of memory."""
    messages = ("t allocate memory", "CUDA error: out of memory", "ALLOC_FAILED")  # CPU; driver; cuBLAS and cuDNN
    return isinstance(error, (MemoryError, torch.OutOfMemoryError)) or any(part in str(error) for part in messages)


def lost_another(error: Exception) -> bool:
    """Whether `error` means that another process has ended or can no longer be reached."""
    return isinstance(error, torch.distributed.DistError) or "gloo/transport" in str(error)


def leave(status: int) -> NoReturn:
    """End this process with the exit status `status`.

    In a launch of several processes this skips the interpreter's shutdown, during which a gloo thread that still holds
    the tensors of the last exchange can abort the process (pytorch#179291): one launch in eight ended with an error.
    """
    if os.environ.get("WORLD_SIZE"):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
    sys.exit(status)


def facts(accelerator: Accelerator) -> dict[str, Any]:
    """Return what the bits of a run depend on besides its settings and data, as JSON values."""
    return {
        "processes": accelerator.num_processes,
        "device": accelerator.device.type,
        "arithmetic": accelerator.mixed_precision.replace("no", "fp32"),
        "threads": torch.get_num_threads() if accelerator.device.type == "cpu" else 0,
        "torch": str(torch.__version__),
    }


def require_same(value: str, what: str, is_hash: bool = False) -> None:
    """Raise RunError if `value` differs between the processes.

    what: names it in the message. is_hash: whether the message shows the value of each machine.
    """
    machines = dict.fromkeys(gather_object([(socket.gethostname(), value)]))
    if len({value for _, value in machines}) > 1:
        shown = ", ".join(f"{value[:12]} on {machine}" for machine, value in machines)
        hashes = f" (SHA-256 {shown})" if is_hash else ""
        raise RunError(f"The processes have different {what}{hashes}: use the same on every machine.")


def code_sha256() -> str:
    """Return the hash of the code that trains: the trainer, what it shares, and the version of torch."""
    digest = hashlib.sha256(str(torch.__version__).encode())
    root = Path(__file__).resolve().parents[1]
    for path in sorted(path for package in ("digitforge", "trainer") for path in (root / package).rglob("*.py")):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def idle_gpus(accelerator: Accelerator) -> str:
    """Return a message if this launch of one process leaves GPUs unused, else an empty string."""
    count = torch.cuda.device_count()
    if accelerator.device.type == "cuda" and accelerator.num_processes == 1 and count > 1:
        return f"{count - 1} of {count} GPUs are unused. To use them all: {MULTI_GPU.replace(' N ', f' {count} ')}"
    return ""


def _drop_empty_variables() -> None:
    """Remove empty variables of the launchers: Accelerate and torch would fail to convert them."""
    for name in [name for name, value in os.environ.items() if not value]:
        if name.startswith("ACCELERATE_") or name in LAUNCH_VARIABLES:
            del os.environ[name]


def _number_of_processes() -> int:
    """Return the number of processes of this launch. Raises ConfigError if its variables make no sense."""
    value = os.environ.get("WORLD_SIZE", "1")
    if not value.isdecimal() or int(value) < 1:
        raise ConfigError(f"WORLD_SIZE={value} is not a number of processes: unset it, or launch with `{MULTI_GPU}`.")
    if int(value) > 1 and (missing := [name for name in LAUNCH_VARIABLES if name not in os.environ]):
        raise ConfigError(f"WORLD_SIZE={value} is set without {', '.join(missing)}: launch with `{MULTI_GPU}`.")
    return int(value)


def _refuse_unsupported() -> None:
    """Raise ConfigError for a setting of Accelerate that the trainer does not support."""
    backend = os.environ.get("ACCELERATE_DYNAMO_BACKEND", "no").lower()
    if backend != "no":
        raise ConfigError(
            f"Accelerate's --dynamo_backend {backend} is not supported: launch with --dynamo_backend no or "
            "--config_file accelerate_config.yaml. The trainer compiles with --compile true."
        )
    try:
        torch.device(os.environ.get("ACCELERATE_TORCH_DEVICE", "cpu"))
    except RuntimeError as error:
        raise ConfigError(f"ACCELERATE_TORCH_DEVICE does not name a device: {error}.") from None
    for variable, name in UNSUPPORTED.items():
        if os.environ.get(variable, "false").lower() not in ("false", "0", "no", "off", "f", "n"):
            raise ConfigError(
                f"Accelerate's configuration uses {name}, which is not supported: launch with "
                "--config_file accelerate_config.yaml, and with --multi_gpu for several GPUs."
            )
    if (steps := os.environ.get("ACCELERATE_GRADIENT_ACCUMULATION_STEPS", "1")) != "1":
        raise ConfigError(
            f"Accelerate's gradient_accumulation_steps {steps} is not supported: use the trainer's --accumulation."
        )


@contextmanager
def _waiting_for_the_others(world: int) -> Iterator[None]:
    """Let signals end this process at once inside the block, and say what it waits for if that takes long.

    Python's signal handlers do not run while torch waits for the other processes.
    """
    if world == 1 or not in_main_thread():
        yield
        return
    where = f"{os.environ['MASTER_ADDR']}:{os.environ['MASTER_PORT']}"
    message = f"Waiting for the other processes of this launch ({world} in all) at {where}. Has every machine started?"
    timer = threading.Timer(SECONDS_BEFORE_WAITING_IS_SAID, print, [message], {"file": sys.stderr, "flush": True})
    timer.daemon = True
    timer.start()
    before = {number: signal.signal(number, signal.SIG_DFL) for number in (signal.SIGINT, *STOP_SIGNALS)}
    try:
        yield
    finally:
        timer.cancel()
        for number, handler in before.items():
            signal.signal(number, handler)


def _threads() -> int:
    """Return this process's share of the CPUs, or what Slurm has reserved for each task if that is less."""
    shared = usable_cpus() // int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    reserved = os.environ.get("SLURM_CPUS_PER_TASK", "")
    return max(1, min(usable_cpus(), int(reserved)) if reserved.isdecimal() else shared)


def _require_device(device: torch.device) -> None:
    """Raise ConfigError if the device cannot be used: no driver, no such number, or one that torch has no code for."""
    try:
        torch.zeros(1, device=device).add_(1).item()
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        if out_of_memory(error):
            raise
        raise ConfigError(
            f"The device {device} cannot be used ({str(error).partition(chr(10))[0]}): put ACCELERATE_USE_CPU=true "
            "before the command to train without it."
        ) from error


def _meet(_: str, **settings: Any) -> Iterator[tuple[Store, int, int]]:
    """Rendezvous like env://, with separate keys for each of the launcher's restarts (--max_restarts).

    Otherwise a restarted process would read the addresses of the processes before it.
    """
    for store, rank, world in rendezvous("env://", **settings):
        yield PrefixStore(f"attempt {os.environ.get('TORCHELASTIC_RESTART_COUNT', 0)}", store), rank, world


register_rendezvous_handler("attempt", _meet)


def _wants_bf16(config: TrainConfig) -> bool:
    launched = os.environ.get("ACCELERATE_MIXED_PRECISION", "no")
    if launched not in ("no", "bf16"):
        raise ConfigError(f"Mixed precision {launched!r} is not supported: use --mixed_precision bf16 or no.")
    if config.precision != "auto":
        return config.precision == "bf16"
    if launched == "bf16":
        return True
    if torch.cuda.is_available() and os.environ.get("ACCELERATE_USE_CPU", "false").lower() != "true":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    capabilities = torch.cpu.get_capabilities()
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_tile"))
