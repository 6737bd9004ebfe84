"""Draining a real spool into a bus that does as it is told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from chassis.messages import Outgoing
from chassis.metrics import Metrics as Registry
from services.gateway.drain import Drain
from services.gateway.metrics import Metrics
from services.gateway.publisher import Publisher
from services.gateway.spool import Spool, opened
from tests.support.eventually import eventually
from tests.unit.gateway.test_publisher import FakeBus, message


@asynccontextmanager
async def draining(folder: Path, bus: FakeBus) -> AsyncIterator[Spool]:
    """Run a drain for the block."""
    publisher = Publisher(bus)
    publisher.open()
    async with opened(folder / "spool.db", max_bytes=2**22) as spool:
        drain = Drain(spool, bus, publisher, Metrics(Registry()))
        task = asyncio.create_task(drain.run())
        try:
            yield spool
            assert not task.done()
        finally:
            task.cancel()
            await asyncio.wait([task])


async def fill(spool: Spool, count: int) -> list[Outgoing]:
    """Spool so many messages, one after the other."""
    messages = [message(number) for number in range(count)]
    for each in messages:
        await spool.append(each)
    return messages


async def test_the_spool_is_emptied_in_order(tmp_path: Path) -> None:
    """Everything goes out in the order it came, in whole batches, and is gone from the spool."""
    bus = FakeBus()
    bus.connected = False
    async with draining(tmp_path, bus) as spool:
        messages = await fill(spool, 150)
        bus.connected = True
        await eventually(lambda: spool.count == 0)
    assert list(bus.stored) == [each.message_id for each in messages]
    assert max(len(each) for each in bus.batches) == 64


async def test_what_comes_later_is_drained_too(tmp_path: Path) -> None:
    """An emptied spool that fills again is emptied again."""
    bus = FakeBus()
    async with draining(tmp_path, bus) as spool:
        for number in range(3):
            await spool.append(message(number))
            await eventually(lambda: spool.count == 0)
    assert len(bus.stored) == 3


async def test_a_message_the_stream_refuses_does_not_hold_up_the_others(tmp_path: Path) -> None:
    """The others go on; the refused one stays and goes when it is taken."""
    bus = FakeBus()
    bus.refuse = {"id-1"}
    async with draining(tmp_path, bus) as spool:
        await fill(spool, 10)
        await eventually(lambda: spool.count == 1)
        assert len(bus.stored) == 9
        bus.refuse = set()
        await eventually(lambda: spool.count == 0)
    assert len(bus.stored) == 10


async def test_nothing_is_drained_into_a_stream_that_is_not_proven(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bus that may lose what it acknowledged gets nothing out of the spool."""
    asked = 0

    def ready(_: Publisher) -> bool:
        nonlocal asked
        asked += 1
        return False

    bus = FakeBus()
    monkeypatch.setattr(Publisher, "ready", property(ready))
    async with draining(tmp_path, bus) as spool:
        await fill(spool, 5)
        await eventually(lambda: asked > 2)
        assert spool.count == 5
    assert bus.batches == []


async def test_dying_between_publish_and_removal_doubles_nothing(tmp_path: Path) -> None:
    """What was published and not yet removed goes out again under the same ids."""
    bus = FakeBus()
    async with opened(tmp_path / "spool.db", max_bytes=2**22) as spool:
        messages = await fill(spool, 5)
    await bus.publish_batch(messages, 1)
    async with draining(tmp_path, bus) as spool:
        await eventually(lambda: spool.count == 0)
    assert len(bus.stored) == 5
