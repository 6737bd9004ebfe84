"""What keeps consent true by itself: overdue holds become STOPs, and lost opt-outs are found."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from carrier import commands
from carrier.outcomes import Accepted, Outcome
from chassis.database import Database
from chassis.errors import Contended, Unavailable
from chassis.lifecycle import background
from chassis.logs import get_logger
from chassis.metrics import Metrics
from services.messaging.consent.hold_store import HoldStore
from services.messaging.use_cases.holds import Holds
from services.messaging.use_cases.reconciling import PAGE, ListUnreadable, Reconciling

SWEEP_SECONDS = 60.0
SWEEP_LIMIT = 100
"""How many holds a sweep ends at most, each in a transaction of its own."""
RECONCILE_SECONDS = 24 * 3600.0
RETRY_SECONDS = 300.0

_log = get_logger(__name__)


class Carrier(Protocol):
    """The carrier's REST interface."""

    async def perform(self, request: commands.Request, *, deadline: float = 5.0) -> Outcome:
        """Make one attempt and say what became of it."""
        ...


@dataclass(frozen=True)
class CarrierLists:
    """The carrier's list of opt-outs, over its REST interface."""

    carrier: Carrier

    async def opt_outs(self, since: datetime | None, page: int) -> Sequence[Mapping[str, object]]:
        """Return one page of rows; raises ListUnreadable."""
        asked = since.isoformat() if since else None
        outcome = await self.carrier.perform(
            commands.list_opt_outs(since=asked, page=page, size=PAGE), deadline=15.0
        )
        rows = outcome.body.get("data") if isinstance(outcome, Accepted) else None
        if not isinstance(rows, list):
            raise ListUnreadable("no answer")
        return [row for row in rows if isinstance(row, dict)]


class Keeper:
    """The two jobs, one step of each at a time."""

    def __init__(
        self,
        database: Database,
        holds: Holds,
        reconciling: Reconciling,
        metrics: Metrics,
        wake: Callable[[], None],
    ) -> None:
        """Work on the database; `wake` tells the dispatcher that there may be work."""
        self._database = database
        self._holds = holds
        self._store = HoldStore()
        self._reconciling = reconciling
        self._wake = wake
        self._open = metrics.gauge(
            "consent_holds_open", "Texts that may be opt-outs and wait to be judged."
        )
        self._oldest = metrics.gauge(
            "consent_hold_oldest_seconds", "How long ago the oldest of them was written."
        )

    async def sweep(self) -> float:
        """End what is overdue and count what is open; return when to come back, in seconds."""
        now = self._holds.consents.clock.now()
        async with self._database.reading() as connection:
            overdue = await self._store.overdue(connection, now, SWEEP_LIMIT)
        for hold_id in overdue:
            async with self._database.transaction() as connection:
                expired = await self._holds.expire(connection, hold_id)
            if expired:
                _log.warning("hold.expired", hold_id=hold_id)
        if overdue:
            self._wake()
        async with self._database.reading() as connection:
            count, oldest = await self._store.open_count(connection)
        self._open.at().set(count)
        self._oldest.at().set((now - oldest).total_seconds() if oldest else 0.0)
        return 0.0 if len(overdue) == SWEEP_LIMIT else SWEEP_SECONDS

    async def reconcile(self) -> float:
        """Learn of opt-outs from the carrier; return when to come back, in seconds."""
        added = await self._reconciling.run()
        if added:
            _log.warning("opt_outs.found", count=added)
            self._wake()
        return RECONCILE_SECONDS


@asynccontextmanager
async def keeping(keeper: Keeper) -> AsyncIterator[None]:
    """Do both jobs beside the block."""
    async with (
        background(_again(keeper.sweep, "holds"), name="holds"),
        background(_again(keeper.reconcile, "opt_outs"), name="opt-outs"),
    ):
        yield


async def _again(step: Callable[[], Awaitable[float]], name: str) -> None:
    while True:
        try:
            pause = await step()
        except (Unavailable, Contended, ListUnreadable) as fault:
            _log.warning("keeping.postponed", job=name, reason=str(fault))
            pause = RETRY_SECONDS if name == "opt_outs" else SWEEP_SECONDS
        await asyncio.sleep(pause)
