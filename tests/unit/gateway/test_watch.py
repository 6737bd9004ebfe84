"""Watching a stream that a test writes."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from switchhook.event.v1.event_pb2 import Event

from chassis.database import Database
from chassis.errors import NotFound, Unavailable
from chassis.jetstream import Bus, StreamState
from chassis.messages import BusError, StoredMessage
from services.gateway.events import Events, Start
from services.gateway.model import Filter

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


class FakeBus:
    """A stream with these messages, of which the oldest may be gone, and then silence or an end."""

    def __init__(self, sequences: Sequence[int], first: int = 1, last: int = 0) -> None:
        """Hold messages at `sequences`; say that the stream reaches from `first` to `last`."""
        self.sequences = sequences
        self.first, self.last = first, last or max(sequences, default=0)
        self.error: BusError | None = None
        self.started: dict[str, Any] = {}

    async def state(self, _stream: str) -> StreamState:
        """Say what there is."""
        return StreamState(self.first, self.last, len(self.sequences), 0)

    async def follow(
        self, _stream: str, _subjects: Sequence[str], **start: Any
    ) -> AsyncGenerator[StoredMessage, None]:
        """Yield every message and then wait for ever."""
        self.started = start
        for sequence in self.sequences:
            event = Event(event_id=f"e-{sequence}", type="call.initiated")
            yield StoredMessage("events.v1.x", sequence, event.SerializeToString(), {}, NOW)
        if self.error is not None:
            raise self.error
        await asyncio.Event().wait()


async def watched(bus: FakeBus, count: int, start: Start | None = None) -> list[int]:
    """Return the first steps of a watch: progress, then the sequences of events."""
    events = Events(cast("Database", None), cast("Bus", bus))
    steps: list[int] = []
    async with aclosing(events.watch(start or Start(sequence=1), Filter())) as source:
        async for step in source:
            steps.append(step if isinstance(step, int) else step.sequence)
            if len(steps) == count:
                break
    return steps


async def test_progress_comes_before_the_first_event() -> None:
    """The first step says where the watch begins."""
    assert await watched(FakeBus([1, 2, 3]), 4) == [0, 1, 2, 3]


async def test_without_a_start_it_begins_after_the_newest() -> None:
    """The place is fixed before the first step, so nothing slips in between."""
    bus = FakeBus([8], first=3, last=7)
    assert await watched(bus, 2, Start()) == [7, 8]
    assert bus.started["start_sequence"] == 8


async def test_a_deleted_message_is_no_gap() -> None:
    """A message that was deleted, while older ones are still there, ends nothing."""
    assert await watched(FakeBus([1, 2, 5], first=1), 4) == [0, 1, 2, 5]


async def test_retention_that_overtakes_a_watch_ends_it() -> None:
    """Events that were let go before they were sent are not passed over in silence."""
    bus = FakeBus([1, 2, 9], first=1)
    events = Events(cast("Database", None), cast("Bus", bus))
    seen: list[object] = []

    async def watch() -> None:
        async with aclosing(events.watch(Start(sequence=1), Filter())) as source:
            async for step in source:
                seen.append(step)
                bus.first = 9  # from now on the oldest is gone

    with pytest.raises(NotFound) as gone:
        await watch()
    assert gone.value.reason == "SEQUENCE_GONE"
    assert gone.value.metadata == {"first_sequence": "9"}
    assert len(seen) == 3


async def test_a_bus_that_ends_the_reading_ends_the_watch() -> None:
    """What was read before is sent, then the watch is unavailable."""
    bus = FakeBus([1, 2])
    bus.error = BusError("BUS_REFUSED", "no", in_doubt=False)
    with pytest.raises(Unavailable) as fault:
        await watched(bus, 10)
    assert fault.value.reason == "BUS_UNAVAILABLE"
