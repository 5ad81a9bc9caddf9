"""Explanations of failed file operations."""

from __future__ import annotations

import errno

from digitforge.errors import error_message, explain, explain_read

DENIED = PermissionError(errno.EACCES, "Permission denied", "data.bin")


def test_the_advice_fits_what_failed() -> None:
    assert explain(DENIED) == "permission denied; choose another place."
    assert explain_read(DENIED) == "permission denied; check its permissions."
    assert explain_read(FileNotFoundError(errno.ENOENT, "No such file or directory")) == "no such file or directory."


def test_an_unexplained_failure_gets_advice_that_is_true_for_reading_and_writing() -> None:
    assert error_message(DENIED) == "data.bin: permission denied; check its permissions."
    full = OSError(errno.ENOSPC, "No space left on device")
    assert error_message(full) == "no space left on device; free some space and try again."
