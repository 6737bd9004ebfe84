"""Programs for children of a sandbox, each of which misbehaves in its own way."""

import os
import resource
import socket
import time
from collections.abc import Callable
from typing import BinaryIO


def perform(argument: str, source: BinaryIO, target: BinaryIO) -> int:
    """Do what `argument` names."""
    return _DEEDS[argument](source, target) or 0


def _copy(source: BinaryIO, target: BinaryIO) -> None:
    target.write(source.read())


def _leave(source: BinaryIO, target: BinaryIO) -> int:
    return 42


def _fail(source: BinaryIO, target: BinaryIO) -> None:
    raise ValueError("broken")


def _load_late(source: BinaryIO, target: BinaryIO) -> None:
    import wave  # noqa: F401 - too late is the point


def _compute(source: BinaryIO, target: BinaryIO) -> None:
    while True:
        pass


def _sleep(source: BinaryIO, target: BinaryIO) -> None:
    time.sleep(600)


def _eat(source: BinaryIO, target: BinaryIO) -> None:
    bytearray(600 * 1024 * 1024)


def _abort(source: BinaryIO, target: BinaryIO) -> None:
    os.abort()


def _flood(source: BinaryIO, target: BinaryIO) -> None:
    while True:
        target.write(bytes(1024 * 1024))
        target.flush()


def _environment(source: BinaryIO, target: BinaryIO) -> None:
    target.write(repr(sorted(set(os.environ) - {"LC_CTYPE"})).encode())


def _reach_out(source: BinaryIO, target: BinaryIO) -> None:
    """Write which doors are open."""
    for name, attempt in _DOORS.items():
        try:
            attempt()
        except (OSError, MemoryError, ValueError):
            continue
        target.write(f"{name} ".encode())


_DOORS: dict[str, Callable[[], object]] = {
    "file": lambda: open("/etc/passwd"),  # noqa: PTH123, SIM115
    "new-file": lambda: os.open("/tmp/grown", os.O_CREAT | os.O_WRONLY),  # noqa: S108
    "socket": lambda: socket.socket(),
    "pipe": os.pipe,
    "memory": lambda: bytearray(600 * 1024 * 1024),
    "time": lambda: resource.setrlimit(resource.RLIMIT_CPU, (60, resource.RLIM_INFINITY)),
}

_DEEDS: dict[str, Callable[[BinaryIO, BinaryIO], int | None]] = {
    "abort": _abort,
    "compute": _compute,
    "copy": _copy,
    "eat": _eat,
    "environment": _environment,
    "fail": _fail,
    "flood": _flood,
    "leave": _leave,
    "load late": _load_late,
    "reach out": _reach_out,
    "sleep": _sleep,
}
