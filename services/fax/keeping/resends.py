"""Linking faxes that repeat an earlier one of the same sender.

Documents come in in any order, so each one is compared with those before and after it: whatever the
order, every fax ends beside the earliest one that it repeats.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import insert_into
from services.fax.keeping.likeness import WINDOW, Match, Print, compare
from services.fax.keeping.tables import prints, resends
from services.fax.model import Direction, DocumentState, Fax
from services.fax.tables import changes, faxes

_DIGITS = 16  # of a page's hash
_MOST = 200
"""Faxes of one sender within a day that are compared: a machine that sends more repeats itself."""


@dataclass(frozen=True, slots=True)
class Resend:
    """That a fax repeats another one, and by what that was seen."""

    of_fax_id: str
    match: Match


class Resends:
    """The links, on SQLite and PostgreSQL."""

    async def link(self, connection: AsyncConnection, fax: Fax, page_hashes: Sequence[int]) -> None:
        """Compare a fax whose document is stored with those around it, and link what repeats.

        Called in the transaction that stores or has inspected the document; again does no harm.
        """
        await self._keep_print(connection, fax.fax_id, page_hashes)
        if fax.direction is not Direction.INBOUND or not fax.from_number:
            return
        own = _print_of(fax, tuple(page_hashes))
        for other in await self._around(connection, fax):
            earlier, later = sorted((own, other), key=lambda each: each.age_key)
            if match := compare(earlier, later):
                await self._put(connection, later, earlier, match)

    async def of(self, connection: AsyncConnection, fax_ids: Sequence[str]) -> dict[str, Resend]:
        """Return which of the faxes repeat another one."""
        query = sa.select(resends).where(resends.c.fax_id.in_(fax_ids))
        rows = await connection.execute(query)
        return {row.fax_id: Resend(row.of_fax_id, Match(row.match)) for row in rows}

    async def _keep_print(
        self, connection: AsyncConnection, fax_id: str, page_hashes: Sequence[int]
    ) -> None:
        if not page_hashes:
            return
        facts = {"page_hashes": "".join(f"{each:0{_DIGITS}x}" for each in page_hashes)}
        row = insert_into(connection, prints).values(fax_id=fax_id, **facts)
        await connection.execute(row.on_conflict_do_update(index_elements=["fax_id"], set_=facts))

    async def _around(self, connection: AsyncConnection, fax: Fax) -> list[Print]:
        """Return the stored faxes of the same sender within a day before and after."""
        query = (
            sa.select(faxes, prints.c.page_hashes)
            .join(prints, prints.c.fax_id == faxes.c.fax_id, isouter=True)
            .where(
                faxes.c.from_number == fax.from_number,
                faxes.c.direction == Direction.INBOUND.value,
                faxes.c.document_state == DocumentState.STORED.value,
                faxes.c.fax_id != fax.fax_id,
                faxes.c.create_time.between(
                    _moment(fax.create_time - WINDOW), _moment(fax.create_time + WINDOW)
                ),
            )
            .order_by(faxes.c.create_time, faxes.c.fax_id)
            .limit(_MOST)
        )
        return [_print(row) for row in await connection.execute(query)]

    async def _put(
        self, connection: AsyncConnection, later: Print, earlier: Print, match: Match
    ) -> None:
        """Link to the earlier one, unless the later is beside one that is earlier still."""
        query = (
            sa.select(faxes.c.create_time, faxes.c.fax_id)
            .join(resends, resends.c.of_fax_id == faxes.c.fax_id)
            .where(resends.c.fax_id == later.fax_id)
        )
        known = (await connection.execute(query)).first()
        if known is not None and (known.create_time, known.fax_id) <= earlier.age_key:
            return
        facts = {"of_fax_id": earlier.fax_id, "match": match.value}
        row = insert_into(connection, resends).values(fax_id=later.fax_id, **facts)
        await connection.execute(row.on_conflict_do_update(index_elements=["fax_id"], set_=facts))
        await changes.note(connection, "fax", later.fax_id)


def _print_of(fax: Fax, page_hashes: tuple[int, ...]) -> Print:
    return Print(
        fax_id=fax.fax_id,
        create_time=fax.create_time,
        sha256=fax.document.sha256,
        page_count=fax.document.pages or fax.page_count,
        partial=fax.partial,
        page_hashes=page_hashes,
    )


def _print(row: sa.Row[Any]) -> Print:
    counts = {row.page_count, row.document_pages} - {None}
    return Print(
        fax_id=row.fax_id,
        create_time=row.create_time,
        sha256=row.document_sha256,
        page_count=row.document_pages or row.page_count,
        partial=row.partial_content or len(counts) > 1,
        page_hashes=_hashes(row.page_hashes or ""),
    )


def _hashes(text: str) -> tuple[int, ...]:
    starts = range(0, len(text), _DIGITS)
    return tuple(int(text[start : start + _DIGITS], 16) for start in starts)


def _moment(instant: datetime) -> sa.ColumnElement[datetime]:
    return sa.literal(instant, faxes.c.create_time.type)
