"""The log of changes to messages: written with each change, numbered when somebody watches."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.messaging.locks import lock
from services.messaging.model import Direction, Message, Status
from services.messaging.sending.tables import changes
from services.messaging.tables import messages

_AT_ONCE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeFilters:
    """What a watch is narrowed to; empty and None narrow nothing."""

    message_id: str = ""
    our_number: str = ""
    peer_number: str = ""
    direction: Direction | None = None
    statuses: Sequence[Status] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """A message was made, or something of it changed."""

    sequence: int
    record_time: datetime
    message_id: str
    status: Status
    raw_status: str


async def note_new(connection: AsyncConnection, message: Message) -> None:
    """Log that a message was made."""
    await connection.execute(sa.insert(changes).values(**_note(message)))


async def note_change(connection: AsyncConnection, message: Message) -> None:
    """Log what is about to be written over a message, unless it changes nothing one can see."""
    told = sa.select(
        *(
            sa.literal(value, changes.c[name].type).label(name)
            for name, value in _note(message).items()
        )
    ).where(
        sa.exists().where(
            messages.c.message_id == message.message_id, sa.or_(*_differences(message))
        )
    )
    await connection.execute(sa.insert(changes).from_select(list(_note(message)), told))


class ChangeStore:
    """Numbers and reads the log, on SQLite and PostgreSQL."""

    async def unnumbered(self, connection: AsyncConnection) -> bool:
        """Say whether there are changes without a number."""
        query = sa.select(changes.c.change_id).where(changes.c.sequence.is_(None)).limit(1)
        return (await connection.execute(query)).first() is not None

    async def number(self, connection: AsyncConnection) -> bool:
        """Give numbers to changes that were committed; say whether there may be more.

        One at a time and until the end of the transaction, so a number can only be seen when all
        the smaller ones can.
        """
        await lock(connection, "message changes")
        query = sa.select(changes.c.change_id).where(changes.c.sequence.is_(None))
        rows = await connection.execute(query.order_by(changes.c.change_id).limit(_AT_ONCE))
        found = rows.scalars().all()
        if not found:
            return False
        first = await self.latest(connection) + 1
        update = (
            sa.update(changes)
            .where(changes.c.change_id == sa.bindparam("numbered"))
            .values(sequence=sa.bindparam("number"))
        )
        numbers = [{"numbered": id_, "number": first + place} for place, id_ in enumerate(found)]
        await connection.execute(update, numbers)
        return len(found) == _AT_ONCE

    async def latest(self, connection: AsyncConnection) -> int:
        """Return the greatest number given, 0 at first."""
        query = sa.select(sa.func.max(changes.c.sequence))
        return (await connection.execute(query)).scalar() or 0

    async def forgotten(self, connection: AsyncConnection) -> int:
        """Return the number up to which changes are no longer kept, 0 when all are."""
        query = sa.select(sa.func.min(changes.c.sequence))
        return ((await connection.execute(query)).scalar() or 1) - 1

    async def read(
        self,
        connection: AsyncConnection,
        filters: ChangeFilters,
        *,
        after: int,
        upto: int,
        limit: int,
    ) -> list[Change]:
        """Return at most `limit` changes between two numbers, of messages that are there."""
        query = (
            sa.select(changes)
            .join(messages, messages.c.message_id == changes.c.message_id)
            .where(changes.c.sequence > after, changes.c.sequence <= upto, *_conditions(filters))
            .order_by(changes.c.sequence)
            .limit(limit)
        )
        return [_change(row) for row in await connection.execute(query)]

    async def prune(self, connection: AsyncConnection, before: datetime) -> None:
        """Forget changes recorded earlier, but never the last, which the numbers go on from."""
        latest = await self.latest(connection)
        old = sa.delete(changes).where(changes.c.record_time < before, changes.c.sequence < latest)
        await connection.execute(old)


def _note(message: Message) -> dict[str, Any]:
    return {
        "record_time": datetime.now(UTC),
        "message_id": message.message_id,
        "status": message.status.value,
        "raw_status": message.raw_status,
    }


def _differences(message: Message) -> list[sa.ColumnElement[bool]]:
    """Return what tells a message apart from its row, in what a watcher can see of it."""
    failure = message.failure
    shown = {
        "status": message.status.value,
        "raw_status": message.raw_status,
        "carrier_message_id": message.carrier_message_id or None,
        "failure_reason": failure.reason.value if failure else "",
        "accept_time": message.accept_time,
        "send_time": message.send_time,
        "complete_time": message.complete_time,
        "read_time": message.read_time,
        "release_time": message.plan.release_time,
        "deferral": message.plan.deferral.value,
        "cost_amount": message.cost_amount,
        "parts": message.parts,
    }
    return [
        messages.c[name].is_distinct_from(sa.literal(value, messages.c[name].type))
        for name, value in shown.items()
    ] + [_people_differ(message)]


def _people_differ(message: Message) -> sa.ColumnElement[bool]:
    # As text: JSON has no equality on PostgreSQL, and both databases keep what was written.
    people = [dataclasses.asdict(person) for person in message.recipients]
    new = sa.cast(sa.literal(people, messages.c.recipients.type), sa.Text)
    return sa.cast(messages.c.recipients, sa.Text) != new


def _conditions(filters: ChangeFilters) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = []
    for column, wanted in (
        (changes.c.message_id, filters.message_id),
        (messages.c.our_number, filters.our_number),
        (messages.c.peer_number, filters.peer_number),
        (messages.c.direction, filters.direction.value if filters.direction else ""),
    ):
        if wanted:
            conditions.append(column == wanted)
    if filters.statuses:
        conditions.append(changes.c.status.in_([status.value for status in filters.statuses]))
    return conditions


def _change(row: sa.Row[Any]) -> Change:
    return Change(row.sequence, row.record_time, row.message_id, Status(row.status), row.raw_status)
