"""Decisions about calls, kept as they were made and found again."""

from collections.abc import Callable, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import insert_into
from chassis.errors import NotFound
from services.voice.routing.decision import (
    Decision,
    DecisionFilter,
    DecisionKind,
    Place,
    decision_id,
)
from services.voice.routing.inputs import Inputs
from services.voice.routing.tables import decisions

__all__ = ["Decision", "DecisionFilter", "DecisionKind", "Decisions", "Place", "decision_id"]


_PRUNED = 500
"""Decisions deleted in one transaction, so that no call waits for it."""


class Decisions:
    """Keeps decisions; `pack` and `unpack` turn one into bytes and back."""

    def __init__(
        self, pack: Callable[[Decision], bytes], unpack: Callable[[bytes], Decision]
    ) -> None:
        self._pack = pack
        self._unpack = unpack

    async def record(self, connection: AsyncConnection, decision: Decision) -> None:
        """Keep a decision; one that was kept before stays as it was."""
        row = insert_into(connection, decisions).values(
            decision_id=decision.decision_id,
            kind=decision.kind.value,
            leg_id=decision.leg_id,
            plan_id=decision.plan_id,
            step_id=decision.step_id,
            visit=decision.visit,
            entry_id=decision.entry_id,
            outcome=decision.outcome,
            has_inputs=bool(decision.inputs.by_name),
            decide_time=decision.time,
            body=self._pack(decision),
        )
        await connection.execute(row.on_conflict_do_nothing())

    async def get(self, connection: AsyncConnection, decision_id: str) -> Decision:
        """Return a decision, or raise NotFound."""
        query = sa.select(decisions.c.body).where(decisions.c.decision_id == decision_id)
        body = (await connection.execute(query)).scalar_one_or_none()
        if body is None:
            raise NotFound("DECISION_NOT_FOUND", "no decision with this id is kept")
        return self._unpack(bytes(body))

    async def inputs(self, connection: AsyncConnection, leg_id: str) -> Inputs | None:
        """Return what was known of a leg at its last decision, or None before the first."""
        query = sa.select(decisions.c.body).where(
            decisions.c.leg_id == leg_id, decisions.c.has_inputs
        )
        newest = query.order_by(decisions.c.decide_time.desc(), decisions.c.visit.desc()).limit(1)
        body = (await connection.execute(newest)).scalar_one_or_none()
        return None if body is None else self._unpack(bytes(body)).inputs

    async def page(
        self, connection: AsyncConnection, wanted: DecisionFilter, after: Place | None, limit: int
    ) -> Sequence[Decision]:
        """Return at most `limit` decisions, newest first, those after a place.

        Those of one moment, which one look at a call makes, come by the visits of its steps.
        """
        table = decisions.c
        query = sa.select(table.body).where(*_wanted(wanted))
        if after is not None:
            place = sa.tuple_(table.decide_time, table.visit, table.decision_id)
            time = sa.literal(after.time, table.decide_time.type)
            query = query.where(place < sa.tuple_(time, after.visit, after.decision_id))
        order = (table.decide_time.desc(), table.visit.desc(), table.decision_id.desc())
        bodies = (await connection.execute(query.order_by(*order).limit(limit))).scalars()
        return [self._unpack(bytes(body)) for body in bodies]

    async def prune(
        self, connection: AsyncConnection, before: datetime, limit: int = _PRUNED
    ) -> int:
        """Delete at most `limit` decisions made before a time; return how many that were."""
        oldest = sa.select(decisions.c.decision_id).where(decisions.c.decide_time < before)
        some = oldest.order_by(decisions.c.decide_time).limit(limit)
        gone = sa.delete(decisions).where(decisions.c.decision_id.in_(some))
        return (await connection.execute(gone)).rowcount


def _wanted(wanted: DecisionFilter) -> list[sa.ColumnElement[bool]]:
    table = decisions.c
    found: list[sa.ColumnElement[bool]] = []
    if wanted.leg_id:
        found.append(table.leg_id == wanted.leg_id)
    if wanted.plan_id:
        found.append(table.plan_id == wanted.plan_id)
    if wanted.kind:
        found.append(table.kind == wanted.kind.value)
    if wanted.after:
        found.append(table.decide_time >= wanted.after)
    if wanted.before:
        found.append(table.decide_time < wanted.before)
    return found
