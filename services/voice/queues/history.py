"""What queues remember of a caller: who handled them last, and when they gave up."""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.voice.queues.model import Outcome
from services.voice.queues.tables import entries
from services.voice.routing.answers import Past

REMEMBERS = timedelta(days=30)
"""How long an agent who handled a caller is their agent."""

RECENT = timedelta(minutes=30)
"""How long a wait that was given up is told of."""

_GAVE_UP = (Outcome.ABANDONED.value, Outcome.SHORT_ABANDONED.value)


class SqlHistory:
    """Remembers callers by their number; those without one are strangers each time."""

    async def of(self, connection: AsyncConnection, number: str, now: datetime) -> Past:
        """Return what is remembered of an E.164 number."""
        if not number:
            return Past()
        since = now - REMEMBERS
        last = await self._last(connection, number, since)
        handled = await self._last(connection, number, since, entries.c.talk_agent_id != "")
        gave_up = await self._last(connection, number, now - RECENT, _ABANDONED)
        return Past(
            last_agent_id=handled.talk_agent_id if handled else "",
            handled_time=handled.talk_end_time if handled else None,
            abandoned_time=gave_up.left_time if gave_up else None,
            abandoned_wait=_waited(gave_up),
            abandoned_queue_id=gave_up.queue_id if gave_up else "",
            previous_outcome=last.outcome if last else "",
        )

    async def credit(
        self,
        connection: AsyncConnection,
        number: str,
        queue_id: str,
        window: timedelta,
        now: datetime,
    ) -> timedelta:
        """Return the wait this number gave up last in a queue within a window; none is zero."""
        if not number:
            return timedelta()
        here = sa.and_(_ABANDONED, entries.c.queue_id == queue_id)
        return _waited(await self._last(connection, number, now - window, here))

    async def _last(
        self,
        connection: AsyncConnection,
        number: str,
        since: datetime,
        *conditions: sa.ColumnElement[bool],
    ) -> sa.Row[Any] | None:
        """Return the entry of a number that left last, not before a time."""
        query = sa.select(entries).where(
            entries.c.caller_number == number, entries.c.left_time >= since, *conditions
        )
        newest = query.order_by(entries.c.left_time.desc(), entries.c.entry_id).limit(1)
        return (await connection.execute(newest)).first()


_ABANDONED = entries.c.outcome.in_(_GAVE_UP)


def _waited(entry: sa.Row[Any] | None) -> timedelta:
    return max(entry.left_time - entry.enqueue_time, timedelta()) if entry else timedelta()
