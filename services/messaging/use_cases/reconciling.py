"""Learning of opt-outs that the carrier knows and we do not, because a webhook was lost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import Database
from services.messaging.consent.decision import decide
from services.messaging.consent.opt_out_lists import TELNYX, OptOut, entry_of, opt_out_of
from services.messaging.use_cases.consents import Consents

OVERLAP = timedelta(days=2)
"""How far back a list is read again: rows may show up late, and reading one twice does nothing."""

PAGE = 250
MAX_PAGES = 4000


class ListUnreadable(Exception):  # noqa: N818 - a fact, tried again later
    """The carrier did not hand out its list, or one without an end."""


class Lists(Protocol):
    """The carrier's list of opt-outs."""

    async def opt_outs(self, since: datetime | None, page: int) -> Sequence[Mapping[str, object]]:
        """Return one page of at most `PAGE` rows; raises ListUnreadable."""
        ...


class Cursors(Protocol):
    """Where we remember how far lists have been read."""

    async def cursor(self, connection: AsyncConnection, list_name: str) -> datetime | None:
        """Return the newest time seen in a list, or None before the first reading."""
        ...

    async def move(
        self,
        connection: AsyncConnection,
        list_name: str,
        cursor_time: datetime | None,
        now: datetime,
    ) -> None:
        """Write down how far a list has been read, and when."""
        ...


@dataclass(frozen=True)
class Reconciling:
    """Compares the carrier's list with the ledger."""

    database: Database
    consents: Consents
    lists: Lists
    cursors: Cursors
    own_numbers: frozenset[str] = frozenset()

    async def run(self) -> int:
        """Read what is new in the list and record what the ledger lacks; return how many.

        Each row is a transaction of its own, so that a stop in the middle loses nothing: the cursor
        moves at the end. Raises ListUnreadable.
        """
        async with self.database.reading() as connection:
            seen = await self.cursors.cursor(connection, TELNYX)
        since, newest, added = (seen - OVERLAP if seen else None), seen, 0
        for page in range(1, MAX_PAGES + 1):
            rows = await self.lists.opt_outs(since, page)
            for row in rows:
                opt_out = opt_out_of(row, self._ours)
                if opt_out is not None:
                    added += await self._learn(opt_out)
                    newest = _later(newest, opt_out.create_time)
            if len(rows) < PAGE:
                break
        else:
            raise ListUnreadable("it has no end")
        async with self.database.transaction() as connection:
            await self.cursors.move(connection, TELNYX, newest, self.consents.clock.now())
        return added

    @property
    def _ours(self) -> frozenset[str]:
        return self.own_numbers | set(self.consents.programs.by_number)

    async def _learn(self, opt_out: OptOut) -> bool:
        """Record a row unless the ledger says as much already."""
        entry = entry_of(opt_out, self.consents.programs, self.consents.clock.now())
        async with self.database.transaction() as connection:
            before = await self.consents.hold(connection, opt_out.peer_number)
            if decide(before, self.consents.target(opt_out.our_number)).is_revoked:
                return False
            return await self.consents.record(connection, before, entry) is not None


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    return max((time for time in (one, other) if time is not None), default=None)
