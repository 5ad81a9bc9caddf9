"""Download data sets with torchvision."""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable
from http.client import HTTPException

DOWNLOAD_TIMEOUT_S = 20.0


def download(work: Callable[[], None]) -> bool:
    """Return whether `work`, which downloads with torchvision, succeeded. Raises OSError if the disk is full."""
    timeout = socket.getdefaulttimeout()
    socket.setdefaulttimeout(DOWNLOAD_TIMEOUT_S)  # torchvision sets none, so a silent network would hang
    try:
        work()
    except (OSError, RuntimeError, HTTPException) as error:
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            raise
        return False
    finally:
        socket.setdefaulttimeout(timeout)
    return True
