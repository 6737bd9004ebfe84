"""Erasing what is due, and the record of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import insert_into
from chassis.outbox import State
from services.fax.keeping.policies import Part, Policy
from services.fax.keeping.subjects import FAXES, Due, Subjects
from services.fax.keeping.tables import contents, erasures, prints, texts, words
from services.fax.model import DocumentState
from services.fax.sending.tables import jobs
from services.fax.tables import changes, faxes, outbox

RETENTION = "RETENTION"
"""Why a document is deleted, as the fax says it."""

_SECOND = timedelta(seconds=1)
_OVER = [State.SENT.value, State.FAILED.value]


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """That a part was erased, by which policy and why."""

    part: Part
    erase_time: datetime
    policy_id: str
    reason: str
    age: timedelta
    sha256: str


class Erasing:
    """What is erased, on SQLite and PostgreSQL."""

    async def erase(
        self,
        connection: AsyncConnection,
        subjects: Subjects,
        due: Due,
        part: Part,
        policy: Policy,
        now: datetime,
    ) -> Erasure:
        """Erase a part of a subject that is locked, and record it; bytes follow by themselves."""
        if part is Part.DOCUMENT:
            await self._erase_document(connection, subjects, due.subject_id)
        else:
            await self._redact(connection, subjects, due.subject_id, now)
        made = Erasure(
            part=part,
            erase_time=now,
            policy_id=policy.policy_id,
            reason=policy.reason,
            age=policy.age(part) or timedelta(),
            sha256=due.sha256 if part is Part.DOCUMENT else "",
        )
        await self._record(connection, subjects, due.subject_id, made)
        await changes.note(connection, subjects.kind, due.subject_id)
        return made

    async def of_fax(self, connection: AsyncConnection, fax_id: str) -> Sequence[Erasure]:
        """Return what was erased of a transmission, oldest first."""
        query = sa.select(erasures).where(
            erasures.c.subject == FAXES.kind, erasures.c.subject_id == fax_id
        )
        query = query.order_by(erasures.c.erase_time, erasures.c.part)
        return [_erasure(row) for row in await connection.execute(query)]

    async def times(
        self, connection: AsyncConnection, fax_ids: Sequence[str]
    ) -> dict[tuple[str, Part], datetime]:
        """Return when parts of transmissions were erased."""
        query = sa.select(erasures.c.subject_id, erasures.c.part, erasures.c.erase_time).where(
            erasures.c.subject == FAXES.kind, erasures.c.subject_id.in_(fax_ids)
        )
        rows = await connection.execute(query)
        return {(row.subject_id, Part(row.part)): row.erase_time for row in rows}

    async def _erase_document(
        self, connection: AsyncConnection, subjects: Subjects, subject_id: str
    ) -> None:
        await contents.release(connection, f"{subjects.kind}:{subject_id}")
        if subjects is not FAXES:
            return
        for made in (texts, words, prints):
            await connection.execute(sa.delete(made).where(made.c.fax_id == subject_id))
        gone = {"document_state": DocumentState.DELETED.value, "document_reason": RETENTION}
        where = faxes.c.fax_id == subject_id
        await connection.execute(sa.update(faxes).where(where).values(gone))

    async def _redact(
        self, connection: AsyncConnection, subjects: Subjects, subject_id: str, now: datetime
    ) -> None:
        blank: dict[str, Any] = {"from_number": "", "to_number": ""}
        if subjects is FAXES:
            change = sa.update(faxes).where(faxes.c.fax_id == subject_id)
            await connection.execute(change.values({**blank, "redact_time": now}))
        else:
            await connection.execute(
                sa.update(jobs).where(jobs.c.job_id == subject_id).values(blank)
            )
        await self._blank_effects(connection, subject_id)

    async def _blank_effects(self, connection: AsyncConnection, subject_id: str) -> None:
        """Blank what was sent out for a subject or its attempts, which named numbers and links.

        That it was sent is still known, so that nothing is sent again.
        """
        sent = outbox.table
        about = sa.or_(
            sent.c.entity_key == subject_id,
            sent.c.entity_key.startswith(f"{subject_id}/", autoescape=True),
        )
        over = sa.and_(about, sent.c.state.in_(_OVER))
        await connection.execute(sa.update(sent).where(over).values(body=b"", detail=b""))

    async def _record(
        self, connection: AsyncConnection, subjects: Subjects, subject_id: str, made: Erasure
    ) -> None:
        row = insert_into(connection, erasures).values(
            subject=subjects.kind,
            subject_id=subject_id,
            part=made.part.value,
            erase_time=made.erase_time,
            policy_id=made.policy_id,
            reason=made.reason,
            age_seconds=made.age // _SECOND,
            sha256=made.sha256,
        )
        await connection.execute(row.on_conflict_do_nothing())


def _erasure(row: sa.Row[Any]) -> Erasure:
    return Erasure(
        part=Part(row.part),
        erase_time=row.erase_time,
        policy_id=row.policy_id,
        reason=row.reason,
        age=timedelta(seconds=row.age_seconds),
        sha256=row.sha256,
    )
