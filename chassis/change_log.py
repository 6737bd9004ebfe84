"""A log of what changed: written with each change, numbered once it can be seen.

An entry says that the thing of a kind and a key changed; what it changed to is read from the thing
itself. Entries get their numbers after the commit, from whoever watches, so that the numbers come
to light in their order: two transactions that write at a time may commit in either.
"""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar

import sqlalchemy as sa
from alembic.operations import Operations
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.clock import Clock, SystemClock
from chassis.columns import UtcTime, big_identity
from chassis.database import Database
from chassis.errors import Contended, NotYet, Unavailable
from chassis.lifecycle import background

KEPT = timedelta(days=30)
"""How long changes are kept, and so how long a watcher may stay away."""

_AT_ONCE = 1000
_PAGE = 100
_POLL_SECONDS = 0.25
_PROGRESS_SECONDS = 10.0
_PRUNE_SECONDS = 3600.0

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Change:
    """The thing `key` of a `kind` was made, or something of it changed."""

    sequence: int
    record_time: datetime
    kind: str
    key: str


class ChangeLog:
    """The table of changes of one service."""

    def __init__(self, metadata: sa.MetaData, name: str, *, clock: Clock | None = None) -> None:
        """Declare the table `name`."""
        self._clock = clock or SystemClock()
        self.table = sa.Table(
            name,
            metadata,
            sa.Column("change_id", big_identity(), primary_key=True, autoincrement=True),
            sa.Column("sequence", sa.BigInteger, unique=True),
            sa.Column("record_time", UtcTime, nullable=False),
            sa.Column("kind", sa.Text, nullable=False),
            sa.Column("key", sa.Text, nullable=False),
            sa.Index(f"{name}_time", "record_time"),
            sa.Index(
                f"{name}_unnumbered",
                "change_id",
                sqlite_where=sa.text("sequence IS NULL"),
                postgresql_where=sa.text("sequence IS NULL"),
            ),
        )

    async def note(self, connection: AsyncConnection, kind: str, key: str) -> None:
        """Log a change in the transaction that makes it."""
        facts = {"record_time": self._clock.now(), "kind": kind, "key": key}
        await connection.execute(sa.insert(self.table).values(**facts))

    async def unnumbered(self, connection: AsyncConnection) -> bool:
        """Say whether there are changes without a number."""
        query = sa.select(self.table.c.change_id).where(self.table.c.sequence.is_(None)).limit(1)
        return (await connection.execute(query)).first() is not None

    async def number(self, connection: AsyncConnection) -> bool:
        """Give numbers to changes that were committed; say whether there may be more.

        One at a time and until the end of the transaction, so a number can only be seen when all
        the smaller ones can.
        """
        table = self.table
        await _lock(connection, f"changes {table.name}")
        query = sa.select(table.c.change_id).where(table.c.sequence.is_(None))
        rows = await connection.execute(query.order_by(table.c.change_id).limit(_AT_ONCE))
        found = rows.scalars().all()
        if not found:
            return False
        first = await self.latest(connection) + 1
        update = (
            sa.update(table)
            .where(table.c.change_id == sa.bindparam("numbered"))
            .values(sequence=sa.bindparam("number"))
        )
        numbers = [{"numbered": id_, "number": first + place} for place, id_ in enumerate(found)]
        await connection.execute(update, numbers)
        return len(found) == _AT_ONCE

    async def latest(self, connection: AsyncConnection) -> int:
        """Return the greatest number given, 0 at first."""
        query = sa.select(sa.func.max(self.table.c.sequence))
        return (await connection.execute(query)).scalar() or 0

    async def forgotten(self, connection: AsyncConnection) -> int:
        """Return the number up to which changes are no longer kept, 0 when all are."""
        query = sa.select(sa.func.min(self.table.c.sequence))
        return ((await connection.execute(query)).scalar() or 1) - 1

    async def read(
        self, connection: AsyncConnection, *, after: int, upto: int, limit: int
    ) -> list[Change]:
        """Return at most `limit` changes between two numbers, in their order."""
        table = self.table
        query = sa.select(table).where(table.c.sequence > after, table.c.sequence <= upto)
        rows = await connection.execute(query.order_by(table.c.sequence).limit(limit))
        return [Change(row.sequence, row.record_time, row.kind, row.key) for row in rows]

    async def prune(self, connection: AsyncConnection, before: datetime) -> None:
        """Forget changes recorded earlier, but never the last, which the numbers go on from."""
        table, latest = self.table, await self.latest(connection)
        old = sa.delete(table).where(table.c.record_time < before, table.c.sequence < latest)
        await connection.execute(old)


