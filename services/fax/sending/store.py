"""Jobs, their attempts and numbers in the database: one method per query."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import insert_into
from chassis.errors import Contended
from services.fax.sending.failures import FailureClass
from services.fax.sending.model import Attempt, AttemptState, Document, InDoubt, Job, Quality
from services.fax.sending.numbers import Mark, Number
from services.fax.sending.plan import JobState
from services.fax.sending.tables import attempts, jobs, numbers

_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, kw_only=True)
class JobFilters:
    """What a list of jobs is narrowed to; empty and None narrow nothing."""

    states: Sequence[JobState] = ()
    to_number: str = ""
    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True)
class JobPosition:
    """Where a page ended: the last job it showed."""

    create_time: datetime
    job_id: str


class JobStore:
    """Keeps jobs, on SQLite and PostgreSQL."""

    async def add(self, connection: AsyncConnection, job: Job, state: JobState) -> None:
        """Insert a job with its attempts; raises Contended when it is being made elsewhere."""
        insert = insert_into(connection, jobs).values(_job_values(job, state))
        insert = insert.on_conflict_do_nothing(index_elements=["job_id"])
        if (await connection.execute(insert.returning(jobs.c.job_id))).first() is None:
            raise Contended("REQUEST_IN_PROGRESS", "the same request is being carried out")
        await self._save_attempts(connection, job)

    async def get(self, connection: AsyncConnection, job_id: str) -> Job | None:
        """Return the job or None."""
        return (await self.of_ids(connection, [job_id])).get(job_id)

    async def hold(self, connection: AsyncConnection, job_id: str) -> Job | None:
        """Return the job or None; nobody else changes it until the transaction ends."""
        locked = sa.select(jobs.c.job_id).where(jobs.c.job_id == job_id).with_for_update()
        await connection.execute(locked)
        return await self.get(connection, job_id)

    async def save(self, connection: AsyncConnection, job: Job, state: JobState) -> None:
        """Write back a job that is held."""
        where = jobs.c.job_id == job.job_id
        await connection.execute(sa.update(jobs).where(where).values(_job_values(job, state)))
        await self._save_attempts(connection, job)

    async def of_ids(self, connection: AsyncConnection, job_ids: Collection[str]) -> dict[str, Job]:
        """Return the jobs of these ids that are there."""
        rows = await connection.execute(sa.select(jobs).where(jobs.c.job_id.in_(job_ids)))
        return await self._whole(connection, rows.all())

    async def list(
        self,
        connection: AsyncConnection,
        filters: JobFilters,
        *,
        limit: int,
        after: JobPosition | None = None,
    ) -> list[Job]:
        """Return at most `limit` jobs, newest first, that come after the position."""
        query = sa.select(jobs).where(*_conditions(filters))
        if after is not None:
            key = sa.tuple_(jobs.c.create_time, jobs.c.job_id)
            moment = sa.literal(after.create_time, jobs.c.create_time.type)
            query = query.where(key < sa.tuple_(moment, after.job_id))
        query = query.order_by(jobs.c.create_time.desc(), jobs.c.job_id.desc()).limit(limit)
        found = await self._whole(connection, (await connection.execute(query)).all())
        return list(found.values())

    async def of_faxes(
        self, connection: AsyncConnection, fax_ids: Collection[str]
    ) -> dict[str, tuple[str, int]]:
        """Return the job and the attempt's number behind each of the transmissions."""
        columns = attempts.c.fax_id, attempts.c.job_id, attempts.c.number
        query = sa.select(*columns).where(attempts.c.fax_id.in_([each for each in fax_ids if each]))
        return {row.fax_id: (row.job_id, row.number) for row in await connection.execute(query)}

    async def same_content(
        self, connection: AsyncConnection, to_number: str, content_key: str, since: datetime
    ) -> str | None:
        """Return the newest job that took the same documents to the number since a time.

        One that has failed or was cancelled does not count.
        """
        lost = [JobState.FAILED.value, JobState.CANCELLED.value]
        query = sa.select(jobs.c.job_id).where(
            jobs.c.to_number == to_number,
            jobs.c.content_key == content_key,
            jobs.c.create_time > since,
            jobs.c.state.not_in(lost),
        )
        newest = query.order_by(jobs.c.create_time.desc()).limit(1)
        return (await connection.execute(newest)).scalar_one_or_none()

    async def _save_attempts(self, connection: AsyncConnection, job: Job) -> None:
        for attempt in job.attempts:
            values = _attempt_values(job.job_id, attempt)
            row = insert_into(connection, attempts).values(values)
            keys = [attempts.c.job_id, attempts.c.number]
            await connection.execute(row.on_conflict_do_update(index_elements=keys, set_=values))

    async def _whole(
        self, connection: AsyncConnection, rows: Sequence[sa.Row[Any]]
    ) -> dict[str, Job]:
        found = {row.job_id: _job(row) for row in rows}
        query = sa.select(attempts).where(attempts.c.job_id.in_(list(found)))
        for row in await connection.execute(query.order_by(attempts.c.number)):
            job = found[row.job_id]
            found[row.job_id] = replace(job, attempts=(*job.attempts, _attempt(row)))
        return found


