"""Alarms that outlive the process: what is to be looked at again, and when.

A timer is a kind, a key and a due time, set in the transaction that makes it necessary. When it is
due its handler looks at the key in a transaction of its own. A handler may be called twice for one
timer (a process died in between), so it decides from what it finds and not from being called.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from alembic.operations import Operations
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import logs
from chassis.clock import Clock
from chassis.columns import UtcTime
from chassis.database import Database, insert_into
from chassis.lifecycle import background

_log = logs.get_logger(__name__)

_LEASE = timedelta(seconds=3)
"""How long a timer that rang waits for its handler before it rings again."""
_POLL_SECONDS = 0.2
_BATCH = 32
_LONGEST_BACKOFF = timedelta(seconds=60)

Handler = Callable[[AsyncConnection, str, datetime], Awaitable[None]]
"""Looks at a key at a time, inside the transaction it is given."""


@dataclass(frozen=True, slots=True)
class Rung:
    """A timer that is due, taken until `lease`; `attempt` counts from 1."""

    kind: str
    key: str
    lease: datetime
    attempt: int


class Timers:
    """A table of timers; kind and key name one."""

    def __init__(self, metadata: sa.MetaData) -> None:
        self.table = sa.Table(
            "timers",
            metadata,
            sa.Column("kind", sa.Text, primary_key=True),
            sa.Column("key", sa.Text, primary_key=True),
            sa.Column("due_time", UtcTime, nullable=False),
            sa.Column("attempt", sa.Integer, nullable=False),
            sa.Index("timers_due", "due_time"),
        )

    async def set(self, connection: AsyncConnection, kind: str, key: str, due: datetime) -> None:
        """Let the timer ring at `due`, instead of any time that was set before."""
        facts = {"due_time": due, "attempt": 0}
        row = insert_into(connection, self.table).values(kind=kind, key=key, **facts)
        keys = [self.table.c.kind, self.table.c.key]
        await connection.execute(row.on_conflict_do_update(index_elements=keys, set_=facts))

    async def cancel(self, connection: AsyncConnection, kind: str, key: str) -> None:
        """Let the timer not ring; it need not be there."""
        await connection.execute(sa.delete(self.table).where(*self._named(kind, key)))

    async def due(self, connection: AsyncConnection, kind: str, key: str) -> datetime | None:
        """Return when a timer rings, or None when it is not set."""
        query = sa.select(self.table.c.due_time).where(*self._named(kind, key))
        return (await connection.execute(query)).scalar_one_or_none()

    async def take(
        self, connection: AsyncConnection, kinds: list[str], now: datetime, limit: int = _BATCH
    ) -> list[Rung]:
        """Return timers that are due, soonest first, and put them off by the lease.

        The row is not kept locked while its handler runs: a handler and an event's transaction
        then lock what they are about in the same order, and never wait for each other in a ring.
        """
        table = self.table
        query = sa.select(table).where(table.c.kind.in_(kinds), table.c.due_time <= now)
        query = query.order_by(table.c.due_time).limit(limit).with_for_update(skip_locked=True)
        found = (await connection.execute(query)).all()
        taken = [Rung(row.kind, row.key, now + _LEASE, row.attempt + 1) for row in found]
        for each in taken:
            change = {"due_time": each.lease, "attempt": each.attempt}
            await connection.execute(
                sa.update(table).where(*self._named(each.kind, each.key)).values(change)
            )
        return taken

    async def done(self, connection: AsyncConnection, rung: Rung) -> None:
        """Forget a timer, unless it has been set anew since it rang."""
        still = self.table.c.due_time == rung.lease
        named = self._named(rung.kind, rung.key)
        await connection.execute(sa.delete(self.table).where(*named, still))

    async def again(self, connection: AsyncConnection, rung: Rung, due: datetime) -> None:
        """Let a timer whose handler failed ring again, unless it has been set anew."""
        still = self.table.c.due_time == rung.lease
        named = self._named(rung.kind, rung.key)
        change = {"due_time": due}
        await connection.execute(sa.update(self.table).where(*named, still).values(change))

    def _named(self, kind: str, key: str) -> tuple[sa.ColumnElement[bool], ...]:
        return self.table.c.kind == kind, self.table.c.key == key


class Ticker:
    """Rings timers until it is stopped."""

    def __init__(
        self,
        database: Database,
        timers: Timers,
        handlers: Mapping[str, Handler],
        clock: Clock,
        after_commit: Callable[[], None],
    ) -> None:
        self._database = database
        self._timers = timers
        self._handlers = handlers
        self._clock = clock
        self._after_commit = after_commit
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """End after the timer in hand."""
        self._stopping.set()

    async def run(self) -> None:
        """Ring what is due, again and again."""
        while not self._stopping.is_set():
            try:
                rang = await self.tick()
            except Exception:
                # The database may be away for a while; timers wait for it.
                _log.exception("timers.unreadable")
                rang = 0
            if rang < _BATCH:
                await self._pause()

    async def tick(self) -> int:
        """Ring what is due now, at most a batch; return how many timers that were."""
        now = self._clock.now()
        kinds = list(self._handlers)
        if not await self._any_due(kinds, now):
            return 0
        async with self._database.transaction() as connection:
            taken = await self._timers.take(connection, kinds, now)
        for rung in taken:
            await self._ring(rung)
        return len(taken)

    async def _any_due(self, kinds: list[str], now: datetime) -> bool:
        table = self._timers.table
        query = sa.select(table.c.kind).where(table.c.kind.in_(kinds), table.c.due_time <= now)
        async with self._database.reading() as connection:
            return (await connection.execute(query.limit(1))).first() is not None

    async def _ring(self, rung: Rung) -> None:
        try:
            async with self._database.transaction() as connection:
                await self._handlers[rung.kind](connection, rung.key, self._clock.now())
                await self._timers.done(connection, rung)
        except Exception:
            # One key that cannot be handled must not stop the clock for the others.
            _log.exception("timer.failed", kind=rung.kind, attempt=rung.attempt)
            due = self._clock.now() + backoff(rung.attempt)
            async with self._database.transaction() as connection:
                await self._timers.again(connection, rung, due)
        else:
            self._after_commit()

    async def _pause(self) -> None:
        try:
            async with asyncio.timeout(_POLL_SECONDS):
                await self._stopping.wait()
        except TimeoutError:
            pass


def backoff(attempt: int) -> timedelta:
    """Return how long to wait after a failed attempt: half a second doubling to a minute."""
    return min(timedelta(seconds=0.5 * 2 ** min(attempt - 1, 10)), _LONGEST_BACKOFF)


@asynccontextmanager
async def ticking(
    database: Database,
    timers: Timers,
    handlers: Mapping[str, Handler],
    clock: Clock,
    *,
    after_commit: Callable[[], None] = lambda: None,
) -> AsyncIterator[Ticker]:
    """Ring timers beside the block; `after_commit` follows each handler that succeeded."""
    ticker = Ticker(database, timers, handlers, clock, after_commit)
    async with background(ticker.run(), name="timers", stop=ticker.stop):
        yield ticker


def create_v1(op: Operations) -> None:
    """Create the table of version 1; called by a service's migration and never changed."""
    op.create_table(
        "timers",
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("due_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
    )
    op.create_index("timers_due", "timers", ["due_time"])
