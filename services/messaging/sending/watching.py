"""Following messages as they change, for any number of watchers."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from chassis.clock import Clock
from chassis.database import Database
from chassis.errors import Contended, NotYet, Unavailable
from chassis.lifecycle import background
from services.messaging.model import Message
from services.messaging.ports import Messages
from services.messaging.sending.change_store import Change, ChangeFilters, ChangeStore

KEPT = timedelta(days=30)
"""How long changes are kept, and so how long a watcher may stay away."""

_PAGE = 100
_POLL_SECONDS = 0.25
_PROGRESS_SECONDS = 10.0
_PRUNE_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a watch: a change with its message, or that there was none up to here."""

    sequence: int
    change: Change | None = None
    message: Message | None = None


class Watching:
    """Numbers changes while somebody watches, and tells the watchers how far they may read.

    A watcher reads the log itself, a page at a time and at its own speed: nothing is buffered for
    the slow, and nothing is left out.
    """

    def __init__(
        self,
        database: Database,
        messages: Messages,
        clock: Clock,
        *,
        poll_seconds: float = _POLL_SECONDS,
    ) -> None:
        self._database = database
        self._messages = messages
        self._clock = clock
        self._poll_seconds = poll_seconds
        self._store = ChangeStore()
        self._latest = 0
        self._watchers = 0
        self._wanted = asyncio.Event()
        self._moved = asyncio.Condition()

    async def run(self) -> None:
        """Give numbers as long as somebody watches, and forget what is old."""
        loop = asyncio.get_running_loop()
        prune_at = loop.time() + _PRUNE_SECONDS
        while True:
            try:
                if self._watchers:
                    await self._advance()
                if loop.time() >= prune_at:
                    prune_at = loop.time() + _PRUNE_SECONDS
                    await self._forget()
            except (Unavailable, Contended):
                pass  # The database is away: the chassis has logged it, and the next poll asks.
            await self._pause()

    async def watch(self, after: int | None, filters: ChangeFilters) -> AsyncGenerator[Step]:
        """Yield where the watch begins, then every change after it, without end.

        Raises NotYet (CHANGES_FORGOTTEN) when changes after `after` are no longer kept.
        """
        self._watchers += 1
        self._wanted.set()
        try:
            latest = await self._advance()
            position = latest if after is None else min(after, latest)
            await self._check_kept(position)
            yield Step(position)
            async for step in self._follow(position, filters):
                yield step
        finally:
            self._watchers -= 1

    async def _follow(self, position: int, filters: ChangeFilters) -> AsyncIterator[Step]:
        loop = asyncio.get_running_loop()
        told_at = loop.time()
        while True:
            await self._past(position)
            upto = self._latest
            steps = await self._page(filters, position, upto)
            for step in steps:
                yield step
            # A full page may have left some before `upto`.
            position = steps[-1].sequence if len(steps) == _PAGE else upto
            if steps:
                told_at = loop.time()
            elif loop.time() - told_at >= _PROGRESS_SECONDS:
                told_at = loop.time()
                yield Step(position)

    async def _page(self, filters: ChangeFilters, after: int, upto: int) -> list[Step]:
        async with self._database.reading() as connection:
            found = await self._store.read(connection, filters, after=after, upto=upto, limit=_PAGE)
            ids = list({change.message_id for change in found})
            known = {
                message.message_id: message
                for message in (await self._messages.of_ids(connection, ids) if ids else ())
            }
        return [Step(change.sequence, change, known.get(change.message_id)) for change in found]

    async def _past(self, position: int) -> None:
        async with self._moved:
            await self._moved.wait_for(lambda: self._latest > position)

    async def _advance(self) -> int:
        """Give numbers to what has none, and let the watchers know; return the greatest number."""
        async with self._database.reading() as connection:
            more = await self._store.unnumbered(connection)
        while more:
            async with self._database.transaction() as connection:
                more = await self._store.number(connection)
        async with self._database.reading() as connection:
            latest = await self._store.latest(connection)
        async with self._moved:
            self._latest = max(self._latest, latest)
            self._moved.notify_all()
        return self._latest

    async def _check_kept(self, position: int) -> None:
        async with self._database.reading() as connection:
            forgotten = await self._store.forgotten(connection)
        if position < forgotten:
            raise NotYet(
                "CHANGES_FORGOTTEN",
                "changes after this sequence are no longer kept",
                metadata={"oldest_sequence": str(forgotten)},
            )

    async def _forget(self) -> None:
        # First what nobody has watched, a part at a time, so that no writer waits for long.
        await self._advance()
        async with self._database.transaction() as connection:
            await self._store.prune(connection, self._clock.now() - KEPT)

    async def _pause(self) -> None:
        if self._watchers:
            await asyncio.sleep(self._poll_seconds)
            return
        self._wanted.clear()
        try:
            async with asyncio.timeout(_PRUNE_SECONDS):
                await self._wanted.wait()
        except TimeoutError:
            pass


@asynccontextmanager
async def watching(database: Database, messages: Messages, clock: Clock) -> AsyncIterator[Watching]:
    """Follow the changes for the block."""
    watch = Watching(database, messages, clock)
    async with background(watch.run(), name="message changes"):
        yield watch
