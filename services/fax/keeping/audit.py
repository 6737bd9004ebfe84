"""Recording who reads what, before it is handed out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.caller import Caller, Context, caller_of
from chassis.clock import Clock
from chassis.database import Database
from services.fax.keeping.entries import Act, AuditEntry

__all__ = ["Act", "Audit", "Log", "Reading"]

_LONGEST_DETAIL = 200


class Reading(Protocol):
    """Where reads are recorded."""

    async def read(
        self, context: Context, act: Act, fax_id: str, *, sha256: str = "", detail: str = ""
    ) -> None:
        """Record a read that is about to be answered; raises when it cannot be recorded.

        Called outside of any transaction, after it is clear that there is something to hand out
        and before the first byte of it leaves. `detail` never holds anything personal.
        """
        ...


class Log(Protocol):
    """The log itself."""

    async def append(self, connection: AsyncConnection, entry: AuditEntry) -> AuditEntry:
        """Add an entry as the next link: last, as nobody else can until the transaction ends."""
        ...


@dataclass(frozen=True)
class Audit:
    """Writes the audit log."""

    database: Database
    log: Log
    clock: Clock

    async def read(
        self, context: Context, act: Act, fax_id: str, *, sha256: str = "", detail: str = ""
    ) -> None:
        """Record a read; raises Unavailable when it cannot be recorded, and nothing is read."""
        caller = caller_of(context)
        async with self.database.transaction() as connection:
            await self.record(connection, caller, act, fax_id=fax_id, sha256=sha256, detail=detail)

    async def record(
        self,
        connection: AsyncConnection,
        caller: Caller,
        act: Act,
        *,
        fax_id: str = "",
        sha256: str = "",
        detail: str = "",
    ) -> None:
        """Record an act in the transaction that does it; the last thing that transaction does."""
        entry = AuditEntry(
            occur_time=self.clock.now(),
            act=act,
            actor=caller.actor,
            peer=caller.peer,
            fax_id=fax_id,
            sha256=sha256,
            detail=detail[:_LONGEST_DETAIL],
        )
        await self.log.append(connection, entry)
