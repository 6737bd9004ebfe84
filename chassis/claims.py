"""Taking effects from the outbox to perform them, and writing down what became of them."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import logs
from chassis.clock import Clock
from chassis.database import fault_of
from chassis.effects import (
    Done,
    Doubtful,
    Effect,
    Failed,
    InDoubt,
    Later,
    Outcome,
    Performers,
    RetryLater,
    State,
)
from chassis.errors import Contended, Fault, Unavailable
from chassis.outbox import Outbox, effect_of

_log = logs.get_logger(__name__)

_FIRST_BACKOFF, _LONGEST_BACKOFF = 0.25, 60.0
_ADMIT_MOMENT, _ADMIT_SOON, _ADMIT_AGAIN = 0.02, 0.5, 5.0
"""Seconds until an effect is looked at again: at least, and when its `admit` raised what passes or
anything else."""


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to perform an effect once; `attempt` tells it from earlier and later claims."""

    effect: Effect
    position: int
    attempt: int
    doubtful: bool = False
    """Whether an earlier attempt may have had the effect."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What one look at the outbox gave; `more` when there may be as much again."""

    claims: list[Claim]
    more: bool


class Claims:
    """What one dispatcher does to the rows of an outbox, each step in a caller's transaction."""

    def __init__(
        self, outbox: Outbox, performers: Performers, instance: str, clock: Clock, lease: float
    ) -> None:
        self._table = outbox.table
        self._performers = performers
        self._instance = instance
        self._clock = clock
        self._lease = timedelta(seconds=lease)

    async def recover(self, connection: AsyncConnection, *, own: bool) -> int:
        """Turn effects that were in flight when their dispatcher died into doubtful ones.

        `own`: also those of this instance, whose former life is over when it starts. Others count
        as dead when their lease has run out. Kinds that other dispatchers of the same outbox carry
        out are left to them, who can settle them. Returns how many there were.
        """
        table, now = self._table, self._clock.now()
        dead = table.c.lease_until <= now
        if own:
            dead = sa.or_(dead, table.c.lease_owner == self._instance)
        ours = table.c.kind.in_(list(self._performers))
        query = sa.select(table).where(table.c.state == State.SENDING.value, dead, ours)
        rows = (await connection.execute(query.with_for_update(skip_locked=True))).all()
        for row in rows:
            await self.record(connection, _claim(row, row.attempts), Doubtful("INTERRUPTED"))
        return len(rows)

    async def claim(self, connection: AsyncConnection, limit: int) -> Taken:
        """Look at effects that are due, refuse those not admitted, and lease the others."""
        now = self._clock.now()
        rows = (await connection.execute(self._due(now, limit))).all()
        admitted = [row for row in rows if await self._admit(connection, row)]
        if admitted:
            await connection.execute(self._leasing(now), [self._lease_of(row) for row in admitted])
        return Taken([_claim(row, row.attempts + 1) for row in admitted], len(rows) == limit)

    async def record(self, connection: AsyncConnection, claim: Claim, outcome: Outcome) -> bool:
        """Write an outcome down and let the performer settle it.

        Returns False when the effect has been settled or claimed by somebody else meanwhile. What
        is known about the world is kept even if the performer fails to settle it.
        """
        recorded = self._final(claim, outcome)
        if not await self._write(connection, claim, recorded):
            return False
        effect = claim.effect
        if performer := self._performers.get(effect.kind):
            try:
                async with connection.begin_nested():
                    await performer.settle(connection, effect, recorded)
            except Exception as error:
                if (fault := passing(error)) is not None:
                    raise fault from error
                _log.exception("effect.settle_failed", kind=effect.kind, effect_id=effect.effect_id)
        return True

    def _due(self, now: datetime, limit: int) -> sa.Select[tuple[object, ...]]:
        table, earlier = self._table, self._table.alias("earlier")
        unknown = sa.and_(table.c.state == State.UNKNOWN.value, _may_resend(table, now))
        blocked = sa.exists().where(
            earlier.c.ordering_key == table.c.ordering_key,
            earlier.c.position < table.c.position,
            sa.or_(
                earlier.c.state.in_([State.NEW.value, State.SENDING.value]),
                sa.and_(earlier.c.state == State.UNKNOWN.value, _may_resend(earlier, now)),
            ),
        )
        return (
            sa.select(table)
            .where(
                table.c.due_time <= now,
                table.c.kind.in_(list(self._performers)),
                sa.or_(table.c.state == State.NEW.value, unknown),
                sa.or_(table.c.ordering_key == "", sa.not_(blocked)),
            )
            .order_by(table.c.due_time, table.c.position)
            .limit(limit)
            .with_for_update(skip_locked=True, of=table)
        )

    async def _admit(self, connection: AsyncConnection, row: Row[tuple[object, ...]]) -> bool:
        """Ask the performer; its refusal is recorded, and its failure only delays the effect."""
        effect = effect_of(row)
        performer = self._performers[effect.kind]
        try:
            async with connection.begin_nested():
                verdict = await performer.admit(connection, effect)
                if isinstance(verdict, str):
                    await self.record(connection, _claim(row, row.attempts), Failed(verdict))
        except (Contended, Unavailable):
            await self._postpone(connection, row.position, self._in(_ADMIT_SOON))
            return False
        except Exception as error:
            if (fault := fault_of(error)) is not None:
                raise fault from error
            _log.exception("effect.admit_failed", kind=effect.kind, effect_id=effect.effect_id)
            await self._postpone(connection, row.position, self._in(_ADMIT_AGAIN))
            return False
        if isinstance(verdict, Later):
            # Never for the same instant again, or the claim would go round and round.
            until = max(verdict.until, self._in(_ADMIT_MOMENT))
            await self._postpone(connection, row.position, until)
        return verdict is None

    async def _postpone(self, connection: AsyncConnection, position: int, until: datetime) -> None:
        where = self._table.c.position == position
        await connection.execute(sa.update(self._table).where(where).values(due_time=until))

    def _in(self, seconds: float) -> datetime:
        return self._clock.now() + timedelta(seconds=seconds)

    def _leasing(self, now: datetime) -> sa.Update:
        table = self._table
        return (
            sa.update(table)
            .where(table.c.position == sa.bindparam("claimed_position"))
            .values(
                state=State.SENDING.value,
                attempts=table.c.attempts + 1,
                lease_owner=self._instance,
                lease_until=now + self._lease,
                first_attempt_time=sa.func.coalesce(table.c.first_attempt_time, now),
                last_attempt_time=now,
                finish_time=None,
                resend_until=sa.bindparam("claimed_resend_until"),
            )
        )

    def _lease_of(self, row: Row[tuple[object, ...]]) -> dict[str, object]:
        window = timedelta(seconds=row.resend_window)
        until = row.resend_until or self._clock.now() + window
        return {"claimed_position": row.position, "claimed_resend_until": until}

    def _final(self, claim: Claim, outcome: Outcome) -> Outcome:
        limit = claim.effect.max_attempts
        spent = limit and claim.attempt >= limit and not claim.doubtful
        if isinstance(outcome, RetryLater) and spent:
            return Failed("ATTEMPTS_EXHAUSTED", outcome.reason)
        return outcome

    async def _write(self, connection: AsyncConnection, claim: Claim, outcome: Outcome) -> bool:
        table = self._table
        open_states = [State.NEW.value, State.SENDING.value, State.UNKNOWN.value]
        statement = (
            sa.update(table)
            .where(
                table.c.position == claim.position,
                table.c.attempts == claim.attempt,
                table.c.state.in_(open_states),
            )
            .values(self._values(claim, outcome))
        )
        return (await connection.execute(statement)).rowcount == 1

    def _values(self, claim: Claim, outcome: Outcome) -> dict[str, object]:
        now = self._clock.now()
        free: dict[str, object] = {"lease_owner": "", "lease_until": None}
        match outcome:
            case Done(reference, detail):
                sent = {"state": State.SENT.value, "reason": "", "finish_time": now}
                return {**free, **sent, "reference": reference, "detail": detail}
            case Failed(reason, text):
                failed = {"state": State.FAILED.value, "reason": reason, "finish_time": now}
                return {**free, **failed, "detail": text.encode()}
            case RetryLater(after, reason):
                due = now + timedelta(seconds=max(after, backoff(claim.attempt)))
                # What an earlier attempt left in doubt, a later one without effect does not settle.
                doubtful = self._table.c.doubtful
                state = sa.case((doubtful, State.UNKNOWN.value), else_=State.NEW.value)
                return {**free, "state": state, "reason": reason, "due_time": due}
            case Doubtful(reason):
                due = now + timedelta(seconds=backoff(claim.attempt))
                unknown = {"state": State.UNKNOWN.value, "doubtful": True, "due_time": due}
                return {**free, **unknown, "reason": reason}


def passing(error: Exception) -> Fault | None:
    """Return the fault that will pass by itself, such as an absent database, or None."""
    return error if isinstance(error, Unavailable | Contended) else fault_of(error)


def backoff(attempt: int) -> float:
    """Return the seconds to wait after so many attempts."""
    return float(min(_FIRST_BACKOFF * 2 ** min(attempt - 1, 20), _LONGEST_BACKOFF))


def _claim(row: Row[tuple[object, ...]], attempt: int) -> Claim:
    return Claim(effect_of(row), row.position, attempt, row.doubtful)


def _may_resend(table: sa.FromClause, now: datetime) -> sa.ColumnElement[bool]:
    return sa.and_(table.c.in_doubt == InDoubt.RESEND.value, table.c.resend_until > now)
