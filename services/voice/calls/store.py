"""Calls and their commands in SQL; one method per question, no rules."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import insert_into
from services.voice.calls import rows
from services.voice.calls.model import Call, CommandKind
from services.voice.calls.records import (
    CallFilter,
    CallRecord,
    CommandRecord,
    CommandState,
    Place,
    SessionFilter,
)
from services.voice.calls.tables import changes
from services.voice.tables import calls, commands


class SqlCalls:
    """The calls of one service; every method works in the caller's transaction."""

    async def locked(self, connection: AsyncConnection, sighting: Call, now: datetime) -> Call:
        """Return the call an event is about, locked until the transaction ends.

        A leg that is new is created empty first, so that two events of it wait for one another.
        """
        leg_id = await self._leg_id(connection, sighting)
        query = sa.select(calls).where(calls.c.leg_id == leg_id).with_for_update()
        found = (await connection.execute(query)).mappings().first()
        if found is None:
            empty = {**rows.values(Call(leg_id=leg_id)), "create_time": now, "update_time": now}
            created = insert_into(connection, calls).values(empty).on_conflict_do_nothing()
            await connection.execute(created)
            found = (await connection.execute(query)).mappings().one()
        return rows.call(found)

    async def save(self, connection: AsyncConnection, call: Call, now: datetime) -> None:
        """Write what is known of a call now; it must exist."""
        statement = sa.update(calls).where(calls.c.leg_id == call.leg_id)
        await connection.execute(statement.values({**rows.values(call), "update_time": now}))
        await changes.note(connection, rows.name(call.state), call.leg_id)

    async def find(self, connection: AsyncConnection, sighting: Call) -> Call | None:
        """Return the call an event is about, or None when it is the first to tell of it."""
        query = sa.select(calls).where(calls.c.leg_id == await self._leg_id(connection, sighting))
        found = (await connection.execute(query)).mappings().first()
        return rows.call(found) if found else None

    async def get(self, connection: AsyncConnection, leg_id: str) -> CallRecord | None:
        """Return one call with its commands, or None."""
        found = await self._records(connection, sa.select(calls).where(calls.c.leg_id == leg_id))
        return found[0] if found else None

    async def of_ids(
        self, connection: AsyncConnection, leg_ids: Sequence[str]
    ) -> Sequence[CallRecord]:
        """Return the calls that are there, with their commands, oldest first."""
        query = sa.select(calls).where(calls.c.leg_id.in_(leg_ids))
        oldest = query.order_by(calls.c.create_time, calls.c.leg_id)
        return await self._records(connection, oldest)

    async def of_sessions(
        self, connection: AsyncConnection, session_ids: Sequence[str], limit: int
    ) -> Sequence[CallRecord]:
        """Return at most `limit` legs of some sessions, oldest first."""
        query = sa.select(calls).where(calls.c.session_id.in_(session_ids))
        oldest = query.order_by(calls.c.create_time, calls.c.leg_id)
        return await self._records(connection, oldest.limit(limit))

    async def first_legs(
        self,
        connection: AsyncConnection,
        wanted: SessionFilter,
        after: Place | None,
        limit: int,
    ) -> Sequence[tuple[str, Place]]:
        """Return up to `limit` sessions that follow a place, newest first, with their places."""
        columns = (calls.c.session_id, calls.c.create_time, calls.c.leg_id)
        query = sa.select(*columns).where(*_session_conditions(wanted))
        if after is not None:
            query = query.where(_follows(after))
        newest = query.order_by(calls.c.create_time.desc(), calls.c.leg_id.desc())
        found = await connection.execute(newest.limit(limit))
        return [(row.session_id, Place(row.create_time, row.leg_id)) for row in found]

    async def page(
        self, connection: AsyncConnection, wanted: CallFilter, after: Place | None, limit: int
    ) -> Sequence[CallRecord]:
        """Return up to `limit` calls, newest first, that follow a place."""
        query = sa.select(calls).where(*_conditions(wanted))
        if after is not None:
            query = query.where(_follows(after))
        newest = query.order_by(calls.c.create_time.desc(), calls.c.leg_id.desc())
        return await self._records(connection, newest.limit(limit))

    async def add_command(
        self,
        connection: AsyncConnection,
        leg_id: str,
        command_id: str,
        key: str,
        kind: CommandKind,
        now: datetime,
    ) -> None:
        """Note a command that has just been put into the outbox."""
        before = sa.select(sa.func.count()).where(commands.c.leg_id == leg_id)
        statement = sa.insert(commands).values(
            command_id=command_id,
            leg_id=leg_id,
            command_key=key,
            kind=kind.value,
            ordinal=before.scalar_subquery(),
            state=CommandState.REQUESTED.value,
            reason="",
            request_time=now,
        )
        await connection.execute(statement)
        await self._note(connection, leg_id)

    async def settle_command(
        self,
        connection: AsyncConnection,
        command_id: str,
        state: CommandState,
        reason: str,
        now: datetime,
    ) -> None:
        """Note what became of a command; a later word replaces an earlier one."""
        statement = sa.update(commands).where(commands.c.command_id == command_id)
        changed = statement.values(state=state.value, reason=reason, settle_time=now)
        leg_id = (await connection.execute(changed.returning(commands.c.leg_id))).scalar()
        if leg_id is not None:
            await self._note(connection, leg_id)

    async def commands_of(
        self, connection: AsyncConnection, leg_id: str
    ) -> Sequence[CommandRecord]:
        """Return the commands of a leg in the order they were given."""
        return (await self._commands(connection, [leg_id])).get(leg_id, ())

    async def _note(self, connection: AsyncConnection, leg_id: str) -> None:
        """Tell watchers that something of a leg changed."""
        query = sa.select(calls.c.state).where(calls.c.leg_id == leg_id)
        state = (await connection.execute(query)).scalar()
        if state is not None:
            await changes.note(connection, state, leg_id)

    async def _leg_id(self, connection: AsyncConnection, sighting: Call) -> str:
        """Return the id of the row an event belongs to.

        An event without a leg id carries its control id in its place: it belongs to the leg that
        other events have named both ids of, and else to a row under the control id.
        """
        if sighting.leg_id != sighting.control_id:
            return sighting.leg_id
        query = sa.select(calls.c.leg_id).where(calls.c.control_id == sighting.control_id)
        oldest = query.order_by(calls.c.create_time, calls.c.leg_id).limit(1)
        return (await connection.execute(oldest)).scalar() or sighting.leg_id

    async def _records(
        self, connection: AsyncConnection, query: sa.Select[Any]
    ) -> Sequence[CallRecord]:
        found = (await connection.execute(query)).mappings().all()
        given = await self._commands(connection, [row["leg_id"] for row in found])
        return [rows.record(row, given.get(row["leg_id"], ())) for row in found]

    async def _commands(
        self, connection: AsyncConnection, leg_ids: Sequence[str]
    ) -> Mapping[str, tuple[CommandRecord, ...]]:
        if not leg_ids:
            return {}
        query = sa.select(commands).where(commands.c.leg_id.in_(leg_ids))
        query = query.order_by(commands.c.request_time, commands.c.ordinal)
        found: dict[str, list[CommandRecord]] = {}
        for row in (await connection.execute(query)).mappings():
            found.setdefault(row["leg_id"], []).append(rows.command(row))
        return {leg_id: tuple(given) for leg_id, given in found.items()}


