"""The gateway's own rows: the index of events, and how far reconciliation has come."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.columns import UtcTime
from chassis.database import insert_into
from chassis.requests import Requests
from chassis.streams import EVENTS
from services.gateway.model import Entry, Filter, Period

metadata = sa.MetaData()
requests = Requests(metadata)

events = sa.Table(
    "event",
    metadata,
    sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("event_id", sa.Text, nullable=False, unique=True),
    sa.Column("type", sa.Text, nullable=False),
    sa.Column("entity_key", sa.Text, nullable=False),
    sa.Column("source", sa.Integer, nullable=False),
    sa.Column("unreadable", sa.Boolean, nullable=False),
    sa.Column("receive_time", UtcTime, nullable=False),
    sa.Index("ix_event_entity_key", "entity_key", "sequence"),
    sa.Index("ix_event_receive_time", "receive_time"),
)

index_place = sa.Table(
    "index_place",
    metadata,
    sa.Column("stream", sa.Text, primary_key=True),
    sa.Column("sequence", sa.BigInteger, nullable=False),
)

reconciliation = sa.Table(
    "reconciliation",
    metadata,
    sa.Column("log", sa.Text, primary_key=True),
    sa.Column("reached_time", UtcTime, nullable=False),
)


async def add_events(connection: AsyncConnection, entries: Sequence[Entry]) -> None:
    """Add lines to the index; an event that is there already keeps its first place."""
    if entries:
        # Many rows for one statement, not one statement of many rows: that is compiled anew for
        # every number of rows.
        rows = [{name: getattr(entry, name) for name in events.c.keys()} for entry in entries]  # noqa: SIM118
        await connection.execute(insert_into(connection, events).on_conflict_do_nothing(), rows)


async def find_event(connection: AsyncConnection, event_id: str) -> int | None:
    """Return where the event with this id stands, or None when no such event is known."""
    query = sa.select(events.c.sequence).where(events.c.event_id == event_id)
    return (await connection.execute(query)).scalar_one_or_none()


async def list_events(
    connection: AsyncConnection, wanted: Filter, period: Period, *, below: int | None, limit: int
) -> Sequence[int]:
    """Return the places of matching events, newest first, below the place `below`."""
    query = sa.select(events.c.sequence).order_by(events.c.sequence.desc()).limit(limit)
    if below is not None:
        query = query.where(events.c.sequence < below)
    query = query.where(*_conditions(wanted, period))
    return (await connection.execute(query)).scalars().all()


async def forget_events(connection: AsyncConnection, below: int) -> int:
    """Take out of the index what the stream has let go, and return how many lines that was."""
    result = await connection.execute(sa.delete(events).where(events.c.sequence < below))
    return result.rowcount


async def indexed(connection: AsyncConnection) -> int:
    """Return up to which sequence the index holds the stream; 0 before the first event."""
    query = sa.select(index_place.c.sequence).where(index_place.c.stream == EVENTS)
    return (await connection.execute(query)).scalar_one_or_none() or 0


async def set_indexed(connection: AsyncConnection, sequence: int) -> None:
    """Note that the index holds the stream up to `sequence`."""
    statement = insert_into(connection, index_place).values(stream=EVENTS, sequence=sequence)
    statement = statement.on_conflict_do_update(
        index_elements=["stream"], set_={"sequence": sequence}
    )
    await connection.execute(statement)


async def clear_index(connection: AsyncConnection) -> None:
    """Empty the index: its places belong to a stream that is no more."""
    await connection.execute(sa.delete(events))
    await connection.execute(sa.delete(index_place))


async def reached(connection: AsyncConnection, log: str) -> datetime | None:
    """Return up to when the carrier's `log` has been read, or None when it never was."""
    query = sa.select(reconciliation.c.reached_time).where(reconciliation.c.log == log)
    return (await connection.execute(query)).scalar_one_or_none()


async def reach(connection: AsyncConnection, log: str, time: datetime) -> None:
    """Note that the carrier's `log` has been read up to `time`."""
    statement = insert_into(connection, reconciliation).values(log=log, reached_time=time)
    statement = statement.on_conflict_do_update(index_elements=["log"], set_={"reached_time": time})
    await connection.execute(statement)


def _conditions(wanted: Filter, period: Period) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = []
    if wanted.type_prefix:
        # Not LIKE: SQLite's takes capital and small letters for the same.
        start = sa.func.substr(events.c.type, 1, len(wanted.type_prefix))
        conditions.append(start == wanted.type_prefix)
    if wanted.entity_key:
        conditions.append(events.c.entity_key == wanted.entity_key)
    if wanted.source:
        conditions.append(events.c.source == wanted.source)
    if wanted.unreadable_only:
        conditions.append(events.c.unreadable.is_(True))
    if period.start:
        conditions.append(events.c.receive_time >= period.start)
    if period.end:
        conditions.append(events.c.receive_time < period.end)
    return conditions
