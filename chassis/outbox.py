"""Effects a service has decided on, written in the transaction that decided them."""

from datetime import datetime

import sqlalchemy as sa
from alembic.operations import Operations
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.clock import Clock, SystemClock
from chassis.columns import UtcTime, big_identity
from chassis.database import insert_into
from chassis.effects import Done, Effect, EffectRecord, Failed, InDoubt, RetryLater, State

__all__ = ["Effect", "EffectRecord", "InDoubt", "Outbox", "State", "create_v1"]


class Outbox:
    """The queue of effects of one service; `chassis.dispatcher` carries them out."""

    def __init__(self, metadata: sa.MetaData, *, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self.table = sa.Table(
            "outbox",
            metadata,
            sa.Column("position", big_identity(), primary_key=True, autoincrement=True),
            sa.Column("effect_id", sa.Text, nullable=False, unique=True),
            sa.Column("kind", sa.Text, nullable=False),
            sa.Column("method", sa.Text, nullable=False),
            sa.Column("path", sa.Text, nullable=False),
            sa.Column("body", sa.LargeBinary, nullable=False),
            sa.Column("entity_key", sa.Text, nullable=False, index=True),
            sa.Column("ordering_key", sa.Text, nullable=False),
            sa.Column("in_doubt", sa.Text, nullable=False),
            sa.Column("resend_window", sa.Float, nullable=False),
            sa.Column("max_attempts", sa.Integer, nullable=False),
            sa.Column("state", sa.Text, nullable=False),
            sa.Column("attempts", sa.Integer, nullable=False),
            sa.Column("reference", sa.Text, nullable=False, index=True),
            sa.Column("reason", sa.Text, nullable=False),
            sa.Column("detail", sa.LargeBinary, nullable=False),
            sa.Column("not_before", UtcTime),
            sa.Column("due_time", UtcTime, nullable=False),
            sa.Column("create_time", UtcTime, nullable=False),
            sa.Column("first_attempt_time", UtcTime),
            sa.Column("last_attempt_time", UtcTime),
            sa.Column("finish_time", UtcTime, index=True),
            sa.Column("resend_until", UtcTime),
            sa.Column("doubtful", sa.Boolean, nullable=False),
            sa.Column("lease_owner", sa.Text, nullable=False),
            sa.Column("lease_until", UtcTime),
            sa.Index("ix_outbox_state_due_time", "state", "due_time"),
            sa.Index("ix_outbox_ordering_key_position", "ordering_key", "position"),
        )

    async def add(self, connection: AsyncConnection, effect: Effect) -> bool:
        """Queue an effect; return False when its id is there already, whatever became of it."""
        now = self._clock.now()
        statement = insert_into(connection, self.table).values(
            effect_id=effect.effect_id,
            kind=effect.kind,
            method=effect.method,
            path=effect.path,
            body=effect.body,
            entity_key=effect.entity_key,
            ordering_key=effect.ordering_key,
            in_doubt=effect.in_doubt.value,
            resend_window=effect.resend_window,
            max_attempts=effect.max_attempts,
            state=State.NEW.value,
            attempts=0,
            reference="",
            reason="",
            detail=b"",
            not_before=effect.not_before,
            due_time=effect.not_before or now,
            create_time=now,
            doubtful=False,
            lease_owner="",
        )
        statement = statement.on_conflict_do_nothing(index_elements=["effect_id"])
        result = await connection.execute(statement.returning(self.table.c.position))
        return result.first() is not None

    async def get(self, connection: AsyncConnection, effect_id: str) -> EffectRecord | None:
        """Return an effect and what became of it, or None."""
        query = sa.select(self.table).where(self.table.c.effect_id == effect_id)
        row = (await connection.execute(query)).first()
        return record_of(row) if row is not None else None

    async def cancel(self, connection: AsyncConnection, effect_id: str, reason: str) -> bool:
        """Fail an effect that is not on its way; return False when it is, or when it is over."""
        return await self._leave(
            connection, effect_id, State.NEW, {"state": State.FAILED.value, "reason": reason}
        )

    async def resolve(
        self, connection: AsyncConnection, effect_id: str, outcome: Done | Failed | RetryLater
    ) -> bool:
        """Say what became of an effect in doubt; return False when it is not in doubt.

        RetryLater states that it surely did not happen, and queues it again with the same id.
        """
        return await self._leave(connection, effect_id, State.UNKNOWN, self._resolved(outcome))

    async def backlog(self, connection: AsyncConnection) -> dict[State, int]:
        """Return how many effects are not over yet, by state."""
        table, states = self.table, (State.NEW, State.SENDING, State.UNKNOWN)
        query = (
            sa.select(table.c.state, sa.func.count())
            .where(table.c.state.in_([state.value for state in states]))
            .group_by(table.c.state)
        )
        found = {State(state): int(count) for state, count in await connection.execute(query)}
        return {state: found.get(state, 0) for state in states}

    async def prune(self, connection: AsyncConnection, before: datetime) -> int:
        """Delete effects that were over before an instant and return how many that were."""
        table, over = self.table, (State.SENT.value, State.FAILED.value)
        old = sa.and_(table.c.state.in_(over), table.c.finish_time < before)
        return (await connection.execute(sa.delete(table).where(old))).rowcount

    def _resolved(self, outcome: Done | Failed | RetryLater) -> dict[str, object]:
        match outcome:
            case Done(reference, detail):
                return {"state": State.SENT.value, "reference": reference, "detail": detail}
            case Failed(reason, detail):
                return {
                    "state": State.FAILED.value,
                    "reason": reason,
                    "detail": detail.encode(),
                }
            case RetryLater(_, reason):
                now = self._clock.now()
                return {
                    "state": State.NEW.value,
                    "reason": reason,
                    "due_time": now,
                    "finish_time": None,
                    "doubtful": False,
                }

    async def _leave(
        self,
        connection: AsyncConnection,
        effect_id: str,
        state: State,
        values: dict[str, object],
    ) -> bool:
        table = self.table
        statement = (
            sa.update(table)
            .where(table.c.effect_id == effect_id, table.c.state == state.value)
            .values({"finish_time": self._clock.now(), **values})
        )
        return (await connection.execute(statement)).rowcount == 1


def effect_of(row: Row[tuple[object, ...]]) -> Effect:
    """Read the effect from a row of the outbox."""
    return Effect(
        effect_id=row.effect_id,
        kind=row.kind,
        body=bytes(row.body),
        method=row.method,
        path=row.path,
        entity_key=row.entity_key,
        in_doubt=InDoubt(row.in_doubt),
        resend_window=row.resend_window,
        not_before=row.not_before,
        ordering_key=row.ordering_key,
        max_attempts=row.max_attempts,
    )


def record_of(row: Row[tuple[object, ...]]) -> EffectRecord:
    """Read the effect and its state from a row of the outbox."""
    return EffectRecord(
        effect=effect_of(row),
        state=State(row.state),
        attempts=row.attempts,
        reference=row.reference,
        reason=row.reason,
        detail=bytes(row.detail),
        create_time=row.create_time,
        first_attempt_time=row.first_attempt_time,
        last_attempt_time=row.last_attempt_time,
        finish_time=row.finish_time,
    )


def create_v1(op: Operations) -> None:
    """Create the table of version 1; called by a service's migration and never changed."""
    time = sa.DateTime(timezone=True)
    identity = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "outbox",
        sa.Column("position", identity, primary_key=True, autoincrement=True),
        sa.Column("effect_id", sa.Text, nullable=False, unique=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("method", sa.Text, nullable=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("entity_key", sa.Text, nullable=False),
        sa.Column("ordering_key", sa.Text, nullable=False),
        sa.Column("in_doubt", sa.Text, nullable=False),
        sa.Column("resend_window", sa.Float, nullable=False),
        sa.Column("max_attempts", sa.Integer, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("reference", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("detail", sa.LargeBinary, nullable=False),
        sa.Column("not_before", time),
        sa.Column("due_time", time, nullable=False),
        sa.Column("create_time", time, nullable=False),
        sa.Column("first_attempt_time", time),
        sa.Column("last_attempt_time", time),
        sa.Column("finish_time", time),
        sa.Column("resend_until", time),
        sa.Column("doubtful", sa.Boolean, nullable=False),
        sa.Column("lease_owner", sa.Text, nullable=False),
        sa.Column("lease_until", time),
    )
    for column in ("entity_key", "reference", "finish_time"):
        op.create_index(f"ix_outbox_{column}", "outbox", [column])
    op.create_index("ix_outbox_state_due_time", "outbox", ["state", "due_time"])
    op.create_index("ix_outbox_ordering_key_position", "outbox", ["ordering_key", "position"])
