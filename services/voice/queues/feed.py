"""Following rows as they change, for any number of watchers with one query.

Rows say when they were written last. While somebody watches, a feed reads what was written lately
and hands it to those who want it. A transaction that commits late may be overlooked so; therefore
each watcher reads their own rows as a whole from time to time, and nothing stays overlooked.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.clock import Clock
from chassis.database import Database
from chassis.errors import Contended, Unavailable

_POLL_SECONDS = 0.25
_WHOLE_SECONDS = 15.0
"""How often a watcher reads their own rows as a whole."""
_OVERLAP = timedelta(seconds=5)
"""How far a look goes back beyond the one before: commits come late, and clocks differ."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Written(Generic[T]):
    """A row as it was read, and when it was written."""

    key: str
    thing: T
    time: datetime


Recent = Callable[[AsyncConnection, datetime], Awaitable[Sequence[Written[T]]]]
"""Reads everything written at a time or later."""

Own = Callable[[AsyncConnection, Collection[str]], Awaitable[Sequence[Written[T]]]]
"""Reads what a watcher has to see: their rows that are not over, and those of some keys."""


class _Watcher(Generic[T]):
    """What one watcher wants and has not taken yet; of each row the last state only."""

    def __init__(self, wants: Callable[[Written[T]], bool]) -> None:
        self.wants = wants
        self.waiting: dict[str, Written[T]] = {}
        self.came = asyncio.Event()

    def take(self) -> list[Written[T]]:
        found, self.waiting = list(self.waiting.values()), {}
        self.came.clear()
        return found


class Feed(Generic[T]):
    """Looks for what was written, and hands it out."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        recent: Recent[T],
        is_over: Callable[[T], bool],
        *,
        whole_seconds: float = _WHOLE_SECONDS,
    ) -> None:
        """Read by ``recent``; what ``is_over`` never changes again."""
        self._database = database
        self._clock = clock
        self._recent = recent
        self._is_over = is_over
        self._whole_seconds = whole_seconds
        self._watchers: set[_Watcher[T]] = set()
        self._wanted = asyncio.Event()

    async def run(self) -> None:
        """Look as long as somebody watches."""
        since = self._clock.now()
        while True:
            if not self._watchers:
                self._wanted.clear()
                await self._wanted.wait()
                since = self._clock.now()
            now = self._clock.now()
            with suppress(Unavailable, Contended):  # The chassis has logged it.
                await self._look(since - _OVERLAP)
                since = now
            await asyncio.sleep(_POLL_SECONDS)

    async def watch(
        self, own: Own[T], wants: Callable[[Written[T]], bool]
    ) -> AsyncGenerator[Sequence[T]]:
        """Yield what there is, which may be nothing, and then what changed, without end."""
        told: dict[str, Written[T]] = {}
        loop = asyncio.get_running_loop()

        def concerned(row: Written[T]) -> bool:
            return row.key in told or wants(row)

        with self._watching(concerned) as watcher:
            while True:
                yield _news(told, await self._whole(own, told))
                next_whole = loop.time() + self._whole_seconds
                while (left := next_whole - loop.time()) > 0:
                    with suppress(TimeoutError):
                        async with asyncio.timeout(left):
                            await watcher.came.wait()
                    if new := _news(told, watcher.take()):
                        yield new

    async def _whole(self, own: Own[T], told: dict[str, Written[T]]) -> Sequence[Written[T]]:
        going_on = [key for key, row in told.items() if not self._is_over(row.thing)]
        async with self._database.reading() as connection:
            return await own(connection, going_on)

    async def _look(self, since: datetime) -> None:
        async with self._database.reading() as connection:
            found = await self._recent(connection, since)
        for watcher in self._watchers:
            for row in found:
                if watcher.wants(row):
                    watcher.waiting[row.key] = row
                    watcher.came.set()

    @contextmanager
    def _watching(self, wants: Callable[[Written[T]], bool]) -> Iterator[_Watcher[T]]:
        watcher = _Watcher(wants)
        self._watchers.add(watcher)
        self._wanted.set()
        try:
            yield watcher
        finally:
            self._watchers.discard(watcher)


def _news(told: dict[str, Written[T]], found: Sequence[Written[T]]) -> list[T]:
    """Return what differs from what was told and is not older, and remember it."""
    new = []
    for row in found:
        before = told.get(row.key)
        if before is None or (row.time >= before.time and row.thing != before.thing):
            told[row.key] = row
            new.append(row.thing)
    return new
