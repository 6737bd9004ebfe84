"""Legal holds in the database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.fax.keeping.holds import Hold, Scope
from services.fax.keeping.subjects import FAXES
from services.fax.keeping.tables import holds
from services.fax.tables import faxes


@dataclass(frozen=True, kw_only=True)
class HoldFilters:
    """What a list of holds is narrowed to; empty narrows nothing."""

    include_released: bool = False
    fax_id: str = ""
    number: str = ""


@dataclass(frozen=True)
class HoldPosition:
    """Where a page ended: the last hold it showed."""

    place_time: datetime
    hold_id: str


class HoldStore:
    """The holds, on SQLite and PostgreSQL."""

    async def add(self, connection: AsyncConnection, hold: Hold) -> None:
        """Insert a hold."""
        await connection.execute(sa.insert(holds).values(_values(hold)))

    async def get(self, connection: AsyncConnection, hold_id: str) -> Hold | None:
        """Return the hold or None, and let nobody else end it until the transaction does."""
        query = sa.select(holds).where(holds.c.hold_id == hold_id).with_for_update()
        row = (await connection.execute(query)).first()
        return None if row is None else _hold(row)

    async def save(self, connection: AsyncConnection, hold: Hold) -> None:
        """Write back a hold."""
        where = holds.c.hold_id == hold.hold_id
        await connection.execute(sa.update(holds).where(where).values(_values(hold)))

    async def list(
        self,
        connection: AsyncConnection,
        filters: HoldFilters,
        *,
        limit: int,
        after: HoldPosition | None = None,
    ) -> Sequence[Hold]:
        """Return at most `limit` holds, last placed first, that come after the position."""
        query = sa.select(holds).where(*_conditions(filters))
        if after is not None:
            key = sa.tuple_(holds.c.place_time, holds.c.hold_id)
            moment = sa.literal(after.place_time, holds.c.place_time.type)
            query = query.where(key < sa.tuple_(moment, after.hold_id))
        query = query.order_by(holds.c.place_time.desc(), holds.c.hold_id.desc()).limit(limit)
        return [_hold(row) for row in await connection.execute(query)]


def _conditions(filters: HoldFilters) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = []
    if not filters.include_released:
        conditions.append(holds.c.release_time.is_(None))
    if filters.number:
        conditions.append(holds.c.number == filters.number)
    if filters.fax_id:
        covered = sa.select(faxes.c.fax_id).where(
            faxes.c.fax_id == filters.fax_id, FAXES.covered_by_hold()
        )
        conditions.append(covered.correlate(holds).exists())
    return conditions


def _values(hold: Hold) -> dict[str, Any]:
    scope = hold.scope
    return {
        "hold_id": hold.hold_id,
        "fax_id": scope.fax_id,
        "job_id": scope.job_id,
        "number": scope.number,
        "start_time": scope.start,
        "end_time": scope.end,
        "reason": hold.reason,
        "matter": hold.matter,
        "placed_by": hold.placed_by,
        "place_time": hold.place_time,
        "released_by": hold.released_by,
        "release_time": hold.release_time,
        "release_reason": hold.release_reason,
    }


def _hold(row: sa.Row[Any]) -> Hold:
    scope = Scope(
        fax_id=row.fax_id,
        job_id=row.job_id,
        number=row.number,
        start=row.start_time,
        end=row.end_time,
    )
    return Hold(
        hold_id=row.hold_id,
        scope=scope,
        reason=row.reason,
        matter=row.matter,
        placed_by=row.placed_by,
        place_time=row.place_time,
        released_by=row.released_by,
        release_time=row.release_time,
        release_reason=row.release_reason,
    )
