"""What senders have used of their pace, in the database: one pace for all replicas."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import insert_into
from services.messaging.locks import try_lock
from services.messaging.sending.pacing import Bucket
from services.messaging.sending.tables import paces


class PaceStore:
    """The buckets of senders, on SQLite and PostgreSQL."""

    async def hold(self, connection: AsyncConnection, sender: str) -> Bucket:
        """Return a sender's bucket, for a change in this transaction.

        Raises Contended when another transaction has it: it never waits, so a claim of messages of
        many senders cannot end up in a deadlock with another.
        """
        await try_lock(connection, f"pace {sender}")
        row = (await connection.execute(sa.select(paces).where(paces.c.sender == sender))).first()
        if row is None:
            return Bucket()
        return Bucket(row.next_time, row.urgent_time, row.paused_until)

    async def save(self, connection: AsyncConnection, sender: str, bucket: Bucket) -> None:
        """Write a bucket that is held back."""
        values: dict[str, datetime] = {
            "next_time": bucket.next_time,
            "urgent_time": bucket.urgent_time,
            "paused_until": bucket.paused_until,
        }
        insert = insert_into(connection, paces).values(sender=sender, **values)
        insert = insert.on_conflict_do_update(index_elements=["sender"], set_=values)
        await connection.execute(insert)
