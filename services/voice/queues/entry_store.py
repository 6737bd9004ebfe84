"""Places in queues in the database."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.voice.queues.feed import Written
from services.voice.queues.model import Entry, EntryState, Kind
from services.voice.queues.rows import entry_of, entry_values
from services.voice.queues.tables import ALIVE, WAITS, entries

# Bound values would keep the databases from using the indexes on these conditions.
_WAITS = sa.text(f"queue_entries.{WAITS}")
_ALIVE = sa.text(f"queue_entries.{ALIVE}")
_UPDATE = sa.update(entries).where(entries.c.entry_id == sa.bindparam("which"))
_LEFT = entries.c.state == EntryState.LEFT.value
_ORDER = (entries.c.head, entries.c.rank_time, entries.c.enqueue_time, entries.c.entry_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryFilter:
    """Which entries to list; what is empty matches all."""

    left: bool = False
    queue_id: str = ""
    leg_id: str = ""
    caller_number: str = ""


class SqlEntries:
    """Entries, on SQLite and PostgreSQL."""

    async def add(
        self, connection: AsyncConnection, entry: Entry, rank: datetime, now: datetime
    ) -> None:
        """Keep a new entry."""
        values = entry_values(entry) | {"rank_time": rank, "update_time": now}
        await connection.execute(sa.insert(entries), values)

    async def save(
        self, connection: AsyncConnection, entry: Entry, now: datetime, rank: datetime | None = None
    ) -> None:
        """Write what an entry is now; without a rank it keeps the one it has."""
        values = entry_values(entry) | {"update_time": now}
        if rank is not None:
            values["rank_time"] = rank
        await connection.execute(_UPDATE, values | {"which": entry.entry_id})

    async def get(self, connection: AsyncConnection, entry_id: str) -> Entry | None:
        """Return an entry, or None."""
        return await self._one(connection, sa.select(entries).where(_named(entry_id)))

    async def locked(self, connection: AsyncConnection, entry_id: str) -> Entry | None:
        """Return an entry, locked until the transaction ends, or None."""
        query = sa.select(entries).where(_named(entry_id)).with_for_update()
        return await self._one(connection, query)

    async def locked_if_free(
        self, connection: AsyncConnection, entry_ids: Collection[str]
    ) -> dict[str, Entry]:
        """Return and lock those of some entries that nobody else has locked."""
        query = sa.select(entries).where(entries.c.entry_id.in_(sorted(entry_ids)))
        query = query.order_by(entries.c.entry_id).with_for_update(skip_locked=True)
        return {row.entry_id: entry_of(row) for row in await connection.execute(query)}

    async def of_leg(self, connection: AsyncConnection, leg_id: str) -> Entry | None:
        """Return the entry of a leg that has not left, or None."""
        query = sa.select(entries).where(entries.c.leg_id == leg_id, _ALIVE)
        return await self._one(connection, query)

    async def count_of_leg(self, connection: AsyncConnection, leg_id: str) -> int:
        """Return how many entries a leg has ever had."""
        query = sa.select(sa.func.count()).where(entries.c.leg_id == leg_id)
        return (await connection.execute(query)).scalar_one()

    async def callers(self, connection: AsyncConnection, queue_id: str) -> int:
        """Return how many callers on the line wait in a queue."""
        query = sa.select(sa.func.count()).where(
            entries.c.queue_id == queue_id, _WAITS, entries.c.kind == Kind.CALL.value
        )
        return (await connection.execute(query)).scalar_one()

    async def alive(self, connection: AsyncConnection, queue_id: str) -> Sequence[Entry]:
        """Return those of a queue who have not left, locked, by id."""
        query = sa.select(entries).where(entries.c.queue_id == queue_id, _ALIVE)
        rows = await connection.execute(query.order_by(entries.c.entry_id).with_for_update())
        return [entry_of(row) for row in rows]

    async def is_empty(self, connection: AsyncConnection, queue_id: str) -> bool:
        """Say whether everybody has left a queue."""
        query = sa.select(entries.c.entry_id).where(entries.c.queue_id == queue_id, _ALIVE)
        return (await connection.execute(query.limit(1))).first() is None

    async def any_due(self, connection: AsyncConnection, now: datetime) -> bool:
        """Say whether any entry is to be offered."""
        query = sa.select(entries.c.entry_id).where(_due(now)).limit(1)
        return (await connection.execute(query)).first() is not None

    async def due(
        self,
        connection: AsyncConnection,
        queue_ids: Collection[str],
        now: datetime,
        limit: int | None,
    ) -> Sequence[Entry]:
        """Return at most `limit` entries to offer, in the order in which they are served."""
        query = sa.select(entries).where(entries.c.queue_id.in_(sorted(queue_ids)), _due(now))
        rows = await connection.execute(query.order_by(*_ORDER).limit(limit))
        return [entry_of(row) for row in rows]

    async def standing(
        self, connection: AsyncConnection, queue_id: str
    ) -> tuple[int, datetime | None]:
        """Return how many wait in a queue, and since when the one who has waited longest."""
        counted = sa.func.count(), sa.func.min(entries.c.enqueue_time, type_=_time())
        query = sa.select(*counted).where(entries.c.queue_id == queue_id, _WAITS)
        count, oldest = (await connection.execute(query)).one()
        return count, oldest

    async def position(self, connection: AsyncConnection, entry_id: str) -> int:
        """Return the place of an entry in its queue, from 1; 0 when it has none."""
        own = entries.alias("own")
        mine = sa.tuple_(own.c.head, own.c.rank_time, own.c.enqueue_time, own.c.entry_id)
        ahead = sa.select(sa.func.count()).select_from(
            sa.join(own, entries, own.c.queue_id == entries.c.queue_id)
        )
        query = ahead.where(
            own.c.entry_id == entry_id,
            own.c.state.in_([EntryState.WAITING.value, EntryState.OFFERED.value]),
            _WAITS,
            sa.tuple_(*_ORDER) <= mine,
        )
        return (await connection.execute(query)).scalar_one()

    async def page(
        self,
        connection: AsyncConnection,
        wanted: EntryFilter,
        after: tuple[object, ...] | None,
        limit: int,
    ) -> Sequence[tuple[Entry, tuple[object, ...]]]:
        """Return at most `limit` entries that follow a place, each with its own."""
        columns = (entries.c.left_time, entries.c.entry_id) if wanted.left else _ORDER
        query = sa.select(entries).where(*_conditions(wanted))
        if after is not None:
            bound = sa.tuple_(
                *(
                    sa.literal(part, column.type)
                    for part, column in zip(after, columns, strict=True)
                )
            )
            place = sa.tuple_(*columns)
            query = query.where(place < bound if wanted.left else place > bound)
        ordered = [column.desc() for column in columns] if wanted.left else list(columns)
        rows = await connection.execute(query.order_by(*ordered).limit(limit))
        names = [column.key for column in columns]
        return [(entry_of(row), tuple(getattr(row, name) for name in names)) for row in rows]

    async def recent(
        self, connection: AsyncConnection, since: datetime
    ) -> Sequence[Written[Entry]]:
        """Return what was written at a time or later."""
        return await self._written(connection, entries.c.update_time >= since)

    async def watched(
        self, connection: AsyncConnection, queue_id: str, entry_ids: Collection[str]
    ) -> Sequence[Written[Entry]]:
        """Return those of a queue who have not left, in their order, and some others."""
        here = await self._written(connection, sa.and_(entries.c.queue_id == queue_id, _ALIVE))
        others = sorted(set(entry_ids) - {row.key for row in here})
        if not others:
            return here
        return [*here, *await self._written(connection, entries.c.entry_id.in_(others))]

    async def _written(
        self, connection: AsyncConnection, wanted: sa.ColumnElement[bool]
    ) -> list[Written[Entry]]:
        rows = await connection.execute(sa.select(entries).where(wanted).order_by(*_ORDER))
        return [Written(row.entry_id, entry_of(row), row.update_time) for row in rows]

    async def _one(
        self, connection: AsyncConnection, query: sa.Select[tuple[object]]
    ) -> Entry | None:
        row = (await connection.execute(query)).first()
        return entry_of(row) if row else None


def _named(entry_id: str) -> sa.ColumnElement[bool]:
    return entries.c.entry_id == entry_id


def _due(now: datetime) -> sa.ColumnElement[bool]:
    ready = sa.or_(entries.c.not_before.is_(None), entries.c.not_before <= now)
    # The first condition is the index's; the second alone would not use it.
    return sa.and_(_WAITS, entries.c.state == EntryState.WAITING.value, ready)


def _time() -> sa.types.TypeEngine[datetime]:
    return entries.c.enqueue_time.type


def _conditions(wanted: EntryFilter) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = [_LEFT if wanted.left else sa.not_(_LEFT)]
    for column, value in (
        (entries.c.queue_id, wanted.queue_id),
        (entries.c.leg_id, wanted.leg_id),
        (entries.c.caller_number, wanted.caller_number),
    ):
        if value:
            conditions.append(column == value)
    return conditions
