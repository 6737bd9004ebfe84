"""The index of events, filled from the stream itself.

Reads the stream in order and keeps its place in the same transaction as the lines it adds, so that
no event is left out or counted twice, whatever crashes. Knows nothing that the stream does not
know: it can be thrown away and filled again.
"""

import asyncio
from collections.abc import Sequence

from chassis.database import Database
from chassis.errors import Fault
from chassis.jetstream import Bus
from chassis.logs import get_logger
from chassis.messages import StoredMessage
from chassis.streams import EVENT_SUBJECTS, EVENTS
from services.gateway import store, translate
from services.gateway.model import Entry
from services.gateway.readahead import reading_ahead

log = get_logger(__name__)

_BATCH = 256
_READ_AHEAD = 256
_REST = 0.05
"""Seconds between two transactions: readers wait a moment, and many events share each."""
_PAUSE = 1.0
_PRUNE_EVERY = 1000
"""Lines added between two looks at what the stream has let go."""


class Index:
    """Keep the index level with the stream."""

    def __init__(self, database: Database, bus: Bus) -> None:
        """Write to `database` what `bus` has."""
        self._database = database
        self._bus = bus
        self._since_pruned = _PRUNE_EVERY
        self._interrupted = ""

    async def run(self) -> None:
        """Follow the stream for ever; whatever is away is waited for."""
        while True:
            try:
                await self._follow()
            except Fault as fault:
                self._say_once(fault.reason)
            await asyncio.sleep(_PAUSE)

    def _say_once(self, reason: str) -> None:
        if reason != self._interrupted:
            log.warning("index.interrupted", reason=reason)
        self._interrupted = reason

    async def _follow(self) -> None:
        reached = await self._resume()
        source = self._bus.follow(EVENTS, [EVENT_SUBJECTS], start_sequence=reached + 1)
        async with reading_ahead(source, _READ_AHEAD) as ahead:
            while True:
                await self._add(await ahead.batch(_BATCH))
                await asyncio.sleep(_REST)

    async def _resume(self) -> int:
        """Return the last sequence that is in the index; start over on a stream that was remade."""
        last = (await self._bus.state(EVENTS)).last_sequence
        async with self._database.transaction() as connection:
            reached = await store.indexed(connection)
            if reached > last:
                log.error("index.restarted", reached=reached, last_sequence=last)
                await store.clear_index(connection)
                reached = 0
        return reached

    async def _add(self, messages: Sequence[StoredMessage]) -> None:
        entries = [entry for message in messages if (entry := _entry(message))]
        async with self._database.transaction() as connection:
            await store.add_events(connection, entries)
            await store.set_indexed(connection, messages[-1].sequence)
        self._interrupted = ""
        self._since_pruned += len(messages)
        if self._since_pruned >= _PRUNE_EVERY:
            self._since_pruned = 0
            await self._prune()

    async def _prune(self) -> None:
        first = (await self._bus.state(EVENTS)).first_sequence
        async with self._database.transaction() as connection:
            forgotten = await store.forget_events(connection, first)
        log.info("index.pruned", forgotten=forgotten)


def _entry(message: StoredMessage) -> Entry | None:
    event = translate.event(message.payload)
    if event is None or not event.event_id:
        log.error("index.foreign", sequence=message.sequence)
        return None
    return translate.entry(message.sequence, event)
