"""Messages in the database: one method per query, rows to model and back."""

import dataclasses
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import insert_into
from services.messaging.keywords import Classification, KeywordClass
from services.messaging.locks import lock
from services.messaging.media.model import MediaState
from services.messaging.model import (
    Direction,
    Failure,
    FailureReason,
    Media,
    Message,
    MessageType,
    Purpose,
    Recipient,
    Status,
)
from services.messaging.ports import Filters, Position
from services.messaging.sending.change_store import note_change, note_new
from services.messaging.sending.plan import Deferral, Plan
from services.messaging.tables import messages


class MessageStore:
    """Messages, on SQLite and PostgreSQL."""

    async def get(self, connection: AsyncConnection, message_id: str) -> Message | None:
        """Return the message of this id, or None."""
        return await _one_message(connection, messages.c.message_id == message_id)

    async def hold(self, connection: AsyncConnection, message_id: str) -> Message | None:
        """Return the message and keep others from changing it until the transaction ends."""
        where = messages.c.message_id == message_id
        return await _one_message(connection, where, for_update=True)

    async def of_carrier(
        self, connection: AsyncConnection, carrier_message_id: str
    ) -> Message | None:
        """Return the message the carrier calls so, or None."""
        where = messages.c.carrier_message_id == carrier_message_id
        return await _one_message(connection, where)

    async def of_ids(
        self, connection: AsyncConnection, message_ids: Sequence[str]
    ) -> Sequence[Message]:
        """Return the messages of these ids that are there, in no order."""
        query = sa.select(messages).where(messages.c.message_id.in_(message_ids))
        return [_message(row) for row in await connection.execute(query)]

    async def hold_of_carrier(
        self, connection: AsyncConnection, direction: Direction, carrier_message_id: str
    ) -> Message | None:
        """Return the message the carrier calls so, or None; both stay true to the end.

        Until the transaction ends nobody else changes the message, nor makes one of this id.
        """
        await lock(connection, f"message {direction} {carrier_message_id}")
        where = sa.and_(
            messages.c.direction == direction.value,
            messages.c.carrier_message_id == carrier_message_id,
        )
        return await _one_message(connection, where, for_update=True)

    async def add(self, connection: AsyncConnection, message: Message) -> bool:
        """Insert a message; return False when it is there already."""
        insert = insert_into(connection, messages).values(_message_values(message))
        insert = insert.on_conflict_do_nothing()
        result = await connection.execute(insert.returning(messages.c.message_id))
        if result.first() is None:
            return False
        await note_new(connection, message)
        return True

    async def save(self, connection: AsyncConnection, message: Message) -> None:
        """Write back a message that is held."""
        where = messages.c.message_id == message.message_id
        await note_change(connection, message)
        update = sa.update(messages).where(where).values(_message_values(message))
        await connection.execute(update)

    async def remove(self, connection: AsyncConnection, message_id: str) -> None:
        """Delete a message that has become part of another."""
        await connection.execute(sa.delete(messages).where(messages.c.message_id == message_id))

    async def list(
        self,
        connection: AsyncConnection,
        filters: Filters,
        *,
        limit: int,
        after: Position | None = None,
    ) -> list[Message]:
        """Return at most `limit` messages, newest first, that come after the position."""
        query = sa.select(messages).where(*_conditions(filters))
        if after is not None:
            place = sa.tuple_(
                sa.literal(after.create_time, messages.c.create_time.type), after.message_id
            )
            query = query.where(sa.tuple_(messages.c.create_time, messages.c.message_id) < place)
        query = query.order_by(messages.c.create_time.desc(), messages.c.message_id.desc())
        return [_message(row) for row in await connection.execute(query.limit(limit))]

    async def sent_since(
        self,
        connection: AsyncConnection,
        our_number: str,
        peer_number: str,
        purpose: Purpose,
        since: datetime,
    ) -> bool:
        """Say whether a message of this purpose was made for the pair at this time or later."""
        query = sa.select(messages.c.message_id).where(
            messages.c.peer_number == peer_number,
            messages.c.create_time >= since,
            messages.c.our_number == our_number,
            messages.c.purpose == purpose.value,
        )
        return (await connection.execute(query.limit(1))).first() is not None

    async def waiting(self, connection: AsyncConnection, peer_number: str) -> Sequence[Message]:
        """Return the messages to somebody that have not been handed over, oldest first."""
        waiting = [Status.SCHEDULED.value, Status.QUEUED.value]
        query = sa.select(messages).where(
            messages.c.peer_number == peer_number,
            messages.c.direction == Direction.OUTBOUND.value,
            messages.c.status.in_(waiting),
        )
        rows = await connection.execute(query.order_by(messages.c.create_time))
        return [_message(row) for row in rows]

    async def receives_here(self, connection: AsyncConnection, number: str) -> bool:
        """Say whether a message to this number alone has come in: then it is one of ours."""
        query = sa.select(messages.c.message_id).where(
            messages.c.our_number == number,
            messages.c.direction == Direction.INBOUND.value,
            messages.c.is_group.is_(False),
        )
        return (await connection.execute(query.limit(1))).first() is not None


