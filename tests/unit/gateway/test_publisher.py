"""Publishing in batches over a bus that does as it is told."""

import asyncio
from collections.abc import Sequence

import pytest

from chassis.errors import Unavailable
from chassis.messages import BusError, Outgoing, Published
from services.gateway.publisher import BATCH, Publisher


class FakeBus:
    """Stores what it is given, once per id, as a stream does; may be told to fail or to hang."""

    def __init__(self) -> None:
        self.connected = True
        self.batches: list[list[str]] = []
        self.stored: dict[str, int] = {}
        self.refuse: set[str] = set()
        self.gate = asyncio.Event()
        self.gate.set()

    async def publish_batch(
        self,
        messages: Sequence[Outgoing],
        timeout: float,  # noqa: ASYNC109 - the port's own
    ) -> list[Published | BusError]:
        """Store all but the refused messages, once the gate is open."""
        self.batches.append([each.message_id for each in messages])
        await self.gate.wait()
        return [self._store(each.message_id) for each in messages]

    def _store(self, message_id: str) -> Published | BusError:
        if message_id in self.refuse:
            return BusError("BUS_REFUSED", "no", in_doubt=False)
        duplicate = message_id in self.stored
        sequence = self.stored.setdefault(message_id, len(self.stored) + 1)
        return Published(sequence, duplicate)


def message(number: int) -> Outgoing:
    """Make a message with an id of its own."""
    return Outgoing("events.v1.telnyx.x", b"x", message_id=f"id-{number}")


def open_publisher(bus: FakeBus, timeout: float = 5) -> Publisher:
    """Make a publisher that may publish."""
    publisher = Publisher(bus, timeout=timeout)
    publisher.open()
    return publisher


async def test_messages_of_one_moment_share_atomic_batches_of_64() -> None:
    """A burst goes out in batches no larger than an atomic batch, each message once."""
    bus = FakeBus()
    publisher = open_publisher(bus)
    await asyncio.gather(*(publisher.publish(message(n)) for n in range(200)))
    assert [len(each) for each in bus.batches] == [BATCH, BATCH, BATCH, 200 - 3 * BATCH]
    assert len(bus.stored) == 200


async def test_the_same_event_a_hundred_times_is_published_once() -> None:
    """Concurrent deliveries of one event wait for one publish, so no batch holds an id twice."""
    bus = FakeBus()
    publisher = open_publisher(bus)
    results = await asyncio.gather(*(publisher.publish(message(1)) for _ in range(100)))
    assert {each.sequence for each in results} == {1}
    assert bus.batches == [["id-1"]]


async def test_a_message_of_a_batch_fails_alone() -> None:
    """What the stream refuses is unavailable to its caller; the rest of the batch is stored."""
    bus = FakeBus()
    bus.refuse = {"id-1"}
    publisher = open_publisher(bus)
    results = await asyncio.gather(
        *(publisher.publish(message(n)) for n in range(3)), return_exceptions=True
    )
    assert [type(each) for each in results] == [Published, Unavailable, Published]


async def test_nothing_is_published_before_the_stream_is_proven() -> None:
    """A publisher that was not opened refuses at once and touches nothing."""
    bus = FakeBus()
    with pytest.raises(Unavailable):
        await Publisher(bus).publish(message(1))
    assert bus.batches == []


async def test_a_bus_that_is_away_is_not_waited_for() -> None:
    """Without a connection the caller learns it at once, so that the spool has time left."""
    bus = FakeBus()
    bus.connected = False
    publisher = open_publisher(bus)
    assert not publisher.ready
    with pytest.raises(Unavailable):
        await publisher.publish(message(1))
    assert bus.batches == []


async def test_a_bus_that_hangs_is_given_up() -> None:
    """A publish without an answer ends as unavailable, also for those that wait behind it."""
    bus = FakeBus()
    bus.gate.clear()
    publisher = open_publisher(bus, timeout=0.05)
    results = await asyncio.gather(
        *(publisher.publish(message(n)) for n in range(BATCH + 5)), return_exceptions=True
    )
    assert {type(each) for each in results} == {Unavailable}
    bus.gate.set()