class NumberStore:
    """Keeps what is remembered of numbers."""

    async def get(self, connection: AsyncConnection, number: str) -> Number:
        """Return what is remembered, which may be nothing."""
        query = sa.select(numbers).where(numbers.c.number == number)
        row = (await connection.execute(query)).first()
        return Number(number=number) if row is None else _number(row)

    async def hold(self, connection: AsyncConnection, number: str) -> Number:
        """Return the number, and let nobody else hold it until the transaction ends."""
        values = _number_values(Number(number=number))
        insert = insert_into(connection, numbers).values(values).on_conflict_do_nothing()
        await connection.execute(insert)
        query = sa.select(numbers).where(numbers.c.number == number).with_for_update()
        return _number((await connection.execute(query)).one())

    async def save(self, connection: AsyncConnection, known: Number) -> None:
        """Write back a number that is held."""
        where = numbers.c.number == known.number
        await connection.execute(sa.update(numbers).where(where).values(_number_values(known)))


def _conditions(filters: JobFilters) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = []
    if filters.states:
        conditions.append(jobs.c.state.in_([state.value for state in filters.states]))
    if filters.to_number:
        conditions.append(jobs.c.to_number == filters.to_number)
    if filters.start is not None:
        conditions.append(jobs.c.create_time >= filters.start)
    if filters.end is not None:
        conditions.append(jobs.c.create_time < filters.end)
    return conditions


def _job_values(job: Job, state: JobState) -> dict[str, Any]:
    return {
        "job_id": job.job_id,
        "state": state.value,
        "to_number": job.to_number,
        "from_number": job.from_number,
        "sha256": job.document.sha256,
        "size": job.document.size,
        "page_count": job.document.page_count,
        "has_cover_page": job.document.has_cover_page,
        "page_size": job.document.page_size,
        "sources": list(job.sources),
        "content_key": job.content_key,
        "quality": job.quality.value,
        "monochrome": job.monochrome,
        "in_doubt": job.in_doubt.value,
        "cancel_time": job.cancel_time,
        "create_time": job.create_time,
        "update_time": job.update_time,
    }


def _job(row: sa.Row[Any]) -> Job:
    return Job(
        job_id=row.job_id,
        to_number=row.to_number,
        from_number=row.from_number,
        document=Document(
            sha256=row.sha256,
            size=row.size,
            page_count=row.page_count,
            has_cover_page=row.has_cover_page,
            page_size=row.page_size,
        ),
        create_time=row.create_time,
        update_time=row.update_time,
        sources=tuple(row.sources),
        content_key=row.content_key,
        quality=Quality(row.quality),
        monochrome=row.monochrome,
        in_doubt=InDoubt(row.in_doubt),
        cancel_time=row.cancel_time,
    )


def _attempt_values(job_id: str, attempt: Attempt) -> dict[str, Any]:
    return {
        "job_id": job_id,
        "number": attempt.number,
        "state": attempt.state.value,
        "state_time": attempt.state_time,
        "fax_id": attempt.fax_id,
        "reason": attempt.reason,
        "failure_class": attempt.failure_class.value if attempt.failure_class else "",
        "page_count": attempt.page_count,
        "call_duration_ms": attempt.call_duration and attempt.call_duration // _MILLISECOND,
        "quality": attempt.quality.value,
        "t38_enabled": attempt.t38_enabled,
        "lookups": attempt.lookups,
        "start_time": attempt.start_time,
    }


def _attempt(row: sa.Row[Any]) -> Attempt:
    duration = row.call_duration_ms
    return Attempt(
        number=row.number,
        start_time=row.start_time,
        quality=Quality(row.quality),
        t38_enabled=row.t38_enabled,
        state=AttemptState(row.state),
        state_time=row.state_time,
        fax_id=row.fax_id,
        reason=row.reason,
        failure_class=FailureClass(row.failure_class) if row.failure_class else None,
        page_count=row.page_count,
        call_duration=None if duration is None else duration * _MILLISECOND,
        lookups=row.lookups,
    )


def _number_values(known: Number) -> dict[str, Any]:
    return {
        "number": known.number,
        "mark": known.mark.value,
        "reason": known.reason,
        "mark_time": known.mark_time,
        "not_a_fax_count": known.not_a_fax_count,
    }


def _number(row: sa.Row[Any]) -> Number:
    return Number(
        number=row.number,
        mark=Mark(row.mark),
        reason=row.reason,
        mark_time=row.mark_time,
        not_a_fax_count=row.not_a_fax_count,
    )
