"""Which events a service has already handled, in the transaction of what they changed."""

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa
from alembic.operations import Operations
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.clock import Clock, SystemClock
from chassis.columns import UtcTime
from chassis.database import insert_into


class Inbox:
    """The ids of handled events, and the failed attempts at those that would not be handled.

    Ids are kept for as long as an event can come back: the stream's age, redriven dead letters and
    the carrier's own log. Rows hold no personal data.
    """

    def __init__(self, metadata: sa.MetaData, *, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self.table = sa.Table(
            "inbox",
            metadata,
            sa.Column("event_id", sa.Text, primary_key=True),
            sa.Column("handle_time", UtcTime, nullable=False, index=True),
        )
        self.attempts_table = sa.Table(
            "inbox_attempt",
            metadata,
            sa.Column("event_id", sa.Text, primary_key=True),
            sa.Column("attempts", sa.Integer, nullable=False),
            sa.Column("attempt_time", UtcTime, nullable=False, index=True),
        )

    async def unseen(self, connection: AsyncConnection, event_ids: Collection[str]) -> set[str]:
        """Record the ids and return those that were not there before.

        The record stands or falls with the caller's transaction.
        """
        if not event_ids:
            return set()
        now = self._clock.now()
        # Sorted, so that two consumers with the same ids wait for one another in one order.
        rows = [{"event_id": key, "handle_time": now} for key in sorted(set(event_ids))]
        statement = insert_into(connection, self.table).values(rows).on_conflict_do_nothing()
        result = await connection.execute(statement.returning(self.table.c.event_id))
        return set(result.scalars())

    async def forget(self, connection: AsyncConnection, event_ids: Collection[str]) -> None:
        """Take ids out again, because their events were not handled after all."""
        if event_ids:
            where = self.table.c.event_id.in_(sorted(event_ids))
            await connection.execute(sa.delete(self.table).where(where))

    async def note_attempt(self, connection: AsyncConnection, event_id: str) -> int:
        """Count one more failed or uncertain attempt and return how many there are now."""
        table = self.attempts_table
        now = self._clock.now()
        statement = insert_into(connection, table).values(
            event_id=event_id, attempts=1, attempt_time=now
        )
        raised = {"attempts": table.c.attempts + 1, "attempt_time": now}
        statement = statement.on_conflict_do_update(index_elements=["event_id"], set_=raised)
        result = await connection.execute(statement.returning(table.c.attempts))
        return int(result.scalar_one())

    async def attempts(self, connection: AsyncConnection, event_id: str) -> int:
        """Return how many attempts are on record."""
        table = self.attempts_table
        query = sa.select(table.c.attempts).where(table.c.event_id == event_id)
        return int((await connection.execute(query)).scalar() or 0)

    async def clear_attempts(self, connection: AsyncConnection, event_ids: Collection[str]) -> None:
        """Forget the attempts at events that are settled."""
        if event_ids:
            where = self.attempts_table.c.event_id.in_(sorted(event_ids))
            await connection.execute(sa.delete(self.attempts_table).where(where))

    async def prune(self, connection: AsyncConnection, before: datetime) -> int:
        """Delete what is older than `before` and return how many ids that were."""
        old_attempts = self.attempts_table.c.attempt_time < before
        await connection.execute(sa.delete(self.attempts_table).where(old_attempts))
        old = self.table.c.handle_time < before
        result = await connection.execute(sa.delete(self.table).where(old))
        return result.rowcount


def create_v1(op: Operations) -> None:
    """Create the tables of version 1; called by a service's migration and never changed."""
    op.create_table(
        "inbox",
        sa.Column("event_id", sa.Text, primary_key=True),
        sa.Column("handle_time", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_inbox_handle_time", "inbox", ["handle_time"])
    op.create_table(
        "inbox_attempt",
        sa.Column("event_id", sa.Text, primary_key=True),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("attempt_time", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_inbox_attempt_attempt_time", "inbox_attempt", ["attempt_time"])
