"""Inspecting what has been fetched: the performer of inspections."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.clock import Clock
from chassis.database import Database
from chassis.effects import Done, Effect, Outcome, RetryLater
from chassis.errors import Overloaded
from services.fax.documents.children import RECEIVED_KINDS
from services.fax.documents.documents import Documents
from services.fax.documents.model import Rejected, TooSlow
from services.fax.documents.receiving import Received

_BUSY_SECONDS = 1.0
_SLOW_SECONDS = 10.0


class Inspector:
    """Looks into a document and records the verdict.

    The verdict goes from here into the database and not by the outbox, which keeps what it is told
    for a month: the text of a document lives no longer than the document.
    """

    def __init__(
        self, database: Database, documents: Documents, received: Received, clock: Clock
    ) -> None:
        self._database = database
        self._documents = documents
        self._received = received
        self._clock = clock
        self._slow: set[str] = set()

    async def admit(self, connection: AsyncConnection, effect: Effect) -> str | None:
        """Admit every inspection: it changes nothing outside."""
        return None

    async def perform(self, effect: Effect) -> Outcome:
        """Have a child look into the document; every end of it but a full line is a verdict."""
        fax_id, sha256 = effect.entity_key, effect.body.decode()
        try:
            found = await self._documents.inspect(sha256, RECEIVED_KINDS)
        except Overloaded as full:
            return RetryLater(full.retry_after or _BUSY_SECONDS, "BUSY")
        except FileNotFoundError:
            # Erased since: nobody waits for a verdict any more.
            return Done(sha256)
        except Rejected as why:
            if isinstance(why, TooSlow) and self._may_be_us(effect.effect_id):
                return RetryLater(_SLOW_SECONDS, "TIMED_OUT")
            async with self._database.transaction() as connection:
                await self._received.refused(connection, fax_id, sha256, why, self._clock.now())
            return Done(sha256, why.problem.value.encode())
        async with self._database.transaction() as connection:
            await self._received.passed(connection, fax_id, sha256, found, self._clock.now())
        return Done(sha256)

    async def settle(self, connection: AsyncConnection, effect: Effect, outcome: Outcome) -> None:
        """Settle nothing: the verdict is in the database."""

    def _may_be_us(self, effect_id: str) -> bool:
        """Tell whether it is the first time that time ran out: the machine may have been busy."""
        if effect_id in self._slow:
            self._slow.discard(effect_id)
            return False
        self._slow.add(effect_id)
        return True
