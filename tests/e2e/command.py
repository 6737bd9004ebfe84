"""The `switchhook` command as a process of its own: start it, read it, end it, look for remains."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from cli.children import die_with_parent
from simulator.client import Control
from tests.support.eventually import eventually

ROOT = Path(__file__).parents[2]
START_SECONDS = 60
"""How long a suite may take to come up on a machine that has other things to do."""
STOP_SECONDS = 30


@dataclass(frozen=True)
class Child:
    """A process by its id and its start, so that an id used again is not taken for it."""

    pid: int
    started: str

    @property
    def alive(self) -> bool:
        """Whether it still runs; one that only waits to be reaped does not."""
        facts = _facts(self.pid)
        return facts is not None and facts[19] == self.started and facts[0] != "Z"


class Command:
    """A command under way, its output in files."""

    def __init__(self, folder: Path, *arguments: str, **environment: str) -> None:
        """Start `switchhook` with these arguments; nothing of our own environment reaches it."""
        folder.mkdir(parents=True, exist_ok=True)
        self._output, self._errors = folder / "output", folder / "errors"
        with self._output.open("wb") as output, self._errors.open("wb") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "cli", *arguments],
                cwd=ROOT,
                env=_environment() | environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=errors,
                preexec_fn=die_with_parent(),
            )

    @property
    def output(self) -> str:
        """What it has written to standard output."""
        return self._output.read_text()

    @property
    def errors(self) -> str:
        """What it has written to standard error."""
        return self._errors.read_text()

    def children(self) -> list[Child]:
        """Return the processes it has started, and those that they have started."""
        return _descendants(self.process.pid)

    async def printed(self, pattern: str, *, seconds: float = START_SECONDS) -> re.Match[str]:
        """Wait until the output matches; an AssertionError shows all of it."""

        def look() -> re.Match[str]:
            match = re.search(pattern, self.output)
            assert match or self.process.poll() is None, f"ended:\n{self.output}{self.errors}"
            assert match, f"no {pattern!r} in:\n{self.output}{self.errors}"
            return match

        return await eventually(look, timeout=seconds)

    async def status(self, *, seconds: float = STOP_SECONDS) -> int:
        """Wait for the end and return the exit status."""
        await eventually(lambda: self.process.poll() is not None, timeout=seconds)
        return self.process.returncode

    async def end(self, number: signal.Signals) -> int:
        """Send a signal, wait for the end and return the exit status."""
        self.process.send_signal(number)
        return await self.status()

    def clear_away(self) -> None:
        """Make sure that it runs no longer."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


class Up(Command):
    """`switchhook up` on free ports of its own."""

    def __init__(self, folder: Path, *arguments: str, **environment: str) -> None:
        """Start it with its data in `folder`; it is up when `addresses` says where."""
        self.data = folder / "data"
        given = ("up", "--free-ports", "--data", str(self.data), *arguments)
        super().__init__(folder, *given, **environment)
        self.ports: Mapping[str, int] = {}

    async def addresses(self) -> None:
        """Wait for the addresses it prints and remember them in `ports`."""
        await self.printed(r"simulate --help\n")
        (services,) = re.findall(r"gRPC +(.*)", self.output)
        found = re.findall(r"(\w+) (\d+)", services)
        found += re.findall(r"(simulator|webhooks|nats|metrics) +\w+://[\d.]+:(\d+)", self.output)
        self.ports = {name: int(port) for name, port in found}

    @property
    def control(self) -> Control:
        """The simulator's control API; it blocks."""
        return Control(f"http://127.0.0.1:{self.ports['simulator']}")


@asynccontextmanager
async def up(folder: Path, *arguments: str, **environment: str) -> AsyncIterator[Up]:
    """Run `switchhook up` for the block, which it may end itself."""
    command = Up(folder, *arguments, **environment)
    try:
        await command.addresses()
        yield command
    finally:
        command.clear_away()


def _environment() -> dict[str, str]:
    ours = ("SWITCHHOOK_", "TELNYX_")
    kept = {name: text for name, text in os.environ.items() if not name.startswith(ours)}
    return kept | {"PYTHONUNBUFFERED": "1"}


def _descendants(pid: int) -> list[Child]:
    parents = {int(each.name): _facts(int(each.name)) for each in Path("/proc").glob("[0-9]*")}
    found: list[Child] = []
    wanted = [pid]
    while wanted:
        parent = str(wanted.pop())
        for child, facts in parents.items():
            if facts is not None and facts[1] == parent:
                found.append(Child(child, facts[19]))
                wanted.append(child)
    return found


def _facts(pid: int) -> list[str] | None:
    """Return /proc/<pid>/stat from the state on: state 0, parent 1, start time 19; see proc(5)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
