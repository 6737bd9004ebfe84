"""Agents in the database."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import insert_into
from services.voice.agents.model import Agent, Presence
from services.voice.agents.tables import agents, memberships
from services.voice.queues.model import EntryState, Kind
from services.voice.queues.tables import entries

_STAFFED = agents.c.presence == Presence.AVAILABLE.value
_FREE = sa.and_(_STAFFED, agents.c.load < agents.c.capacity, agents.c.wrap_up_until.is_(None))
_UPDATE = sa.update(agents).where(agents.c.agent_id == sa.bindparam("which"))
_TEXTS = ("agent_id", "display_name", "address")
_FACTS = ("capacity", "presence_time", "load", "wrap_up_until", "idle_since")


@dataclass(frozen=True, slots=True)
class AgentFilter:
    """Which agents to list; what is empty matches all."""

    queue_id: str = ""
    presence: Presence | None = None


class SqlAgents:
    """Agents, on SQLite and PostgreSQL."""

    async def add(self, connection: AsyncConnection, agent: Agent, now: datetime) -> bool:
        """Keep a new agent; False when there is one of their id."""
        row = insert_into(connection, agents).values(
            **_values(agent), create_time=now, update_time=now
        )
        added = row.on_conflict_do_nothing().returning(agents.c.agent_id)
        if (await connection.execute(added)).first() is None:
            return False
        await self.serve(connection, agent.agent_id, agent.queue_ids)
        return True

    async def save(self, connection: AsyncConnection, agent: Agent, now: datetime) -> None:
        """Write what an agent is now, but for their queues."""
        values = _values(agent) | {"update_time": now, "which": agent.agent_id}
        await connection.execute(_UPDATE, values)

    async def serve(
        self, connection: AsyncConnection, agent_id: str, queue_ids: Collection[str]
    ) -> None:
        """Let an agent serve these queues and no others."""
        await connection.execute(sa.delete(memberships).where(memberships.c.agent_id == agent_id))
        rows = [{"agent_id": agent_id, "queue_id": each} for each in sorted(queue_ids)]
        if rows:
            await connection.execute(sa.insert(memberships), rows)

    async def leave_queue(self, connection: AsyncConnection, queue_id: str) -> None:
        """Let nobody serve a queue any more."""
        await connection.execute(sa.delete(memberships).where(memberships.c.queue_id == queue_id))

    async def get(self, connection: AsyncConnection, agent_id: str) -> Agent | None:
        """Return an agent, or None."""
        found = await self.of_ids(connection, [agent_id])
        return found[0] if found else None

    async def locked(self, connection: AsyncConnection, agent_id: str) -> Agent | None:
        """Return an agent, locked until the transaction ends, or None."""
        query = sa.select(agents).where(agents.c.agent_id == agent_id).with_for_update()
        found = await self._read(connection, query)
        return found[0] if found else None

    async def locked_if_free(
        self, connection: AsyncConnection, agent_ids: Collection[str]
    ) -> dict[str, Agent]:
        """Return and lock those of some agents that nobody else has locked."""
        query = sa.select(agents).where(agents.c.agent_id.in_(sorted(agent_ids)))
        query = query.order_by(agents.c.agent_id).with_for_update(skip_locked=True)
        return {agent.agent_id: agent for agent in await self._read(connection, query)}

    async def of_ids(
        self, connection: AsyncConnection, agent_ids: Collection[str]
    ) -> Sequence[Agent]:
        """Return the agents of these ids that there are."""
        query = sa.select(agents).where(agents.c.agent_id.in_(sorted(set(agent_ids))))
        return await self._read(connection, query)

    async def free(
        self, connection: AsyncConnection, queue_ids: Collection[str]
    ) -> Sequence[Agent]:
        """Return those of some queues who can be offered a call now."""
        serving = sa.select(memberships.c.agent_id)
        serving = serving.where(memberships.c.queue_id.in_(sorted(queue_ids)))
        query = sa.select(agents).where(_FREE, agents.c.agent_id.in_(serving))
        return await self._read(connection, query)

    async def free_queues(self, connection: AsyncConnection) -> set[str]:
        """Return the queues in which somebody can be offered a call now."""
        query = sa.select(memberships.c.queue_id).distinct()
        query = query.join(agents, agents.c.agent_id == memberships.c.agent_id).where(_FREE)
        return set((await connection.execute(query)).scalars())

    async def on_the_line(self, connection: AsyncConnection) -> set[str]:
        """Return the free agents who call us themselves at the moment."""
        line = sa.and_(
            entries.c.caller_number == agents.c.address,
            entries.c.state != EntryState.LEFT.value,
            entries.c.kind == Kind.CALL.value,
        )
        query = sa.select(agents.c.agent_id).join(entries, line).where(_FREE)
        return set((await connection.execute(query.where(agents.c.address != ""))).scalars())

    async def standing(self, connection: AsyncConnection, queue_id: str) -> tuple[int, int]:
        """Return how many agents of a queue are there, and how many of them are free."""
        free = sa.func.count(sa.case((_FREE, 1)))
        query = sa.select(sa.func.count(), free).join(
            memberships, memberships.c.agent_id == agents.c.agent_id
        )
        query = query.where(memberships.c.queue_id == queue_id, _STAFFED)
        staffed, available = (await connection.execute(query)).one()
        return staffed, available

    async def taken(
        self, connection: AsyncConnection, queue_id: str, limit: int
    ) -> Sequence[Agent]:
        """Return at most `limit` agents of a queue who can be offered nothing now, by id."""
        query = sa.select(agents).join(memberships, memberships.c.agent_id == agents.c.agent_id)
        query = query.where(memberships.c.queue_id == queue_id, ~_FREE)
        return await self._read(connection, query.order_by(agents.c.agent_id).limit(limit))

    async def page(
        self, connection: AsyncConnection, wanted: AgentFilter, after: str, limit: int
    ) -> Sequence[Agent]:
        """Return at most `limit` agents whose id is greater, by id."""
        query = sa.select(agents).where(agents.c.agent_id > after)
        if wanted.queue_id:
            serving = sa.select(memberships.c.agent_id)
            serving = serving.where(memberships.c.queue_id == wanted.queue_id)
            query = query.where(agents.c.agent_id.in_(serving))
        if wanted.presence is not None:
            query = query.where(agents.c.presence == wanted.presence.value)
        return await self._read(connection, query.order_by(agents.c.agent_id).limit(limit))

    async def _read(self, connection: AsyncConnection, query: sa.Select[Any]) -> Sequence[Agent]:
        rows = (await connection.execute(query)).all()
        if not rows:
            return []
        served = await self._served(connection, [row.agent_id for row in rows])
        return [_agent(row, served.get(row.agent_id, [])) for row in rows]

    async def _served(
        self, connection: AsyncConnection, agent_ids: Sequence[str]
    ) -> dict[str, list[str]]:
        query = sa.select(memberships)
        # Beyond some hundred a list of ids costs more than reading everything.
        if len(agent_ids) <= _MANY:
            query = query.where(memberships.c.agent_id.in_(agent_ids))
        served: dict[str, list[str]] = {}
        for agent_id, queue_id in await connection.execute(query):
            served.setdefault(agent_id, []).append(queue_id)
        return served


_MANY = 200


def _values(agent: Agent) -> dict[str, Any]:
    values = {name: getattr(agent, name) for name in (*_TEXTS, *_FACTS)}
    return values | {"skills": dict(agent.skills), "presence": agent.presence.value}


def _agent(row: sa.Row[Any], queue_ids: Collection[str]) -> Agent:
    return Agent(
        skills=row.skills,
        queue_ids=frozenset(queue_ids),
        presence=Presence(row.presence),
        create_time=row.create_time,
        update_time=row.update_time,
        **{name: getattr(row, name) for name in (*_TEXTS, *_FACTS)},
    )