Load = Callable[[AsyncConnection, Sequence[Change]], Awaitable[Sequence[T | None]]]
"""Reads the things that changed, one for each change; None for what is not to be shown."""


@dataclass(frozen=True, slots=True)
class Step(Generic[T]):
    """One step of a watch: a change with its thing, or that there was none up to here."""

    sequence: int
    change: Change | None = None
    thing: T | None = None


class Watching(Generic[T]):
    """Numbers changes while somebody watches, and tells the watchers how far they may read.

    A watcher reads the log itself, a page at a time and at its own speed: nothing is buffered for
    the slow, and nothing is left out.
    """

    def __init__(
        self,
        database: Database,
        log: ChangeLog,
        load: Load[T],
        clock: Clock,
        *,
        poll_seconds: float = _POLL_SECONDS,
    ) -> None:
        self._database = database
        self._log = log
        self._load = load
        self._clock = clock
        self._poll_seconds = poll_seconds
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

    async def watch(
        self, after: int | None, wanted: Callable[[T], bool] = lambda _thing: True
    ) -> AsyncGenerator[Step[T]]:
        """Yield where the watch begins, then every wanted change after it, without end.

        Raises NotYet (CHANGES_FORGOTTEN) when changes after `after` are no longer kept.
        """
        self._watchers += 1
        self._wanted.set()
        try:
            latest = await self._advance()
            position = latest if after is None else min(after, latest)
            await self._check_kept(position)
            yield Step(position)
            async for step in self._follow(position, wanted):
                yield step
        finally:
            self._watchers -= 1

    async def _follow(self, position: int, wanted: Callable[[T], bool]) -> AsyncIterator[Step[T]]:
        loop = asyncio.get_running_loop()
        told_at = loop.time()
        while True:
            await self._past(position)
            upto = self._latest
            steps = await self._page(position, upto)
            for step in steps:
                if step.thing is not None and wanted(step.thing):
                    yield step
                    told_at = loop.time()
            # A full page may have left some before `upto`.
            position = steps[-1].sequence if len(steps) == _PAGE else upto
            if loop.time() - told_at >= _PROGRESS_SECONDS:
                told_at = loop.time()
                yield Step(position)

    async def _page(self, after: int, upto: int) -> list[Step[T]]:
        async with self._database.reading() as connection:
            found = await self._log.read(connection, after=after, upto=upto, limit=_PAGE)
            things = await self._load(connection, found) if found else []
        return [
            Step(change.sequence, change, thing)
            for change, thing in zip(found, things, strict=True)
        ]

    async def _past(self, position: int) -> None:
        async with self._moved:
            await self._moved.wait_for(lambda: self._latest > position)

    async def _advance(self) -> int:
        """Give numbers to what has none, and let the watchers know; return the greatest number."""
        async with self._database.reading() as connection:
            more = await self._log.unnumbered(connection)
        while more:
            async with self._database.transaction() as connection:
                more = await self._log.number(connection)
        async with self._database.reading() as connection:
            latest = await self._log.latest(connection)
        async with self._moved:
            self._latest = max(self._latest, latest)
            self._moved.notify_all()
        return self._latest

    async def _check_kept(self, position: int) -> None:
        async with self._database.reading() as connection:
            forgotten = await self._log.forgotten(connection)
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
            await self._log.prune(connection, self._clock.now() - KEPT)

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
async def watching(
    database: Database, log: ChangeLog, load: Load[T], clock: Clock
) -> AsyncIterator[Watching[T]]:
    """Follow the changes for the block."""
    watch = Watching(database, log, load, clock)
    async with background(watch.run(), name=log.table.name):
        yield watch


async def _lock(connection: AsyncConnection, name: str) -> None:
    """Wait until nobody else holds this name in the service's schema; held until the end.

    PostgreSQL only: on SQLite one transaction writes at a time.
    """
    if connection.dialect.name == "sqlite":
        return
    schema = (await connection.execute(sa.select(sa.func.current_schema()))).scalar_one()
    digest = hashlib.sha256(f"{schema} {name}".encode()).digest()
    key = int.from_bytes(digest[:8], "big", signed=True)
    await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(key)))


def create_v1(op: Operations, name: str) -> None:
    """Create the table of version 1; called by a service's migration and never changed."""
    identity = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        name,
        sa.Column("change_id", identity, primary_key=True, autoincrement=True),
        sa.Column("sequence", sa.BigInteger, unique=True),
        sa.Column("record_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
    )
    op.create_index(f"{name}_time", name, ["record_time"])
    op.create_index(
        f"{name}_unnumbered",
        name,
        ["change_id"],
        sqlite_where=sa.text("sequence IS NULL"),
        postgresql_where=sa.text("sequence IS NULL"),
    )