async def _one_message(
    connection: AsyncConnection, where: sa.ColumnElement[bool], *, for_update: bool = False
) -> Message | None:
    query = sa.select(messages).where(where)
    if for_update:
        query = query.with_for_update()
    row = (await connection.execute(query)).first()
    return None if row is None else _message(row)


def _conditions(filters: Filters) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = []
    if filters.our_number:
        conditions.append(messages.c.our_number == filters.our_number)
    if filters.peer_number:
        conditions.append(messages.c.peer_number == filters.peer_number)
    if filters.conversation_id:
        conditions.append(messages.c.conversation_id == filters.conversation_id)
    if filters.direction is not None:
        conditions.append(messages.c.direction == filters.direction.value)
    if filters.statuses:
        conditions.append(messages.c.status.in_([status.value for status in filters.statuses]))
    if filters.start is not None:
        conditions.append(messages.c.create_time >= filters.start)
    if filters.end is not None:
        conditions.append(messages.c.create_time < filters.end)
    return conditions


def _message_values(message: Message) -> dict[str, Any]:
    failure = message.failure
    classification = message.classification
    return {
        "message_id": message.message_id,
        "carrier_message_id": message.carrier_message_id or None,
        "direction": message.direction.value,
        "status": message.status.value,
        "create_time": message.create_time,
        "our_number": message.our_number,
        "peer_number": message.peer_number,
        "recipients": [dataclasses.asdict(person) for person in message.recipients],
        "is_group": message.is_group,
        "type": message.type.value,
        "raw_type": message.raw_type,
        "text": message.text,
        "subject": message.subject,
        "media": [dataclasses.asdict(media) for media in message.media],
        "purpose": message.purpose.value,
        "raw_status": message.raw_status,
        "failure_reason": failure.reason.value if failure else "",
        "carrier_code": failure.carrier_code if failure else "",
        "carrier_title": failure.carrier_title if failure else "",
        "parts": message.parts,
        "cost_amount": message.cost_amount,
        "cost_currency": message.cost_currency,
        "messaging_profile_id": message.messaging_profile_id,
        "keyword_class": classification.keyword_class.value if classification else "",
        "rule_id": classification.rule_id if classification else "",
        "list_version": classification.list_version if classification else "",
        "answered_by_carrier": message.answered_by_carrier,
        "accept_time": message.accept_time,
        "send_time": message.send_time,
        "complete_time": message.complete_time,
        "read_time": message.read_time,
        "expire_time": message.expire_time,
        **_plan_values(message.plan),
        "auto": message.auto,
        "conversation_id": message.conversation_id,
        "unread": message.unread,
    }


def _message(row: sa.Row[Any]) -> Message:
    return Message(
        message_id=row.message_id,
        carrier_message_id=row.carrier_message_id or "",
        direction=Direction(row.direction),
        status=Status(row.status),
        create_time=row.create_time,
        our_number=row.our_number,
        peer_number=row.peer_number,
        recipients=tuple(_recipient(each) for each in row.recipients),
        type=MessageType(row.type),
        raw_type=row.raw_type,
        text=row.text,
        subject=row.subject,
        media=tuple(_media(each) for each in row.media),
        purpose=Purpose(row.purpose),
        raw_status=row.raw_status,
        failure=_failure(row),
        parts=row.parts,
        cost_amount=row.cost_amount,
        cost_currency=row.cost_currency,
        messaging_profile_id=row.messaging_profile_id,
        classification=classification_of(row),
        answered_by_carrier=row.answered_by_carrier,
        accept_time=row.accept_time,
        send_time=row.send_time,
        complete_time=row.complete_time,
        read_time=row.read_time,
        expire_time=row.expire_time,
        plan=_plan(row),
        auto=row.auto,
        unread=row.unread,
    )


def _media(stored: dict[str, Any]) -> Media:
    state = MediaState(stored.get("state", ""))
    return Media(**{**stored, "state": state})


def _plan_values(plan: Plan) -> dict[str, Any]:
    return {
        "schedule_time": plan.schedule_time,
        "release_time": plan.release_time,
        "deferral": plan.deferral.value,
        "template_id": plan.template_id,
        "template_locale": plan.template_locale,
        "program": plan.program,
    }


def _plan(row: sa.Row[Any]) -> Plan:
    return Plan(
        schedule_time=row.schedule_time,
        release_time=row.release_time,
        deferral=Deferral(row.deferral),
        template_id=row.template_id,
        template_locale=row.template_locale,
        program=row.program,
    )


def _recipient(stored: dict[str, str]) -> Recipient:
    return Recipient(stored["phone_number"], Status(stored["status"]), stored["raw_status"])


def _failure(row: sa.Row[Any]) -> Failure | None:
    if not row.failure_reason:
        return None
    return Failure(FailureReason(row.failure_reason), row.carrier_code, row.carrier_title)


def classification_of(row: sa.Row[Any]) -> Classification | None:
    """Read what a text was classified as from the three columns that hold it."""
    if not row.keyword_class:
        return None
    return Classification(KeywordClass(row.keyword_class), row.rule_id, row.list_version)
