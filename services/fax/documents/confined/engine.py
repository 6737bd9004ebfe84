"""Become the recognition engine: without power, but for its own files."""

import os
from typing import BinaryIO

_ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
# One thread: its limit of time is one of processor time, and it may start no other process.
_ENVIRONMENT["OMP_THREAD_LIMIT"] = "1"


def perform(argument: str, source: BinaryIO, target: BinaryIO) -> int:
    """Let the engine at this path read a picture and write text; returns only by raising."""
    del source, target
    # "1" finds the columns of a page and which way up it lies.
    os.execve(argument, [argument, "stdin", "stdout", "--psm", "1"], _ENVIRONMENT)  # noqa: S606
