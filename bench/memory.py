"""Memory of the running process."""

from __future__ import annotations

import psutil


def resident_mib() -> float:
    """Memory of this process that is in RAM, MiB.

    It grows longer than what is allocated: glibc keeps what was freed in an arena for each thread there has been.
    """
    return float(psutil.Process().memory_info().rss) / 2**20
