"""Count the CPUs that this process may use."""

from __future__ import annotations

import os
from pathlib import Path

QUOTA = Path("/sys/fs/cgroup/cpu.max")
"""File with the CPU limit of a container: "quota period" in microseconds, or "max period" without a limit."""


def usable_cpus() -> int:
    """Return the number of CPUs that this process may use, by its affinity and its container's quota; at least 1."""
    cpus = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = QUOTA.read_text().split()
        return max(1, min(cpus, int(quota) // int(period)))
    except (OSError, ValueError, ZeroDivisionError):  # no container, or no limit
        return cpus
