"""Memory of the running process."""

from __future__ import annotations

import psutil


def resident_mib() -> float:
    """Return this process's resident memory, MiB.

    It grows for longer than allocations do, because glibc keeps freed memory in an arena for each thread.
    """
    return float(psutil.Process().memory_info().rss) / 2**20
