"""Forgetting decisions: they tell who called and what was known of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import Database
from chassis.timers import Handler, Timers
from services.voice.routing.decisions import Decisions

PRUNE = "routing.prune"
"""The timer, which has one key."""
_ONLY = "decisions"
_EVERY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Retention:
    """Deletes decisions that are older than they may get."""

    database: Database
    decisions: Decisions
    timers: Timers
    keep: timedelta

    async def begin(self, now: datetime) -> None:
        """Look for old decisions soon, and again for as long as there is a timer."""
        async with self.database.transaction() as connection:
            if await self.timers.due(connection, PRUNE, _ONLY) is None:
                await self.timers.set(connection, PRUNE, _ONLY, now)

    async def rang(self, connection: AsyncConnection, key: str, now: datetime) -> None:
        """Delete some, and look again: at once when there were any, else after an hour."""
        gone = await self.decisions.prune(connection, now - self.keep)
        await self.timers.set(connection, PRUNE, key, now if gone else now + _EVERY)

    def handlers(self) -> Mapping[str, Handler]:
        """Return what the timer rings."""
        return {PRUNE: self.rang}
