"""Read events back: one, a page, or from a place on."""

import asyncio
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from chassis.database import Database
from chassis.errors import NotFound, NotYet, Unavailable
from chassis.jetstream import Bus
from chassis.messages import BusError, StoredMessage
from chassis.streams import EVENT_SUBJECTS, EVENTS
from services.gateway import store, translate
from services.gateway.model import Filter, Period
from services.gateway.readahead import ReadAhead, reading_ahead

PAGE_BYTES = 2 * 1024 * 1024
"""A page ends here, well below the 4 MiB that gRPC's receivers take by default."""
_AT_ONCE = 25
"""Messages asked for at the same time."""
_SPARSE = 2
"""Places are read in one go while at most every second message of the stretch is wanted."""
_READ_AHEAD = 64
HEARTBEAT = 15.0
"""Seconds without a match after which a watcher hears how far the watch has come."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some stored events, newest first, and the place to continue below; None at the end."""

    messages: list[StoredMessage]
    below: int | None


@dataclass(frozen=True, slots=True)
class Start:
    """Where a watch begins: at a sequence, at a time, or with neither at the next event."""

    sequence: int | None = None
    time: datetime | None = None


class Events:
    """The events of the stream, found through the index."""

    def __init__(self, database: Database, bus: Bus) -> None:
        """Find events in `database`, read them from `bus`."""
        self._database = database
        self._bus = bus

    async def get(self, event_id: str) -> StoredMessage:
        """Return one event.

        Raises NotFound (EVENT_NOT_FOUND, EVENT_EXPIRED) and Unavailable (BUS_UNAVAILABLE).
        """
        async with self._database.reading() as connection:
            sequence = await store.find_event(connection, event_id)
        if sequence is None:
            raise NotFound("EVENT_NOT_FOUND", "no event has this id")
        message = await self._message(sequence)
        if message is None:
            raise NotFound(
                "EVENT_EXPIRED",
                "the stream no longer holds the event",
                metadata={"sequence": str(sequence)},
            )
        return message

    async def page(self, wanted: Filter, period: Period, below: int | None, size: int) -> Page:
        """Return up to `size` matching events below the place `below`.

        Raises Unavailable (BUS_UNAVAILABLE).
        """
        async with self._database.reading() as connection:
            found = await store.list_events(connection, wanted, period, below=below, limit=size + 1)
        places, more = found[:size], len(found) > size
        messages: list[StoredMessage] = []
        room = PAGE_BYTES
        for first in range(0, len(places), _AT_ONCE):
            for message in await self._messages(places[first : first + _AT_ONCE]):
                room -= len(message.payload)
                if room < 0 and messages:
                    return Page(messages, messages[-1].sequence)
                messages.append(message)
        return Page(messages, places[-1] if more else None)

    async def watch(
        self, start: Start, wanted: Filter
    ) -> AsyncGenerator[StoredMessage | int, None]:
        """Yield matching events from `start` on, and now and then how far the watch has come.

        Raises NotFound (SEQUENCE_GONE), NotYet (SEQUENCE_AHEAD), Unavailable (BUS_UNAVAILABLE).
        """
        with bus_faults():
            first, last = await self._bounds()
            begin = _begin(start, first, last)
            source = self._bus.follow(
                EVENTS, [EVENT_SUBJECTS], start_sequence=begin, start_time=start.time
            )
            async with reading_ahead(source, _READ_AHEAD) as ahead:
                yield begin - 1 if begin is not None else 0
                async for step in self._steps(ahead, begin, last, wanted):
                    yield step

    async def _steps(
        self, ahead: ReadAhead[StoredMessage], expected: int | None, last: int, wanted: Filter
    ) -> AsyncGenerator[StoredMessage | int, None]:
        reached = last if expected is None else expected - 1
        heartbeat = _Heartbeat()
        while True:
            message = await ahead.next(heartbeat.remaining())
            if message is not None:
                await self._require_no_gap(expected, message.sequence)
                reached, expected = message.sequence, message.sequence + 1
                if _matches(message, wanted):
                    heartbeat.restart()
                    yield message
                    continue
            if heartbeat.remaining() <= 0:
                heartbeat.restart()
                yield reached

    async def _require_no_gap(self, expected: int | None, sequence: int) -> None:
        """Tell a message that was deleted from events that retention took before they were sent."""
        if expected is None or sequence == expected:
            return
        first, _ = await self._bounds()
        if first > expected:
            raise _gone(first)

    async def _bounds(self) -> tuple[int, int]:
        """Return the oldest and the newest place of the stream; the oldest of none is the next."""
        state = await self._bus.state(EVENTS)
        return max(state.first_sequence, 1), state.last_sequence

    async def _messages(self, places: Sequence[int]) -> list[StoredMessage]:
        """Return what stands at `places`, in their order; what is gone is left out."""
        if not places:
            return []
        span = places[0] - places[-1] + 1
        if span > _SPARSE * len(places):
            found = await asyncio.gather(*(self._message(place) for place in places))
            return [message for message in found if message is not None]
        with bus_faults():
            read = await self._bus.read(EVENTS, places[-1], span, subject=EVENT_SUBJECTS)
        at = {message.sequence: message for message in read}
        return [at[place] for place in places if place in at]

    async def _message(self, sequence: int) -> StoredMessage | None:
        with bus_faults():
            try:
                return await self._bus.get(EVENTS, sequence)
            except NotFound:
                return None


class _Heartbeat:
    """When the next sign of life is due."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.restart()

    def restart(self) -> None:
        self._due = self._loop.time() + HEARTBEAT

    def remaining(self) -> float:
        return max(0.0, self._due - self._loop.time())


@contextmanager
def bus_faults() -> Iterator[None]:
    """Raise Unavailable (BUS_UNAVAILABLE) for whatever the bus could not do in the block."""
    try:
        yield
    except BusError as error:
        raise Unavailable("BUS_UNAVAILABLE", "the stream is away", retry_after=1) from error


def _begin(start: Start, first: int, last: int) -> int | None:
    """Return the sequence a watch begins at, None when only its time is known."""
    if start.time is not None:
        return None
    if start.sequence is None:
        return last + 1
    if start.sequence == 1:
        return first
    if start.sequence < first:
        raise _gone(first)
    if start.sequence > last + 1:
        raise NotYet(
            "SEQUENCE_AHEAD",
            "the stream has not reached this sequence",
            metadata={"last_sequence": str(last)},
        )
    return start.sequence


def _gone(first: int) -> NotFound:
    return NotFound(
        "SEQUENCE_GONE",
        "the stream no longer holds this sequence",
        metadata={"first_sequence": str(first)},
    )


def _matches(message: StoredMessage, wanted: Filter) -> bool:
    event = translate.event(message.payload)
    return event is not None and wanted.matches(translate.entry(message.sequence, event))
