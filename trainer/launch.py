"""The processes of a launch: refused where they would train apart, and given their share of the machine."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, NoReturn, TypeVar, cast

import torch
from accelerate import Accelerator
from accelerate.utils import DistributedDataParallelKwargs, InitProcessGroupKwargs, gather_object
from torch.distributed.distributed_c10d import PrefixStore, Store
from torch.distributed.rendezvous import register_rendezvous_handler, rendezvous

from digitforge.cpus import usable_cpus
from digitforge.errors import ConfigError, DigitforgeError, RunError, sentence
from trainer.config import TrainConfig

Result = TypeVar("Result")

MULTI_GPU = "accelerate launch --config_file accelerate_config.yaml --multi_gpu --num_processes N trainer/train.py"


def start(config: TrainConfig) -> Accelerator:
    """Join this launch's processes. Raises RunError or ConfigError for a launch that would not train as one."""
    world = int(os.environ.get("WORLD_SIZE", "1"))
    launched = "ACCELERATE_MIXED_PRECISION" in os.environ
    if launched and "MASTER_ADDR" in os.environ and "WORLD_SIZE" not in os.environ:
        # What the launcher leaves behind when it was asked for several processes but takes the one-process road.
        raise RunError(
            f"Several processes were asked for, but only one was started: launch with `{MULTI_GPU}` "
            "(on a CPU with ACCELERATE_USE_CPU=true before it)."
        )
    accelerator = Accelerator(
        mixed_precision="bf16" if _wants_bf16(config) else "no",
        # BatchNorm in a discriminator that is called twice a step breaks where its buffers are broadcast.
        kwargs_handlers=[
            DistributedDataParallelKwargs(broadcast_buffers=False),
            # The others wait for the first process of a machine, which may download, decode or read for long.
            InitProcessGroupKwargs(init_method="attempt://", timeout=timedelta(hours=2)),
        ],
    )
    if accelerator.num_processes != world:
        raise RunError(
            f"The launcher started {world} processes, but they cannot see each other and would train apart: "
            "put ACCELERATE_USE_CPU=true before the command on a machine without GPUs."
        )
    # Without it, cuDNN may add up a gradient in another order each time, and resuming would not be to the bit.
    torch.backends.cudnn.deterministic = True
    # The launcher leaves one thread to each process; share the cores instead. (Beside GPUs, scores need them.)
    local = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    torch.set_num_threads(config.threads or max(1, usable_cpus() // local))
    return accelerator


def together(work: Callable[[], Result]) -> Result:
    """Do `work` on every process; where it fails on one, all fail with that one's sentence and none waits for it."""
    problem, result = "", None
    try:
        result = work()
    except (DigitforgeError, OSError) as error:
        problem = sentence(error)
    for each in gather_object([problem]):
        if each:
            raise RunError(each)
    return cast(Result, result)


def one_first(accelerator: Accelerator, work: Callable[[], Result]) -> Result:
    """`together`, but one process of each machine begins alone, as it may download or compute what the others find."""
    first = together(lambda: work() if accelerator.is_local_main_process else None)
    return together(lambda: first or work())


def out_of_memory(error: Exception) -> bool:
    """Whether `error` says that the device, or this machine, has no memory left."""
    said = ("t allocate memory", "CUDA error: out of memory", "ALLOC_FAILED")  # the CPU, the driver, cuBLAS and cuDNN
    return isinstance(error, (MemoryError, torch.OutOfMemoryError)) or any(part in str(error) for part in said)


def lost_another(error: Exception) -> bool:
    """Whether `error` says that another process ended or cannot be reached any more."""
    return isinstance(error, torch.distributed.DistError) or "gloo/transport" in str(error)


def leave(status: int) -> NoReturn:
    """End this process with `status`.

    Beside others it skips the interpreter's own end, during which a thread of gloo that still holds the tensors of the
    last exchange aborts the process (pytorch#179291): one launch of two processes in eight would end with an error.
    """
    if "WORLD_SIZE" in os.environ:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
    sys.exit(status)


def facts(accelerator: Accelerator) -> dict[str, Any]:
    """What the bits of a run depend on besides its settings and data."""
    return {
        "processes": accelerator.num_processes,
        "device": accelerator.device.type,
        "arithmetic": accelerator.mixed_precision.replace("no", "fp32"),
        "threads": torch.get_num_threads() if accelerator.device.type == "cpu" else 0,
        "torch": str(torch.__version__),
    }


def require_same(value: str, what: str) -> None:
    """Raise RunError where `value` differs between the processes."""
    if len(set(gather_object([value]))) > 1:
        raise RunError(f"The processes have different {what}: give every machine the same.")


def idle_gpus(accelerator: Accelerator) -> str:
    """A sentence where GPUs stand idle beside a one-process launch, else empty."""
    count = torch.cuda.device_count()
    if accelerator.device.type == "cuda" and accelerator.num_processes == 1 and count > 1:
        return f"{count - 1} of {count} GPUs stand idle; to use them all: {MULTI_GPU.replace(' N ', f' {count} ')}"
    return ""


def _meet(_: str, **settings: Any) -> Iterator[tuple[Store, int, int]]:
    """As env://, but a launcher's restart (--max_restarts) finds no addresses of the processes before it."""
    for store, rank, world in rendezvous("env://", **settings):
        yield PrefixStore(f"attempt {os.environ.get('TORCHELASTIC_RESTART_COUNT', 0)}", store), rank, world


register_rendezvous_handler("attempt", _meet)


def _wants_bf16(config: TrainConfig) -> bool:
    asked = os.environ.get("ACCELERATE_MIXED_PRECISION", "no")
    if asked not in ("no", "bf16"):
        raise ConfigError(f"Mixed precision {asked!r} is not supported: launch with --mixed_precision bf16, or none.")
    if config.precision != "auto":
        return config.precision == "bf16"
    if asked == "bf16":
        return True
    if torch.cuda.is_available() and os.environ.get("ACCELERATE_USE_CPU", "false").lower() != "true":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    capabilities = torch.cpu.get_capabilities()
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_tile"))
