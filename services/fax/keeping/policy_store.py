"""Retention policies in the database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import insert_into
from services.fax.keeping.policies import Policy
from services.fax.keeping.tables import policies, retention
from services.fax.model import Direction

_SECOND = timedelta(seconds=1)


class PolicyStore:
    """The policies, on SQLite and PostgreSQL."""

    async def lock(self, connection: AsyncConnection) -> None:
        """Let nobody else decide about erasing until the transaction ends."""
        await connection.execute(sa.select(retention).with_for_update())

    async def swept(self, connection: AsyncConnection, now: datetime) -> None:
        """Note when everything that was due had been erased."""
        await connection.execute(sa.update(retention).values(sweep_time=now))

    async def put(self, connection: AsyncConnection, policy: Policy) -> Policy:
        """Keep a policy in the place of the one of its id, whose creation time stays."""
        facts = _values(policy)
        change = {name: value for name, value in facts.items() if name != "create_time"}
        row = insert_into(connection, policies).values(facts)
        row = row.on_conflict_do_update(index_elements=["policy_id"], set_=change)
        await connection.execute(row)
        kept = await self.get(connection, policy.policy_id)
        return kept or policy

    async def delete(self, connection: AsyncConnection, policy_id: str) -> bool:
        """Take a policy away; return False when it was not there."""
        where = policies.c.policy_id == policy_id
        return (await connection.execute(sa.delete(policies).where(where))).rowcount == 1

    async def get(self, connection: AsyncConnection, policy_id: str) -> Policy | None:
        """Return the policy or None."""
        query = sa.select(policies).where(policies.c.policy_id == policy_id)
        row = (await connection.execute(query)).first()
        return None if row is None else _policy(row)

    async def of_scope(
        self, connection: AsyncConnection, direction: Direction, number: str
    ) -> Policy | None:
        """Return the policy that speaks for exactly this direction and number, or None."""
        scope = (policies.c.direction == direction.value, policies.c.number == number)
        row = (await connection.execute(sa.select(policies).where(*scope))).first()
        return None if row is None else _policy(row)

    async def all(self, connection: AsyncConnection) -> list[Policy]:
        """Return every policy, by ascending id."""
        query = sa.select(policies).order_by(policies.c.policy_id)
        return [_policy(row) for row in await connection.execute(query)]

    async def list(
        self, connection: AsyncConnection, *, after: str, limit: int
    ) -> Sequence[Policy]:
        """Return policies by ascending id, those after one."""
        query = sa.select(policies).where(policies.c.policy_id > after)
        query = query.order_by(policies.c.policy_id).limit(limit)
        return [_policy(row) for row in await connection.execute(query)]


def _values(policy: Policy) -> dict[str, Any]:
    return {
        "policy_id": policy.policy_id,
        "direction": policy.direction.value,
        "number": policy.number,
        "document_age_seconds": _seconds(policy.document_age),
        "record_age_seconds": _seconds(policy.record_age),
        "reason": policy.reason,
        "create_time": policy.create_time,
        "update_time": policy.update_time,
    }


def _policy(row: sa.Row[Any]) -> Policy:
    return Policy(
        policy_id=row.policy_id,
        direction=Direction(row.direction),
        number=row.number,
        document_age=_age(row.document_age_seconds),
        record_age=_age(row.record_age_seconds),
        reason=row.reason,
        create_time=row.create_time,
        update_time=row.update_time,
    )


def _seconds(age: timedelta | None) -> int | None:
    return None if age is None else age // _SECOND


def _age(seconds: int | None) -> timedelta | None:
    return None if seconds is None else timedelta(seconds=seconds)
