"""The sweep: erasing what has grown too old, by itself and again and again.

One timer drives it. Each ring erases a batch in one transaction with its entries in the audit log,
and rings again at once while there is more. Whatever it finds erased it leaves alone, so a sweep
that is interrupted or rings twice does nothing twice.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import logs
from chassis.caller import Caller
from chassis.clock import Clock
from chassis.database import Database
from chassis.metrics import Metrics
from chassis.timers import Timers
from services.fax.keeping.audit import Act, Audit
from services.fax.keeping.erasing import Erasing
from services.fax.keeping.policies import Part, Policy
from services.fax.keeping.policy_store import PolicyStore
from services.fax.keeping.subjects import FAXES, JOBS, Due, Subjects

SWEEP = "fax.retention"
"""The kind of timer that has what is due erased; it has one key."""
SWEEP_KEY = "sweep"

_BATCH = 50
"""How much a ring erases at most: a transaction that holds the end of the audit log is short."""
_ITSELF = Caller("retention", "")
_ACTS = {Part.DOCUMENT: Act.DOCUMENT_ERASED, Part.RECORD: Act.RECORD_REDACTED}

_log = logs.get_logger(__name__)


@dataclass(frozen=True)
class _Step:
    subjects: Subjects
    part: Part
    policy: Policy


class Sweep:
    """The handler of SWEEP timers."""

    def __init__(
        self,
        policies: PolicyStore,
        erasing: Erasing,
        timers: Timers,
        audit: Audit,
        metrics: Metrics,
        interval: timedelta,
    ) -> None:
        """Look for what is due after each `interval`."""
        self._policies = policies
        self._erasing = erasing
        self._timers = timers
        self._audit = audit
        self._interval = interval
        self._erased = metrics.counter(
            "fax_erased",
            "Documents and records erased by retention policies.",
            {"subject": [FAXES.kind, JOBS.kind], "part": [part.value for part in Part]},
        )

    async def ring(self, connection: AsyncConnection, key: str, now: datetime) -> None:
        """Erase a batch of what is due, and set the timer for the next one."""
        await self._policies.lock(connection)
        done: list[tuple[_Step, Due]] = []
        async for step, due in self._due(connection, now):
            await self._erasing.erase(connection, step.subjects, due, step.part, step.policy, now)
            done.append((step, due))
        more = len(done) >= _BATCH
        if not more:
            await self._policies.swept(connection, now)
        await self._timers.set(connection, SWEEP, key, now if more else now + self._interval)
        await self._record(connection, done)

    async def _due(
        self, connection: AsyncConnection, now: datetime
    ) -> AsyncIterator[tuple[_Step, Due]]:
        """Yield at most a batch; documents come before the records that tell of them."""
        policies = await self._policies.all(connection)
        left = _BATCH
        for step in _steps(policies):
            if left <= 0:
                return
            found = await step.subjects.due(connection, policies, step.policy, step.part, now, left)
            left -= len(found)
            for due in found:
                yield step, due

    async def _record(self, connection: AsyncConnection, done: Sequence[tuple[_Step, Due]]) -> None:
        for step, due in done:
            self._erased.at(step.subjects.kind, step.part.value).inc()
            await self._audit.record(
                connection,
                _ITSELF,
                _ACTS[step.part],
                fax_id=due.subject_id,
                sha256=due.sha256 if step.part is Part.DOCUMENT else "",
                detail=f"{step.subjects.kind} by {step.policy.policy_id}",
            )
        if done:
            _log.info("retention.swept", erased=len(done))


def _steps(policies: Sequence[Policy]) -> list[_Step]:
    return [
        _Step(subjects, part, policy)
        for part in Part
        for subjects in (FAXES, JOBS)
        for policy in policies
    ]


async def arm(database: Database, timers: Timers, clock: Clock) -> None:
    """Have the sweep ring soon, unless it is to ring anyway."""
    async with database.transaction() as connection:
        if await timers.due(connection, SWEEP, SWEEP_KEY) is None:
            await timers.set(connection, SWEEP, SWEEP_KEY, clock.now())
