"""What is known of faxes beyond what the carrier said, for whoever reads a list of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.fax.keeping.audit_store import AuditStore
from services.fax.keeping.erasing import Erasing
from services.fax.keeping.policies import Part
from services.fax.keeping.resends import Resend, Resends
from services.fax.keeping.search import Flag, flagged
from services.fax.model import Fax
from services.fax.tables import faxes


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of one fax."""

    flags: tuple[Flag, ...]
    resend: Resend | None
    announce_time: datetime | None
    store_delay: timedelta | None
    first_read_time: datetime | None
    document_erase_time: datetime | None
    record_redact_time: datetime | None


class FactFinder:
    """Finds what is known, a few queries for a whole page."""

    def __init__(self) -> None:
        self._resends = Resends()
        self._erasing = Erasing()
        self._audit = AuditStore()

    async def of(self, connection: AsyncConnection, page: Sequence[Fax]) -> dict[str, Facts]:
        """Return what is known of each fax of a page."""
        ids = [fax.fax_id for fax in page]
        flags = await self._flags(connection, ids)
        resends = await self._resends.of(connection, ids)
        read = await self._audit.first_reads(connection, ids)
        erased = await self._erasing.times(connection, ids)
        return {
            fax.fax_id: Facts(
                flags=tuple(flag for flag in Flag if fax.fax_id in flags[flag]),
                resend=resends.get(fax.fax_id),
                announce_time=fax.announce_time,
                store_delay=_store_delay(fax),
                first_read_time=read.get(fax.fax_id),
                document_erase_time=erased.get((fax.fax_id, Part.DOCUMENT)),
                record_redact_time=erased.get((fax.fax_id, Part.RECORD)),
            )
            for fax in page
        }

    async def _flags(
        self, connection: AsyncConnection, fax_ids: Sequence[str]
    ) -> dict[Flag, set[str]]:
        """Return which faxes have which flag, in one query of the very conditions of a search."""
        columns = [sa.case((flagged(flag), 1), else_=0).label(flag.value) for flag in Flag]
        query = sa.select(faxes.c.fax_id, *columns).where(faxes.c.fax_id.in_(fax_ids))
        rows = (await connection.execute(query)).mappings().all()
        return {flag: {row["fax_id"] for row in rows if row[flag.value]} for flag in Flag}


def _store_delay(fax: Fax) -> timedelta | None:
    stored = fax.document.store_time
    if stored is None or fax.announce_time is None:
        return None
    # The carrier's clock may run ahead of ours.
    return max(stored - fax.announce_time, timedelta())
