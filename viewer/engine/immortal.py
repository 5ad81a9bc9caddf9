"""A guard against Qt wheels that were made for a newer Python."""

from __future__ import annotations

import ctypes
import sys
from functools import cache


@cache
def keep_singletons_alive() -> None:
    """Make None, True, False and NotImplemented immortal, as Python 3.12 and later do by themselves.

    The wheels of PySide6 6.12.0 were compiled as if they were immortal and also install on Python 3.11: there every
    call that returns None takes one reference too many, and some thousand calls later, within a minute of a walk,
    the process aborts ("deallocating None").
    """
    if sys.version_info < (3, 12) and sys.implementation.name == "cpython":
        for singleton in (None, True, False, NotImplemented):
            # An object begins with its reference count.
            ctypes.c_ssize_t.from_address(id(singleton)).value += 2**40
