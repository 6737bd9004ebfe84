"""Journeys and the documents of TeXML callers in SQL; every method works in a transaction given."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import insert_into
from services.voice.journeys import rows
from services.voice.journeys.model import Journey
from services.voice.journeys.tables import documents, journeys


class Journeys:
    """The journeys of one service."""

    async def locked(self, connection: AsyncConnection, leg_id: str) -> Journey | None:
        """Return the journey of a leg, locked until the transaction ends; None before it began."""
        query = sa.select(journeys).where(journeys.c.leg_id == leg_id).with_for_update()
        row = (await connection.execute(query)).mappings().first()
        return rows.journey(row) if row else None

    async def find(self, connection: AsyncConnection, leg_id: str) -> Journey | None:
        """Return the journey of a leg, or None."""
        query = sa.select(journeys).where(journeys.c.leg_id == leg_id)
        row = (await connection.execute(query)).mappings().first()
        return rows.journey(row) if row else None

    async def save(self, connection: AsyncConnection, journey: Journey, now: datetime) -> None:
        """Keep where a journey stands."""
        facts = {**rows.values(journey), "update_time": now}
        row = insert_into(connection, journeys).values(**facts, create_time=now)
        kept = row.on_conflict_do_update(index_elements=[journeys.c.leg_id], set_=facts)
        await connection.execute(kept)

    async def document(self, connection: AsyncConnection, leg_id: str, step: str) -> str | None:
        """Return what the carrier was answered before, or None."""
        query = sa.select(documents.c.document).where(
            documents.c.leg_id == leg_id, documents.c.step == step
        )
        return (await connection.execute(query)).scalar_one_or_none()

    async def keep_document(
        self, connection: AsyncConnection, leg_id: str, step: str, document: str, now: datetime
    ) -> None:
        """Keep an answer, to give it again to whoever asks again."""
        row = insert_into(connection, documents).values(
            leg_id=leg_id, step=step, document=document, create_time=now
        )
        await connection.execute(row.on_conflict_do_nothing())

    async def forget_documents(self, connection: AsyncConnection, leg_id: str) -> None:
        """Drop the answers given to a leg that is over."""
        await connection.execute(sa.delete(documents).where(documents.c.leg_id == leg_id))
