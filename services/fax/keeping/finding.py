"""Telling readers what is known of faxes, and recording what they were told."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection
from switchhook.fax.v1 import fax_pb2

from chassis.caller import Context
from chassis.errors import NotYet
from services.fax import translate
from services.fax.keeping.audit import Act, Reading
from services.fax.keeping.facts import FactFinder
from services.fax.keeping.search import Search
from services.fax.keeping.texts import FaxTexts
from services.fax.keeping.translate import keeping
from services.fax.model import Fax
from services.fax.sending.store import JobStore


class Finding:
    """What every reader of records needs; reads of records are recorded only when asked for."""

    def __init__(self, audit: Reading, *, audit_records: bool) -> None:
        """Record reads in `audit`; those of numbers and times only with `audit_records`."""
        self.audit = audit
        self._audit_records = audit_records
        self._facts = FactFinder()
        self._texts = FaxTexts()
        self._jobs = JobStore()

    async def told(self, connection: AsyncConnection, page: Sequence[Fax]) -> list[fax_pb2.Fax]:
        """Return faxes as the contract tells them, with what is known beyond the carrier."""
        facts = await self._facts.of(connection, page)
        jobs = await self._jobs.of_faxes(connection, [fax.fax_id for fax in page])
        messages = [translate.fax(fax) for fax in page]
        for message in messages:
            message.keeping.CopyFrom(keeping(facts[message.fax_id]))
            message.job_id = jobs.get(message.fax_id, ("", 0))[0]
        return messages

    async def check_searchable(self, connection: AsyncConnection, search: Search) -> None:
        """Raise NotYet when texts are searched and there are none: finding nothing says nothing."""
        if search.words and not await self._texts.any(connection):
            raise NotYet("NO_RECOGNIZED_TEXT", "no fax has a recognized text")

    async def record_read(self, context: Context, fax: Fax) -> None:
        """Record that a record was told."""
        if self._audit_records:
            await self.audit.read(context, Act.RECORD_READ, fax.fax_id)

    async def records_listed(self, context: Context, search: Search, count: int) -> None:
        """Record that records were listed, and always that texts were searched."""
        if search.words:
            await self.audit.read(context, Act.TEXT_SEARCHED, "", detail=f"{count} on this page")
        elif self._audit_records:
            await self.audit.read(context, Act.RECORDS_LISTED, "", detail=f"{count} on this page")
