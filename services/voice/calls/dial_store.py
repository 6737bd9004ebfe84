"""Dials in SQL; every method works in the caller's transaction."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.voice.calls.facts import Role
from services.voice.calls.records import CommandState, DialRecord
from services.voice.calls.tables import dials


class SqlDials:
    """The dials of one service."""

    async def add(self, connection: AsyncConnection, dial: DialRecord) -> None:
        """Note a dial that has just been put into the outbox."""
        statement = sa.insert(dials).values(
            dial_id=dial.dial_id,
            role=dial.role.name,
            subject=dial.subject,
            to_address=dial.to_address,
            from_number=dial.from_number,
            state=dial.state.value,
            reason=dial.reason,
            leg_id=dial.leg_id,
            request_time=dial.request_time,
        )
        await connection.execute(statement)

    async def settle(
        self,
        connection: AsyncConnection,
        dial_id: str,
        state: CommandState,
        reason: str,
        leg_id: str,
        now: datetime,
    ) -> None:
        """Note what became of a dial."""
        facts = {"state": state.value, "reason": reason, "leg_id": leg_id, "settle_time": now}
        statement = sa.update(dials).where(dials.c.dial_id == dial_id)
        await connection.execute(statement.values(facts))

    async def get(self, connection: AsyncConnection, dial_id: str) -> DialRecord | None:
        """Return a dial, or None."""
        query = sa.select(dials).where(dials.c.dial_id == dial_id)
        row = (await connection.execute(query)).first()
        if row is None:
            return None
        return DialRecord(
            dial_id=row.dial_id,
            role=Role[row.role],
            subject=row.subject,
            to_address=row.to_address,
            from_number=row.from_number,
            state=CommandState(row.state),
            reason=row.reason,
            leg_id=row.leg_id,
            request_time=row.request_time,
            settle_time=row.settle_time,
        )
