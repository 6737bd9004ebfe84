"""The audit log in the database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.chain import Content, Flaw, Head
from services.fax.keeping import entries
from services.fax.keeping.entries import CONTENT_READS, Act, AuditEntry
from services.fax.keeping.tables import audit, audit_chain


@dataclass(frozen=True, kw_only=True)
class AuditFilters:
    """What a list of entries is narrowed to; empty and None narrow nothing."""

    fax_id: str = ""
    actor: str = ""
    acts: Sequence[Act] = ()
    start: datetime | None = None
    end: datetime | None = None


class AuditStore:
    """The log, on SQLite and PostgreSQL."""

    async def append(self, connection: AsyncConnection, entry: AuditEntry) -> AuditEntry:
        """Add an entry as the chain's next link and return it.

        From here to the end of the transaction nobody else can add one, so that the chain has no
        gaps and no forks: add it last.
        """
        row = (await connection.execute(sa.select(audit_chain).with_for_update())).one()
        link = entries.linked(entry, Head(row.sequence, row.hash))
        said = {**entries.content(link), "occur_time": link.occur_time, "hash": link.hash}
        await connection.execute(sa.insert(audit).values(said))
        end = {"sequence": link.sequence, "hash": link.hash}
        await connection.execute(sa.update(audit_chain).values(end))
        return link

    async def newest(
        self,
        connection: AsyncConnection,
        filters: AuditFilters,
        *,
        limit: int,
        before: int | None = None,
    ) -> list[AuditEntry]:
        """Return entries, last recorded first, those before a sequence."""
        query = sa.select(audit).where(*_conditions(filters))
        if before is not None:
            query = query.where(audit.c.sequence < before)
        query = query.order_by(audit.c.sequence.desc()).limit(limit)
        return [_entry(row) for row in await connection.execute(query)]

    async def first_reads(
        self, connection: AsyncConnection, fax_ids: Sequence[str]
    ) -> dict[str, datetime]:
        """Return when content of faxes was first handed out; those never read are missing."""
        query = sa.select(audit.c.fax_id, sa.func.min(audit.c.occur_time).label("first"))
        query = query.where(
            audit.c.fax_id.in_(fax_ids),
            audit.c.action.in_([act.value for act in CONTENT_READS]),
        ).group_by(audit.c.fax_id)
        return {row.fax_id: row.first for row in await connection.execute(query)}

    async def head(self, connection: AsyncConnection) -> Head:
        """Return the end of the chain."""
        row = (await connection.execute(sa.select(audit_chain))).one()
        return Head(row.sequence, row.hash)

    async def ends(self, connection: AsyncConnection) -> tuple[int, int]:
        """Return the last sequence of the log and of the chain, as of one moment."""
        last = sa.select(sa.func.max(audit.c.sequence)).scalar_subquery()
        end = sa.select(audit_chain.c.sequence).scalar_subquery()
        row = (await connection.execute(sa.select(last, end))).one()
        return row[0] or 0, row[1] or 0

    async def links(
        self, connection: AsyncConnection, *, after: int, until: int, limit: int
    ) -> Sequence[tuple[Content, str]]:
        """Return what entries say and their hashes, in the order of the chain.

        Raises Flaw for a row that no entry of this service could be.
        """
        query = sa.select(audit).where(audit.c.sequence > after, audit.c.sequence <= until)
        rows = await connection.execute(query.order_by(audit.c.sequence).limit(limit))
        return [_link(row) for row in rows]


def _conditions(filters: AuditFilters) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = []
    if filters.fax_id:
        conditions.append(audit.c.fax_id == filters.fax_id)
    if filters.actor:
        conditions.append(audit.c.actor == filters.actor)
    if filters.acts:
        conditions.append(audit.c.action.in_([act.value for act in filters.acts]))
    if filters.start is not None:
        conditions.append(audit.c.occur_time >= filters.start)
    if filters.end is not None:
        conditions.append(audit.c.occur_time < filters.end)
    return conditions


def _link(row: sa.Row[Any]) -> tuple[Content, str]:
    try:
        said = entries.content(_entry(row))
    except (ValueError, TypeError) as error:
        raise Flaw(row.sequence, "", "has a value no entry can have") from error
    return {**said, "format": row.format}, row.hash


def _entry(row: sa.Row[Any]) -> AuditEntry:
    return AuditEntry(
        sequence=row.sequence,
        occur_time=row.occur_time,
        act=Act(row.action),
        actor=row.actor,
        peer=row.peer,
        fax_id=row.fax_id,
        sha256=row.sha256,
        detail=row.detail,
        prev_hash=row.prev_hash,
        hash=row.hash,
    )
