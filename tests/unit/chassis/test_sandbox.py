"""Children that misbehave, and what is left of them."""

import asyncio
import os
import tempfile
from dataclasses import replace

import pytest

from chassis.confined import UNPREPARED, UNREADABLE
from chassis.errors import Overloaded
from chassis.sandbox import End, Limits, Sandbox
from tests.support.eventually import eventually

PROGRAM = "tests.unit.chassis.sandbox_programs"
LIMITS = Limits(cpu_seconds=1, wall_seconds=30)


async def told(
    deed: str, content: bytes = b"", limits: Limits = LIMITS, sandbox: Sandbox | None = None
) -> tuple[End, int, bytes]:
    """Return how a child that does this ends, and what it has written."""
    with tempfile.TemporaryFile() as source:
        source.write(content)
        source.seek(0)
        async with (sandbox or Sandbox()).run(PROGRAM, deed, source, limits) as ended:
            return ended.end, ended.status, ended.output.read()


async def test_a_child_reads_and_writes() -> None:
    """What a child makes of its file comes back."""
    content = os.urandom(200_000)
    assert await told("copy", content) == (End.DONE, 0, content)


@pytest.mark.parametrize(
    ("deed", "end"),
    [
        ("leave", End.REFUSED),
        ("fail", End.REFUSED),
        ("compute", End.TIMED_OUT),
        ("eat", End.OUT_OF_MEMORY),
        ("abort", End.CRASHED),
        ("flood", End.REFUSED),
    ],
)
async def test_every_end_is_told(deed: str, end: End) -> None:
    """Whatever a child does, here it is an end, and nothing else has happened."""
    assert (await told(deed))[0] is end


async def test_a_program_says_why_it_stops() -> None:
    """The exit status is the program's; what it raises means that the file cannot be read."""
    assert (await told("leave"))[1] == 42
    assert (await told("fail"))[1] == UNREADABLE


async def test_a_program_that_loads_too_late_is_told_apart() -> None:
    """A module that could not be loaded any more is a fault of ours and not of the file."""
    assert (await told("load late"))[1] == UNPREPARED


async def test_a_child_that_sleeps_is_woken_for_good() -> None:
    """Time runs out for the child that does nothing as well."""
    end, _, _ = await told("sleep", limits=replace(LIMITS, wall_seconds=0.2))
    assert end is End.TOO_SLOW


async def test_output_has_a_bound() -> None:
    """A child writes no more than it may."""
    _, _, written = await told("flood", limits=replace(LIMITS, output_bytes=300_000))
    assert len(written) <= 300_000


async def test_a_child_has_no_secret_and_no_door() -> None:
    """It has no environment, opens no file and no socket, and cannot widen its limits."""
    assert (await told("environment"))[2] == b"[]"
    allowed = {b"time"} if os.geteuid() == 0 else set()
    assert set((await told("reach out"))[2].split()) <= allowed


async def test_a_full_line_turns_away_and_lets_in_again() -> None:
    """With one child at work and one waiting the next is refused; when they go, there is room."""
    sandbox = Sandbox(children=1, line=1, patience=30.0)
    slow = replace(LIMITS, wall_seconds=600)
    first = asyncio.create_task(told("sleep", limits=slow, sandbox=sandbox))

    async def working() -> bool:
        return sandbox.busy

    await eventually(working)
    second = asyncio.create_task(told("copy", b"x", sandbox=sandbox))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    with pytest.raises(Overloaded):
        await told("copy", sandbox=sandbox)
    first.cancel()
    assert (await second)[2] == b"x"


async def test_who_waits_too_long_is_told_so() -> None:
    """A job whose turn does not come in time is refused, and the others are not in its way."""
    sandbox = Sandbox(children=1, patience=0.05)
    first = asyncio.create_task(told("sleep", sandbox=sandbox))

    async def working() -> bool:
        return sandbox.busy

    await eventually(working)
    with pytest.raises(Overloaded):
        await told("copy", sandbox=sandbox)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    assert (await told("copy", b"y", sandbox=sandbox))[2] == b"y"
