"""Conversations in the database: a projection that every change of a message keeps up."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import insert_into
from services.messaging.message_store import MessageStore
from services.messaging.model import Direction, Message
from services.messaging.ports import Filters, Position
from services.messaging.replies.conversations import (
    Conversation,
    ConversationFilters,
    ConversationState,
)
from services.messaging.replies.guards import Mute, MuteReason
from services.messaging.replies.tables import conversations, mutes
from services.messaging.tables import messages

_MUTE_COLUMNS = {
    MuteReason.PEER_IS_BOT: conversations.c.bot_end_time,
    MuteReason.ECHO: conversations.c.mute_end_time,
}


class ThreadedMessageStore(MessageStore):
    """Messages, each change of which its conversation learns of in the same transaction."""

    def __init__(self) -> None:
        self._conversations = ConversationStore()

    async def add(self, connection: AsyncConnection, message: Message) -> bool:
        """Insert a message; return False when it is there already."""
        added = await super().add(connection, message)
        if added and message.conversation_id:
            await self._conversations.count(connection, message)
        return added

    async def save(self, connection: AsyncConnection, message: Message) -> None:
        """Write back a message that is held; a report may tell at last who it was from or to."""
        before = await _conversation_id(connection, message.message_id)
        await super().save(connection, message)
        if before != message.conversation_id:
            await self._conversations.rebuild(connection, before)
            await self._conversations.rebuild(connection, message.conversation_id)

    async def remove(self, connection: AsyncConnection, message_id: str) -> None:
        """Delete a message that has become part of another."""
        before = await _conversation_id(connection, message_id)
        await super().remove(connection, message_id)
        await self._conversations.rebuild(connection, before)


class ConversationStore:
    """Conversations, on SQLite and PostgreSQL."""

    async def get(
        self, connection: AsyncConnection, conversation_id: str, *, hold: bool = False
    ) -> Conversation | None:
        """Return a conversation or None; held, nobody else changes it until the end."""
        query = sa.select(conversations).where(conversations.c.conversation_id == conversation_id)
        row = (await connection.execute(query.with_for_update() if hold else query)).first()
        return None if row is None else _conversation(row)

    async def page(
        self,
        connection: AsyncConnection,
        filters: ConversationFilters,
        now: datetime,
        *,
        limit: int,
        after: Position | None = None,
    ) -> list[Conversation]:
        """Return at most `limit` conversations, newest first, that come after the position."""
        table = conversations.c
        query = sa.select(conversations).where(*_conditions(filters, now))
        if after is not None:
            time = sa.literal(after.create_time, table.last_time.type)
            place = sa.tuple_(time, after.message_id)
            query = query.where(sa.tuple_(table.last_time, table.conversation_id) < place)
        query = query.order_by(table.last_time.desc(), table.conversation_id.desc())
        return [_conversation(row) for row in await connection.execute(query.limit(limit))]

    async def count(self, connection: AsyncConnection, message: Message) -> None:
        """Add a new message to its conversation."""
        table = conversations.c
        insert = insert_into(connection, conversations).values(_counted(message))
        new = insert.excluded
        counts = (table.inbound_count, table.outbound_count, table.unread_count)
        times = (table.last_inbound_time, table.last_outbound_time)
        newer = sa.or_(
            new.last_time > table.last_time,
            sa.and_(new.last_time == table.last_time, new.last_message_id > table.last_message_id),
        )
        changes: dict[str, Any] = {each.name: each + new[each.name] for each in counts}
        changes |= {each.name: _later(each, new[each.name]) for each in times}
        changes |= {
            each.name: sa.case((newer, new[each.name]), else_=each)
            for each in (table.last_message_id, table.last_time)
        }
        await connection.execute(
            insert.on_conflict_do_update(index_elements=[table.conversation_id], set_=changes)
        )

    async def mark_read(
        self, connection: AsyncConnection, conversation_id: str, up_to: Message | None
    ) -> None:
        """Mark what was received in a conversation as read, up to a message or all of it."""
        where = [messages.c.conversation_id == conversation_id, messages.c.unread]
        if up_to is not None:
            time = sa.literal(up_to.create_time, messages.c.create_time.type)
            place = sa.tuple_(time, up_to.message_id)
            where.append(sa.tuple_(messages.c.create_time, messages.c.message_id) <= place)
        await connection.execute(sa.update(messages).where(*where).values(unread=False))
        await self.rebuild(connection, conversation_id)

    async def mute(self, connection: AsyncConnection, message: Message, mute: Mute) -> None:
        """Mute the pair of a message until a time, if it is not muted for longer already."""
        values = {
            "our_number": message.our_number,
            "peer_number": message.peer_number,
            "reason": mute.reason.value,
            "end_time": mute.end_time,
            "cause_message_id": message.message_id,
        }
        insert = insert_into(connection, mutes).values(values)
        keys = [mutes.c.our_number, mutes.c.peer_number, mutes.c.reason]
        await connection.execute(
            insert.on_conflict_do_update(
                index_elements=keys,
                set_={name: insert.excluded[name] for name in ("end_time", "cause_message_id")},
            )
        )
        where = conversations.c.conversation_id == message.conversation_id
        column = _MUTE_COLUMNS[mute.reason].name
        update = sa.update(conversations).where(where).values({column: mute.end_time})
        await connection.execute(update)

    async def mutes(
        self, connection: AsyncConnection, our_number: str, peer_number: str
    ) -> list[Mute]:
        """Return what a pair is or was muted with."""
        query = sa.select(mutes.c.reason, mutes.c.end_time).where(
            mutes.c.our_number == our_number, mutes.c.peer_number == peer_number
        )
        rows = (await connection.execute(query)).all()
        return [Mute(MuteReason(row.reason), row.end_time) for row in rows]

    async def rebuild(self, connection: AsyncConnection, conversation_id: str) -> None:
        """Compute a conversation anew from its messages and mutes."""
        if not conversation_id:
            return
        where = conversations.c.conversation_id == conversation_id
        await connection.execute(sa.delete(conversations).where(where))
        last = await self._last_message(connection, conversation_id)
        if last is None:
            return
        values = _counted(last) | await _sums(connection, conversation_id)
        if not last.is_group:
            for mute in await self.mutes(connection, last.our_number, last.peer_number):
                values[_MUTE_COLUMNS[mute.reason].name] = mute.end_time
        await connection.execute(sa.insert(conversations).values(values))

    async def rebuild_all(self, connection: AsyncConnection) -> int:
        """Compute every conversation anew; return how many there are."""
        await connection.execute(sa.delete(conversations))
        query = sa.select(messages.c.conversation_id).distinct()
        found = [each for each in (await connection.execute(query)).scalars() if each]
        for conversation_id in found:
            await self.rebuild(connection, conversation_id)
        return len(found)

    async def last_messages(
        self, connection: AsyncConnection, of: Sequence[Conversation]
    ) -> dict[str, Message]:
        """Return the last message of each conversation, by its id."""
        ids = [each.last_message_id for each in of]
        return {each.message_id: each for each in await MessageStore().of_ids(connection, ids)}

    async def _last_message(
        self, connection: AsyncConnection, conversation_id: str
    ) -> Message | None:
        filters = Filters(conversation_id=conversation_id)
        found = await MessageStore().list(connection, filters, limit=1)
        return found[0] if found else None


async def _conversation_id(connection: AsyncConnection, message_id: str) -> str:
    query = sa.select(messages.c.conversation_id).where(messages.c.message_id == message_id)
    return (await connection.execute(query)).scalar_one_or_none() or ""


async def _sums(connection: AsyncConnection, conversation_id: str) -> dict[str, Any]:
    inbound = messages.c.direction == Direction.INBOUND.value
    time = messages.c.create_time

    def number(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
        return sa.func.coalesce(sa.func.sum(sa.case((condition, 1), else_=0)), 0)

    def newest(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[Any]:
        return sa.func.max(sa.case((condition, time), else_=None), type_=time.type)

    query = sa.select(
        number(inbound).label("inbound_count"),
        number(~inbound).label("outbound_count"),
        number(messages.c.unread).label("unread_count"),
        newest(inbound).label("last_inbound_time"),
        newest(~inbound).label("last_outbound_time"),
    ).where(messages.c.conversation_id == conversation_id)
    return dict((await connection.execute(query)).mappings().one())


def _counted(message: Message) -> dict[str, Any]:
    """Return the row of a conversation of this one message."""
    inbound = message.direction is Direction.INBOUND
    return {
        "conversation_id": message.conversation_id,
        "our_number": message.our_number,
        "peer_number": message.others[0],
        "group_numbers": list(message.others) if len(message.others) > 1 else [],
        "members": f" {' '.join(message.others)} ",
        "last_message_id": message.message_id,
        "last_time": message.create_time,
        "inbound_count": int(inbound),
        "outbound_count": int(not inbound),
        "unread_count": int(message.unread),
        "last_inbound_time": message.create_time if inbound else None,
        "last_outbound_time": None if inbound else message.create_time,
    }


def _later(known: sa.ColumnElement[Any], new: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """Return the later of two times, of which either may be missing."""
    return sa.case((known.is_(None), new), (new > known, new), else_=known)


def _conditions(filters: ConversationFilters, now: datetime) -> list[sa.ColumnElement[bool]]:
    table = conversations.c
    conditions: list[sa.ColumnElement[bool]] = []
    if filters.our_number:
        conditions.append(table.our_number == filters.our_number)
    if filters.peer_number:
        member = table.members.contains(f" {filters.peer_number} ", autoescape=True)
        conditions.append(sa.or_(table.peer_number == filters.peer_number, member))
    if filters.unread_only:
        conditions.append(table.unread_count > 0)
    if filters.state is not None:
        conditions.append(_in_state(filters.state, now))
    return conditions


def _in_state(state: ConversationState, now: datetime) -> sa.ColumnElement[bool]:
    table = conversations.c
    bot = sa.and_(table.bot_end_time.is_not(None), table.bot_end_time > now)
    muted = sa.and_(table.mute_end_time.is_not(None), table.mute_end_time > now)
    match state:
        case ConversationState.PEER_IS_BOT:
            return bot
        case ConversationState.MUTED:
            return sa.and_(muted, sa.not_(bot))
        case ConversationState.OPEN:
            return sa.and_(sa.not_(muted), sa.not_(bot))


def _conversation(row: sa.Row[Any]) -> Conversation:
    return Conversation(
        conversation_id=row.conversation_id,
        our_number=row.our_number,
        others=tuple(row.group_numbers) or (row.peer_number,),
        last_message_id=row.last_message_id,
        last_time=row.last_time,
        inbound_count=row.inbound_count,
        outbound_count=row.outbound_count,
        unread_count=row.unread_count,
        last_inbound_time=row.last_inbound_time,
        last_outbound_time=row.last_outbound_time,
        bot_end_time=row.bot_end_time,
        mute_end_time=row.mute_end_time,
    )
