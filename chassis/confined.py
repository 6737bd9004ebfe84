"""The child's side of `chassis.sandbox`: give up all power, then do one job.

    python -I confined.py <limits> <module> <argument>

The module is imported first, and whatever it will need with it, because afterwards no file can be
opened. Then its `perform(argument, source, target) -> int` reads what may be made to break what
reads it. Before the first byte is read the process has given up what it could do harm with: memory
and time are limited, no file or socket can be opened, no file can grow past what the answer may
have, and there is no network where the system allows to leave it. It is started with an empty
environment, so there is no secret in it.

This file imports nothing of ours, so that it can be run by its path.
"""

import ctypes
import errno
import importlib
import os
import resource
import signal
import sys
from pathlib import Path

UNREADABLE, OUT_OF_MEMORY, UNPREPARED = 3, 5, 6
"""Exit statuses of any program; a program's own may be any other from 1 to 99. UNPREPARED is a
fault of the program: it had not loaded everything before it could open no more files."""

_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_PR_SET_NO_NEW_PRIVS = 38


def main(limits: str, module: str, argument: str) -> int:
    """Do one job of a module, without power."""
    sys.path.append(str(Path(__file__).resolve().parents[1]))
    program = importlib.import_module(module)
    give_up_power(*map(int, limits.split(",")))
    try:
        status = int(program.perform(argument, sys.stdin.buffer, sys.stdout.buffer))
        sys.stdout.buffer.flush()
    except MemoryError:
        return OUT_OF_MEMORY
    except Exception as error:
        # Decoders raise whatever they like on a broken file.
        unprepared = isinstance(error, OSError) and error.errno == errno.EMFILE
        return UNPREPARED if unprepared else UNREADABLE
    return status


def give_up_power(
    memory_bytes: int, cpu_seconds: int, wall_seconds: int, output_bytes: int, open_files: int = 3
) -> None:
    """Limit this process for good; what was opened before stays open."""
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        # Where this is not permitted, the limit on descriptors below still keeps sockets shut.
        libc.unshare(_CLONE_NEWNET if os.geteuid() == 0 else _CLONE_NEWNET | _CLONE_NEWUSER)
    # Should nobody be left to end this process, the alarm does.
    signal.alarm(wall_seconds + 1)
    for what, limit in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_FSIZE, output_bytes),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_NOFILE, open_files),
    ):
        resource.setrlimit(what, (limit, limit))
    # The soft limit's signal tells a job that ran out of time from one that somebody killed.
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 1))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
