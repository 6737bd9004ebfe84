"""The ledger of facts in the database."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import insert_into
from services.voice.reporting.facts import Fact, FactKind
from services.voice.reporting.tables import facts

_FIELDS = [each.name for each in fields(Fact)]
_OF_A_CALL = [kind.value for kind in FactKind if kind is not FactKind.PRESENCE]


@dataclass(frozen=True, slots=True)
class FactFilter:
    """Which facts to list; what is empty matches all."""

    queue_id: str = ""
    entry_id: str = ""
    agent_id: str = ""


class FactStore:
    """Adds facts and finds them again; there is nothing that changes one."""

    async def append(self, connection: AsyncConnection, fact: Fact) -> None:
        """Write a fact, unless it is written already."""
        values = {name: getattr(fact, name) for name in _FIELDS} | {"kind": fact.kind.value}
        row = insert_into(connection, facts).values(values)
        await connection.execute(row.on_conflict_do_nothing(index_elements=["fact_id"]))

    async def entered(
        self, connection: AsyncConnection, entry_id: str, queue_id: str
    ) -> datetime | None:
        """Return when an entry last entered a queue, or None when it never did."""
        query = (
            sa.select(facts.c.start_time)
            .where(
                facts.c.entry_id == entry_id,
                facts.c.queue_id == queue_id,
                facts.c.kind == FactKind.ENTERED.value,
            )
            .order_by(facts.c.start_time.desc())
            .limit(1)
        )
        return (await connection.execute(query)).scalar_one_or_none()

    async def of_queue(
        self, connection: AsyncConnection, queue_id: str, start: datetime, end: datetime
    ) -> Sequence[Fact]:
        """Return the facts of the calls that entered a queue in an interval."""
        entered = facts.c.enqueue_time
        query = sa.select(facts).where(
            facts.c.queue_id == queue_id,
            entered >= start,
            entered < end,
            facts.c.kind.in_(_OF_A_CALL),
        )
        return [_fact(row) for row in await connection.execute(query.order_by(facts.c.position))]

    async def callers(
        self, connection: AsyncConnection, queue_id: str, start: datetime, end: datetime
    ) -> Sequence[tuple[str, datetime]]:
        """Return who entered a queue in an interval, and when."""
        query = sa.select(facts.c.caller_key, facts.c.enqueue_time).where(
            facts.c.queue_id == queue_id,
            facts.c.enqueue_time >= start,
            facts.c.enqueue_time < end,
            facts.c.kind == FactKind.ENTERED.value,
            facts.c.caller_key != "",
        )
        return [(row.caller_key, row.enqueue_time) for row in await connection.execute(query)]

    async def of_agent(
        self, connection: AsyncConnection, agent_id: str, start: datetime, end: datetime
    ) -> Sequence[Fact]:
        """Return an agent's facts that overlap an interval."""
        query = sa.select(facts).where(
            facts.c.agent_id == agent_id, facts.c.start_time < end, facts.c.end_time >= start
        )
        return [_fact(row) for row in await connection.execute(query.order_by(facts.c.position))]

    async def presence_before(
        self, connection: AsyncConnection, agent_id: str, moment: datetime
    ) -> str:
        """Return an agent's presence at a moment, or nothing when none was ever taken."""
        query = (
            sa.select(facts.c.outcome)
            .where(
                facts.c.agent_id == agent_id,
                facts.c.kind == FactKind.PRESENCE.value,
                facts.c.start_time < moment,
            )
            .order_by(facts.c.start_time.desc(), facts.c.position.desc())
            .limit(1)
        )
        return (await connection.execute(query)).scalar_one_or_none() or ""

    async def page(
        self, connection: AsyncConnection, wanted: FactFilter, after: int, limit: int
    ) -> Sequence[tuple[int, Fact]]:
        """Return up to `limit` facts behind a position, in the order they were written."""
        query = sa.select(facts).where(facts.c.position > after)
        for name in ("queue_id", "entry_id", "agent_id"):
            value = getattr(wanted, name)
            query = query.where(facts.c[name] == value) if value else query
        found = await connection.execute(query.order_by(facts.c.position).limit(limit))
        return [(row.position, _fact(row)) for row in found]


def _fact(row: Row[Any]) -> Fact:
    values = {name: getattr(row, name) for name in _FIELDS}
    return Fact(**values | {"kind": FactKind(row.kind)})
