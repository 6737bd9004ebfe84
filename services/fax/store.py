"""Faxes in the database: one method per query, rows to model and back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import insert_into
from services.fax.keeping import search
from services.fax.keeping.search import Search
from services.fax.model import Direction, Document, DocumentState, Fax, State
from services.fax.tables import faxes

_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, kw_only=True)
class Filters:
    """What a list is narrowed to; empty and None narrow nothing."""

    direction: Direction | None = None
    states: Sequence[State] = ()
    number: str = ""
    start: datetime | None = None
    end: datetime | None = None
    search: Search = field(default_factory=Search)


@dataclass(frozen=True)
class Position:
    """Where a page ended: the last fax it showed."""

    create_time: datetime
    fax_id: str


class FaxStore:
    """The port of the use cases, on SQLite and PostgreSQL."""

    async def get(self, connection: AsyncConnection, fax_id: str) -> Fax | None:
        """Return the fax or None."""
        query = sa.select(faxes).where(faxes.c.fax_id == fax_id)
        row = (await connection.execute(query)).first()
        return None if row is None else _fax(row)

    async def hold(self, connection: AsyncConnection, fax: Fax) -> Fax:
        """Return the fax of this id, which is `fax` itself when there was none.

        Nobody else changes it until the transaction ends, not even by inserting it first.
        """
        insert = insert_into(connection, faxes).values(_values(fax)).on_conflict_do_nothing()
        await connection.execute(insert)
        query = sa.select(faxes).where(faxes.c.fax_id == fax.fax_id).with_for_update()
        return _fax((await connection.execute(query)).one())

    async def save(self, connection: AsyncConnection, fax: Fax) -> None:
        """Write back a fax that is held."""
        where = faxes.c.fax_id == fax.fax_id
        await connection.execute(sa.update(faxes).where(where).values(_values(fax)))

    async def list(
        self,
        connection: AsyncConnection,
        filters: Filters,
        *,
        limit: int,
        after: Position | None = None,
    ) -> list[Fax]:
        """Return at most `limit` faxes, newest first, that come after the position."""
        query = sa.select(faxes).where(*_conditions(filters))
        if after is not None:
            key = sa.tuple_(faxes.c.create_time, faxes.c.fax_id)
            query = query.where(
                key
                < sa.tuple_(sa.literal(after.create_time, faxes.c.create_time.type), after.fax_id)
            )
        ordered = query.order_by(faxes.c.create_time.desc(), faxes.c.fax_id.desc())
        return [_fax(row) for row in await connection.execute(ordered.limit(limit))]


def _conditions(filters: Filters) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = []
    if filters.direction is not None:
        conditions.append(faxes.c.direction == filters.direction.value)
    if filters.states:
        conditions.append(faxes.c.state.in_([state.value for state in filters.states]))
    if filters.number:
        conditions.append(
            sa.or_(faxes.c.from_number == filters.number, faxes.c.to_number == filters.number)
        )
    if filters.start is not None:
        conditions.append(faxes.c.create_time >= filters.start)
    if filters.end is not None:
        conditions.append(faxes.c.create_time < filters.end)
    return conditions + search.conditions(filters.search)


def _values(fax: Fax) -> dict[str, Any]:
    document = fax.document
    return {
        "fax_id": fax.fax_id,
        "create_time": fax.create_time,
        "update_time": fax.update_time,
        "state": fax.state.value,
        "raw_status": fax.raw_status,
        "direction": fax.direction.value,
        "from_number": fax.from_number,
        "to_number": fax.to_number,
        "page_count": fax.page_count,
        "call_duration_ms": fax.call_duration and fax.call_duration // _MILLISECOND,
        "partial_content": fax.partial_content,
        "failure_reason": fax.failure_reason,
        "connection_id": fax.connection_id,
        "document_state": document.state.value,
        "document_sha256": document.sha256,
        "document_size": document.size,
        "document_content_type": document.content_type,
        "document_store_time": document.store_time,
        "document_reason": document.reason,
        "announce_time": fax.announce_time,
        "redact_time": fax.redact_time,
        "document_pages": document.pages,
    }


def _fax(row: sa.Row[Any]) -> Fax:
    duration = row.call_duration_ms
    return Fax(
        fax_id=row.fax_id,
        create_time=row.create_time,
        update_time=row.update_time,
        state=State(row.state),
        raw_status=row.raw_status,
        direction=Direction(row.direction),
        from_number=row.from_number,
        to_number=row.to_number,
        page_count=row.page_count,
        call_duration=None if duration is None else duration * _MILLISECOND,
        partial_content=row.partial_content,
        failure_reason=row.failure_reason,
        connection_id=row.connection_id,
        announce_time=row.announce_time,
        redact_time=row.redact_time,
        document=Document(
            state=DocumentState(row.document_state),
            sha256=row.document_sha256,
            size=row.document_size,
            content_type=row.document_content_type,
            store_time=row.document_store_time,
            reason=row.document_reason,
            pages=row.document_pages,
        ),
    )
