"""Inspections in the database, rows to model and back."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import insert_into
from services.fax.documents.model import Active, FaxInspection, Problem, TextSource
from services.fax.documents.tables import inspections


class InspectionStore:
    """The newest inspection of each fax's document."""

    async def get(self, connection: AsyncConnection, fax_id: str) -> FaxInspection | None:
        """Return the newest inspection of a fax's document, or None."""
        query = sa.select(inspections).where(inspections.c.fax_id == fax_id)
        row = (await connection.execute(query)).first()
        return None if row is None else _inspection(row)

    async def put(self, connection: AsyncConnection, found: FaxInspection) -> None:
        """Keep an inspection in the place of the one before."""
        values = _values(found)
        row = insert_into(connection, inspections).values(fax_id=found.fax_id, **values)
        keys = [inspections.c.fax_id]
        await connection.execute(row.on_conflict_do_update(index_elements=keys, set_=values))


def _values(found: FaxInspection) -> dict[str, Any]:
    return {
        "sha256": found.sha256,
        "content_type": found.content_type,
        "size_bytes": found.size,
        "inspect_time": found.inspect_time,
        "pages": [list(each) for each in found.pages],
        "problem": "" if found.problem is None else found.problem.value,
        "problem_detail": found.problem_detail,
        "repaired": found.repaired,
        "active": [each.value for each in found.active],
        "text_source": found.text_source.value,
    }


def _inspection(row: sa.Row[Any]) -> FaxInspection:
    return FaxInspection(
        fax_id=row.fax_id,
        sha256=row.sha256,
        content_type=row.content_type,
        size=row.size_bytes,
        inspect_time=row.inspect_time,
        pages=tuple((width, height) for width, height in row.pages),
        problem=Problem(row.problem) if row.problem else None,
        problem_detail=row.problem_detail,
        repaired=row.repaired,
        active=tuple(Active(each) for each in row.active),
        text_source=TextSource(row.text_source),
    )
