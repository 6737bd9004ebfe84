"""Following messages: nothing left out, in order, from where one stopped."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from datetime import timedelta

import pytest

from chassis.errors import NotYet
from chassis.lifecycle import background
from services.messaging.model import Direction, Status
from services.messaging.sending.change_store import ChangeFilters, ChangeStore
from services.messaging.sending.watching import KEPT, Step, Watching
from tests.contract.messaging.conftest import OTHER, PEER, Bench, draft, inbound

ALL = ChangeFilters()


@asynccontextmanager
async def followed(bench: Bench) -> AsyncIterator[Watching]:
    """Number changes, quickly, for the block."""
    watching = Watching(bench.database, bench.messages, bench.clock, poll_seconds=0.01)
    async with background(watching.run(), name="changes"):
        yield watching


async def take(
    watching: Watching, count: int, after: int | None = 0, filters: ChangeFilters = ALL
) -> list[Step]:
    """Return the first steps of a watch that hold a change."""
    found: list[Step] = []
    async with asyncio.timeout(20), aclosing(watching.watch(after, filters)) as steps:
        async for step in steps:
            if step.change is not None:
                found.append(step)
            if len(found) == count:
                break
    return found


def seen(steps: list[Step]) -> list[tuple[str, Status]]:
    """Return which message came to which status."""
    return [(step.change.message_id, step.change.status) for step in steps if step.change]


async def accept(bench: Bench, message_id: str, carrier_message_id: str) -> None:
    """Record that the carrier took a message."""
    async with bench.transaction() as connection:
        await bench.sending.accepted(connection, message_id, carrier_message_id)


async def test_every_change_is_told_once_and_in_order(bench: Bench) -> None:
    """Made, taken by the carrier, and another that came in; saving the same again is no change."""
    message = await bench.queued()
    await accept(bench, message.message_id, "c-1")
    await accept(bench, message.message_id, "c-1")
    received = await bench.receive(inbound())
    async with followed(bench) as watching:
        steps = await take(watching, 3)
    assert seen(steps) == [
        (message.message_id, Status.QUEUED),
        (message.message_id, Status.SENDING),
        (received.message_id, Status.RECEIVED),
    ]
    assert [step.sequence for step in steps] == [1, 2, 3]
    assert [step.message.status for step in steps if step.message] == [
        Status.SENDING,
        Status.SENDING,
        Status.RECEIVED,
    ]


async def test_a_watch_begins_now_and_goes_on(bench: Bench) -> None:
    """Without a sequence the first step says where the watch begins; what follows is told."""
    await bench.queued("before")
    async with followed(bench) as watching, aclosing(watching.watch(None, ALL)) as steps:
        async with asyncio.timeout(20):
            first = await anext(steps)
            assert (first.sequence, first.change) == (1, None)
            later = await bench.queued("after")
            step = await anext(steps)
    assert step.change is not None
    assert (step.sequence, step.change.message_id) == (2, later.message_id)


async def test_who_comes_back_misses_nothing(bench: Bench) -> None:
    """However a log is cut into watches, together they tell what one watch tells."""
    for number in range(12):
        await bench.queued(f"text {number}")
    async with followed(bench) as watching:
        whole = await take(watching, 12)
        resumed: list[Step] = []
        while len(resumed) < 12:
            after = resumed[-1].sequence if resumed else 0
            resumed += await take(watching, min(5, 12 - len(resumed)), after)
    assert seen(resumed) == seen(whole)


async def test_a_watch_can_be_narrowed(bench: Bench) -> None:
    """By message, side, direction and status; a change that does not fit is passed over."""
    await bench.receive(inbound())
    await bench.send(draft(peer_number=OTHER))
    message = await bench.queued("mine")
    await accept(bench, message.message_id, "c-1")
    async with followed(bench) as watching:
        for filters in (
            ChangeFilters(message_id=message.message_id, statuses=[Status.SENDING]),
            ChangeFilters(
                peer_number=PEER, direction=Direction.OUTBOUND, statuses=[Status.SENDING]
            ),
        ):
            (step,) = await take(watching, 1, 0, filters)
            assert seen([step]) == [(message.message_id, Status.SENDING)]


async def test_two_writers_and_two_numberers_leave_no_gap(bench: Bench) -> None:
    """Changes of transactions that overlap are numbered once each, and all of them are told."""
    async with followed(bench) as one, followed(bench) as two:
        reading = [asyncio.create_task(take(watching, 30)) for watching in (one, two)]
        for batch in range(3):
            await asyncio.gather(*(bench.queued(f"{batch} {number}") for number in range(10)))
        first, second = await asyncio.gather(*reading)
    assert seen(first) == seen(second)
    assert [step.sequence for step in first] == list(range(1, 31))
    assert len({message_id for message_id, _ in seen(first)}) == 30


async def test_a_change_committed_late_is_not_passed_over(bench: Bench) -> None:
    """A transaction that began first and commits last gets a number after those told already."""
    async with followed(bench) as watching:
        if bench.database.dialect == "sqlite":
            pytest.skip("on SQLite one transaction writes at a time")
        async with bench.transaction() as slow:
            await bench.sending.queue(slow, "slow", draft(peer_number=OTHER))
            message = await asyncio.create_task(bench.queued("quick"))
            told = await asyncio.create_task(take(watching, 1))
            assert seen(told) == [(message.message_id, Status.QUEUED)]
        steps = await take(watching, 2)
    assert seen(steps) == [(message.message_id, Status.QUEUED), ("slow", Status.QUEUED)]


async def test_old_changes_are_forgotten_and_that_is_said(bench: Bench) -> None:
    """Coming back too late is an error that names where to go on, and the numbers go on too."""
    for number in range(3):
        await bench.queued(f"text {number}")
    async with followed(bench) as watching:
        await take(watching, 3)
        async with bench.transaction() as connection:
            latest = (await ChangeStore().read(connection, ALL, after=2, upto=3, limit=1))[0]
            await ChangeStore().prune(connection, latest.record_time + KEPT + timedelta(days=1))
        with pytest.raises(NotYet) as raised:
            await take(watching, 1, 1)
        assert raised.value.metadata == {"oldest_sequence": "2"}
        await bench.queued("next")
        assert [step.sequence for step in await take(watching, 2, 2)] == [3, 4]


async def test_a_slow_reader_holds_up_nobody(bench: Bench) -> None:
    """One that stops reading leaves the others and the writers alone, and is told all later."""
    async with followed(bench) as watching, aclosing(watching.watch(0, ALL)) as slow:
        async with asyncio.timeout(20):
            await anext(slow)
            for number in range(5):
                await bench.queued(f"text {number}")
            quick = await take(watching, 5)
            late = [await anext(slow) for _ in range(5)]
    assert seen(late) == seen(quick)
