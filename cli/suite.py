"""Start and stop a whole suite: the bus, the simulator and every service.

Either all in this process and one event loop, each service with its own gRPC server (small and
quick, for a laptop), or each part as a process of its own, as in production.
"""

from __future__ import annotations

import asyncio
import fcntl
import importlib
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import AsyncIterator, Collection, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from http import HTTPStatus
from pathlib import Path

from cli.children import die_with_parent
from cli.environment import Ports, development
from cli.nats_server import NatsServer

# In the order they start: whoever is called stands before its callers, the edge comes last.
PARTS = {
    "simulator": "simulator",
    "crm": "services.crm",
    "voice": "services.voice",
    "messaging": "services.messaging",
    "fax": "services.fax",
    "gateway": "services.gateway",
}
_STOP_DEADLINE = 15.0  # seconds for a process to end in good order
_READY_DEADLINE = 30.0  # seconds for a process to become ready
_READY_INTERVAL = 0.1  # seconds between two looks


class FolderError(Exception):
    """The folder for the data cannot be had; the message says why."""


@contextmanager
def claimed(folder: Path) -> Iterator[None]:
    """Keep the folder to this process for the block; raises FolderError.

    Two suites on the same data would each undo what the other does. The claim ends with the
    process, however it ends.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        claim = (folder / "claim").open("w")
    except OSError as error:
        raise FolderError(f"{folder}: {error.strerror}") from None
    with claim:
        try:
            fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FolderError(
                f"{folder} is in use by another suite; --data takes another"
            ) from None
        yield


@asynccontextmanager
async def bus(folder: Path, ports: Ports) -> AsyncIterator[NatsServer]:
    """Run a durable nats-server for the block, its store in `folder`, its streams in place.

    Services may start in any order and wait for the gateway to make the streams; here nobody
    has to.
    """
    from chassis import jetstream
    from chassis.streams import ensure_streams

    server = NatsServer(folder / "nats", port=ports.nats, monitor_port=ports.nats_monitor)
    server.start()
    try:
        async with jetstream.bus(server.url, name="up") as opened:
            await ensure_streams(opened)
        yield server
    finally:
        server.stop()


@asynccontextmanager
async def running(folder: Path, ports: Ports, *, processes: bool = False) -> AsyncIterator[None]:
    """Run the bus and every part for the block, all data in `folder`."""
    environ = development(folder, ports)
    async with bus(folder, ports):
        if processes:
            async with as_processes(environ, folder, ports.ready_urls()):
                yield
        else:
            async with in_one_process(environ):
                yield


@asynccontextmanager
async def in_one_process(environ: Mapping[str, str]) -> AsyncIterator[None]:
    """Run every part in this event loop for the block; shutdown is startup reversed."""
    from chassis.settings import load

    async with AsyncExitStack() as stack:
        for name, module in PARTS.items():
            app = importlib.import_module(f"{module}.app")
            settings = importlib.import_module(f"{module}.settings").Settings
            # The simulator stands on the other side of the wire, without our chassis.
            read = settings.from_environment(environ) if name == "simulator" else None
            await stack.enter_async_context(app.running(read or load(settings, environ)))
        yield


class Process:
    """One part as a child process, which can be killed and started again on the same data."""

    def __init__(self, name: str, environ: Mapping[str, str], log: Path) -> None:
        """Prepare the part called `name`; nothing runs before `start`."""
        self.name = name
        self._environ = {**os.environ, **environ}
        self.log = log
        self._child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the process; it is up when its ports answer."""
        with self.log.open("ab") as log:
            self._child = subprocess.Popen(  # noqa: S603 - our own modules
                [sys.executable, "-m", PARTS[self.name]],
                env=self._environ,
                stdout=log,
                stderr=log,
                preexec_fn=die_with_parent(),
                process_group=0,
            )

    def status(self) -> int | None:
        """Return the exit status, or None while the process runs."""
        return None if self._child is None else self._child.poll()

    def kill(self) -> None:
        """Kill the process with -9 and wait for its end."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Ask the process to end in good order and wait; kill it when it does not."""
        self._end(signal.SIGTERM)

    def _end(self, number: int) -> None:
        if self._child is None:
            return
        self._child.send_signal(number)
        try:
            self._child.wait(_STOP_DEADLINE)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        self._child = None


@asynccontextmanager
async def as_processes(
    environ: Mapping[str, str],
    folder: Path,
    ready_urls: Mapping[str, str],
    only: Collection[str] = PARTS,
) -> AsyncIterator[dict[str, Process]]:
    """Run parts as processes of their own for the block; their output goes to `folder`/*.log.

    Enters the block when every part is ready; raises RuntimeError when one is not, or ends.
    """
    parts = [name for name in PARTS if name in only]
    processes = {name: Process(name, environ, folder / f"{name}.log") for name in parts}
    try:
        for process in processes.values():
            process.start()
        for name, url in ready_urls.items():
            if name in processes:
                await until_ready(processes[name], url)
        yield processes
    finally:
        for process in reversed(processes.values()):
            await asyncio.to_thread(process.stop)


async def until_ready(process: Process, url: str) -> None:
    """Wait until the page answers 200; RuntimeError when the process ends or takes too long."""
    deadline = time.monotonic() + _READY_DEADLINE
    while not await asyncio.to_thread(_answers, url):
        if process.status() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"{process.name} did not become ready; its log: {process.log}")
        await asyncio.sleep(_READY_INTERVAL)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=_READY_INTERVAL * 10) as reply:  # noqa: S310
            return bool(reply.status == HTTPStatus.OK)
    except OSError:
        return False