def _follows(after: Place) -> sa.ColumnElement[bool]:
    place = sa.tuple_(calls.c.create_time, calls.c.leg_id)
    time = sa.literal(after.create_time, calls.c.create_time.type)
    return place < sa.tuple_(time, sa.literal(after.leg_id))


def _session_conditions(wanted: SessionFilter) -> list[sa.ColumnElement[bool]]:
    """Return what tells the first leg of a session that is wanted."""
    other = calls.alias("other")
    same = other.c.session_id == calls.c.session_id
    begun, earlier = (sa.tuple_(each.c.create_time, each.c.leg_id) for each in (calls, other))
    conditions = [calls.c.session_id != "", ~sa.exists().where(same, earlier < begun)]
    if wanted.phone_number:
        numbers = (other.c.caller_number, other.c.called_number)
        either = sa.or_(*(column == wanted.phone_number for column in numbers))
        conditions.append(sa.exists().where(same, either))
    if wanted.alive_only:
        conditions.append(sa.exists().where(same, other.c.hangup_time.is_(None)))
    return conditions


def _conditions(wanted: CallFilter) -> list[sa.ColumnElement[bool]]:
    equal = {
        calls.c.state: rows.name(wanted.state),
        calls.c.direction: rows.name(wanted.direction),
        calls.c.session_id: wanted.session_id,
        calls.c.queue_name: wanted.queue_name,
        calls.c.role: rows.name(wanted.role),
        calls.c.dial_id: wanted.dial_id,
    }
    conditions = [column == value for column, value in equal.items() if value]
    if wanted.phone_number:
        numbers = (calls.c.caller_number, calls.c.called_number)
        conditions.append(sa.or_(*(column == wanted.phone_number for column in numbers)))
    if wanted.created_after:
        conditions.append(calls.c.create_time >= wanted.created_after)
    if wanted.created_before:
        conditions.append(calls.c.create_time < wanted.created_before)
    return conditions
