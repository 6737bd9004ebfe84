"""Whole processes: how they start, are told to stop, and end."""

import asyncio
import signal
import sys
import textwrap
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
BEGIN = """
import asyncio, sys
from contextlib import asynccontextmanager
from dataclasses import dataclass
from chassis import lifecycle, logs, settings
from chassis.lifecycle import background

logs.configure("shop", json=True)

def say(word):
    print(word, flush=True)

async def forever():
    await asyncio.Event().wait()

@asynccontextmanager
async def resource(name):
    say(f"open {name}")
    try:
        yield
    finally:
        await asyncio.sleep(0)
        say(f"close {name}")

@asynccontextmanager
async def running():
"""


class Program:
    """A child process; its standard output is read line by line."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        """Wrap a started process."""
        self._process = process

    async def says(self) -> str:
        """Return the next line it prints."""
        assert self._process.stdout is not None
        async with asyncio.timeout(30):
            return (await self._process.stdout.readline()).decode().strip()

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self._process.send_signal(number)

    async def end(self) -> tuple[int, str, str]:
        """Return its exit status and what else it wrote to standard output and error."""
        async with asyncio.timeout(30):
            out, err = await self._process.communicate()
        assert self._process.returncode is not None
        return self._process.returncode, out.decode(), err.decode()


@asynccontextmanager
async def program(body: str, before: str = "") -> AsyncIterator[Program]:
    """Run a process whose `running` is `body`; it does not outlive the block."""
    running = textwrap.indent(textwrap.dedent(body), "    ")
    source = f"{BEGIN}{running}\n{before}\nlifecycle.run(running)\n"
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", source, stdout=pipe, stderr=pipe, cwd=ROOT
    )
    try:
        yield Program(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


NO_UVLOOP = "sys.modules['uvloop'] = None"


@pytest.mark.parametrize("before", ["", NO_UVLOOP], ids=["uvloop", "asyncio"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_unwinds_everything_in_order(number: signal.Signals, before: str) -> None:
    """SIGTERM and SIGINT close what was opened, last first, and the status is 0."""
    body = """
        async with resource("database"), resource("bus"):
            say(type(asyncio.get_running_loop()).__module__)
            async with background(forever(), name="consumer"):
                say("up")
                yield
    """
    async with program(body, before) as child:
        loop = [await child.says() for _ in range(4)][2]
        assert ("uvloop" in loop) == (before != NO_UVLOOP)
        child.signal(number)
        status, out, err = await child.end()
    assert status == 0, err
    assert out.split("\n") == ["close bus", "close database", ""]
    assert all(word in err for word in ("process.started", "process.stopping", number.name))


@pytest.mark.parametrize(
    "work", ["asyncio.sleep(0.01)", "broken()"], ids=["that returns", "that fails"]
)
async def test_a_dead_loop_ends_the_process_with_a_failure(work: str) -> None:
    """A background task that ends by itself closes everything and the status is 1."""
    body = f"""
        async def broken():
            await asyncio.sleep(0.01)
            raise ValueError("canary of +12025550101")
        async with resource("database"), background({work}, name="consumer"):
            yield
    """
    async with program(body) as child:
        status, out, err = await child.end()
    assert status == 1
    assert out.split("\n") == ["open database", "close database", ""]
    assert '"message":"process.failed"' in err
    assert "consumer ended by itself" in err
    assert "canary" not in err


async def test_a_failing_start_closes_what_was_open() -> None:
    """What opened before the failure is closed, the status is 1, and the reason is told."""
    body = """
        async with resource("database"):
            raise RuntimeError("cannot listen on 127.0.0.1:50051")
            yield
    """
    async with program(body) as child:
        status, out, err = await child.end()
    assert status == 1
    assert out.split("\n") == ["open database", "close database", ""]
    assert "cannot listen on 127.0.0.1:50051" in err


async def test_a_signal_ends_a_start_that_hangs() -> None:
    """A process that waits for something while it starts can be stopped."""
    body = """
        async with resource("database"):
            say("waiting")
            await forever()
            yield
    """
    async with program(body) as child:
        assert [await child.says(), await child.says()] == ["open database", "waiting"]
        child.signal(signal.SIGTERM)
        status, out, err = await child.end()
    assert status == 0, err
    assert out.strip() == "close database"


async def test_a_second_signal_does_not_wait() -> None:
    """A shutdown that hangs is ended by asking again."""
    body = """
        try:
            say("up")
            yield
        finally:
            say("closing")
            await forever()
    """
    async with program(body) as child:
        assert await child.says() == "up"
        child.signal(signal.SIGTERM)
        assert await child.says() == "closing"
        child.signal(signal.SIGTERM)
        status, _, _ = await child.end()
    assert status != 0


async def test_settings_that_cannot_be_used_are_all_listed() -> None:
    """Every fault of the settings is on standard error, without a traceback; the status is 2."""
    body = """
        @dataclass(frozen=True)
        class Settings:
            key: str = settings.setting("SHOP_KEY", help="what opens the till")
            name: str = settings.setting("SHOP_NAME")
        settings.load(Settings, {})
        yield
    """
    async with program(body) as child:
        status, _, err = await child.end()
    assert status == 2
    assert "SHOP_KEY is required: what opens the till" in err
    assert "SHOP_NAME is required" in err
    assert "Traceback" not in err
