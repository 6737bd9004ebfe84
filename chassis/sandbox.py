"""Have a child process do what a stranger's file may turn against us.

A file is read by a child that can do little and dies young (see `chassis.confined`). Whatever the
file does to its child, here it ends in an exit status. Few children live at the same time, and few
jobs wait for one: a flood of files makes callers wait or go, and never this process.
"""

import asyncio
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import BinaryIO, TypeVar

from chassis import confined
from chassis.errors import Overloaded

_CONFINED = Path(confined.__file__)
_SIGXCPU, _SIGKILL, _SIGALRM = -24, -9, -14
_BUSY_SECONDS = 1.0

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one child may use."""

    memory_bytes: int = 512 * 1024 * 1024
    """Of address space, with all the libraries in it."""
    cpu_seconds: int = 10
    wall_seconds: float = 20.0
    """More than its CPU time, for a machine that is busy."""
    output_bytes: int = 1024 * 1024
    open_files: int = 3
    """Those it is started with; more only for a program that must open files of its own."""


class End(Enum):
    """How a child ended."""

    DONE = "done"
    REFUSED = "refused"
    """By its own decision; `Ended.status` says which."""
    TIMED_OUT = "timed out"
    """It has used up its time of the processor."""
    TOO_SLOW = "too slow"
    """Its time is over, which the machine may have spent elsewhere."""
    OUT_OF_MEMORY = "out of memory"
    CRASHED = "crashed"


@dataclass(frozen=True, slots=True)
class Ended:
    """A child that is gone: how, and the file it has written, rewound."""

    end: End
    status: int
    output: BinaryIO


class Sandbox:
    """Starts children, so many at a time; the next wait in a short line."""

    def __init__(self, *, children: int = 2, line: int = 16, patience: float = 5.0) -> None:
        """Let `line` jobs wait, each at most `patience` seconds."""
        self._turns = asyncio.Semaphore(children)
        self._line = line
        self._patience = patience
        self._waiting = 0
        self._threads = ThreadPoolExecutor(2 * children, thread_name_prefix="sandbox")

    @property
    def busy(self) -> bool:
        """Whether a job would have to wait."""
        return self._turns.locked()

    @asynccontextmanager
    async def run(
        self, module: str, argument: str, source: BinaryIO, limits: Limits
    ) -> AsyncIterator[Ended]:
        """Have a child `perform` a module's job on a file; the output lasts as long as the block.

        Raises Overloaded when the line is full, or when it was not its turn in time.
        """
        with tempfile.TemporaryFile(prefix="sandbox-") as output:
            await self._take_turn()
            try:
                command = _command(module, argument, limits)
                status = await self._run(command, source, output, limits.wall_seconds)
            finally:
                self._turns.release()
            output.seek(0)
            yield Ended(_end(status), status, output)

    async def _take_turn(self) -> None:
        if self._waiting >= self._line:
            raise _full()
        self._waiting += 1
        try:
            async with asyncio.timeout(self._patience):
                await self._turns.acquire()
        except TimeoutError:
            raise _full() from None
        finally:
            self._waiting -= 1

    async def _run(
        self, command: list[str], source: BinaryIO, output: BinaryIO, seconds: float
    ) -> int:
        """Return the exit status of a child, which is gone then; negative is a signal."""
        child = await self._started(command, source, output)
        try:
            async with asyncio.timeout(seconds):
                return await self._in_thread(child.wait)
        except TimeoutError:
            return _SIGALRM
        finally:
            # Ends the wait above as well, should it still last.
            child.kill()
            await asyncio.shield(self._in_thread(child.wait))

    async def _started(
        self, command: list[str], source: BinaryIO, output: BinaryIO
    ) -> subprocess.Popen[bytes]:
        """Start a child without environment, by a thread.

        By subprocess and not by the loop, whose way to fork runs the handlers of gRPC in the child.
        """

        def start() -> subprocess.Popen[bytes]:
            return subprocess.Popen(  # noqa: S603 - our own program, no shell
                command, stdin=source, stdout=output, stderr=subprocess.DEVNULL, cwd="/", env={}
            )

        starting = self._in_thread(start)
        try:
            return await asyncio.shield(starting)
        except asyncio.CancelledError:
            starting.add_done_callback(_kill)
            raise

    def _in_thread(self, work: Callable[[], T]) -> asyncio.Future[T]:
        return asyncio.get_running_loop().run_in_executor(self._threads, work)


def _kill(started: asyncio.Future[subprocess.Popen[bytes]]) -> None:
    if started.exception() is None:
        started.result().kill()


def _command(module: str, argument: str, limits: Limits) -> list[str]:
    numbers = (
        limits.memory_bytes,
        limits.cpu_seconds,
        max(1, round(limits.wall_seconds)),
        limits.output_bytes,
        limits.open_files,
    )
    told = ",".join(map(str, numbers))
    return [sys.executable, "-I", str(_CONFINED), told, module, argument]


def _end(status: int) -> End:
    if status == 0:
        return End.DONE
    if status == _SIGXCPU:
        return End.TIMED_OUT
    if status == _SIGALRM:
        return End.TOO_SLOW
    if status in (confined.OUT_OF_MEMORY, _SIGKILL):
        # Nobody but the system kills it otherwise, when memory runs short.
        return End.OUT_OF_MEMORY
    return End.REFUSED if status > 0 else End.CRASHED


def _full() -> Overloaded:
    return Overloaded(
        "OVERLOADED", "too many files are being opened at the moment", retry_after=_BUSY_SECONDS
    )
