"""Queues in the database."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import insert_into
from services.voice.queues.model import Queue
from services.voice.queues.rows import queue_of, settings_of
from services.voice.queues.tables import queues


@dataclass(frozen=True, slots=True)
class QueueRecord:
    """A queue as it is kept."""

    queue: Queue
    create_time: datetime
    update_time: datetime


class SqlQueues:
    """Queues, on SQLite and PostgreSQL."""

    async def add(self, connection: AsyncConnection, queue: Queue, now: datetime) -> bool:
        """Keep a new queue; False when there is one of its id."""
        row = insert_into(connection, queues).values(
            **_values(queue), create_time=now, update_time=now
        )
        added = row.on_conflict_do_nothing().returning(queues.c.queue_id)
        return (await connection.execute(added)).first() is not None

    async def save(self, connection: AsyncConnection, queue: Queue, now: datetime) -> None:
        """Write how a queue works from now on."""
        statement = sa.update(queues).where(queues.c.queue_id == queue.queue_id)
        await connection.execute(statement.values(**_values(queue), update_time=now))

    async def remove(self, connection: AsyncConnection, queue_id: str) -> None:
        """Remove a queue; it need not be there."""
        await connection.execute(sa.delete(queues).where(queues.c.queue_id == queue_id))

    async def locked(self, connection: AsyncConnection, queue_id: str) -> Queue | None:
        """Return a queue, locked until the transaction ends, or None."""
        query = sa.select(queues).where(queues.c.queue_id == queue_id).with_for_update()
        row = (await connection.execute(query)).first()
        return queue_of(row) if row else None

    async def get(self, connection: AsyncConnection, queue_id: str) -> Queue | None:
        """Return a queue, or None."""
        record = await self.record(connection, queue_id)
        return record.queue if record else None

    async def record(self, connection: AsyncConnection, queue_id: str) -> QueueRecord | None:
        """Return a queue as it is kept, or None."""
        query = sa.select(queues).where(queues.c.queue_id == queue_id)
        row = (await connection.execute(query)).first()
        return QueueRecord(queue_of(row), row.create_time, row.update_time) if row else None

    async def of_ids(
        self, connection: AsyncConnection, queue_ids: Collection[str]
    ) -> Mapping[str, Queue]:
        """Return the queues of these ids that there are."""
        query = sa.select(queues).where(queues.c.queue_id.in_(sorted(set(queue_ids))))
        return {row.queue_id: queue_of(row) for row in await connection.execute(query)}

    async def ids(self, connection: AsyncConnection) -> Sequence[str]:
        """Return the ids of all queues."""
        return list((await connection.execute(sa.select(queues.c.queue_id))).scalars())

    async def page(
        self, connection: AsyncConnection, after: str, limit: int
    ) -> Sequence[QueueRecord]:
        """Return at most `limit` queues whose id is greater, by id."""
        query = sa.select(queues).where(queues.c.queue_id > after)
        rows = await connection.execute(query.order_by(queues.c.queue_id).limit(limit))
        return [QueueRecord(queue_of(row), row.create_time, row.update_time) for row in rows]


def _values(queue: Queue) -> dict[str, object]:
    return {
        "queue_id": queue.queue_id,
        "display_name": queue.display_name,
        "settings": settings_of(queue),
    }
