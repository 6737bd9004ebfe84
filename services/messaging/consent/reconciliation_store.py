"""How far the carrier's lists have been read, in the database."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import insert_into
from services.messaging.consent.tables import reconciliation


class ReconciliationStore:
    """Cursors, on SQLite and PostgreSQL."""

    async def cursor(self, connection: AsyncConnection, list_name: str) -> datetime | None:
        """Return the newest time seen in a list, or None before the first reading."""
        query = sa.select(reconciliation.c.cursor_time)
        query = query.where(reconciliation.c.list_name == list_name)
        found = (await connection.execute(query)).scalar_one_or_none()
        return found if isinstance(found, datetime) else None

    async def move(
        self,
        connection: AsyncConnection,
        list_name: str,
        cursor_time: datetime | None,
        now: datetime,
    ) -> None:
        """Write down how far a list has been read, and when."""
        values = {"cursor_time": cursor_time, "finish_time": now}
        insert = insert_into(connection, reconciliation).values(list_name=list_name, **values)
        await connection.execute(
            insert.on_conflict_do_update(index_elements=["list_name"], set_=values)
        )
