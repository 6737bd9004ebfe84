"""Following faxes both ways: what changed, as watchers see it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.change_log import Change, ChangeLog
from services.fax.model import Direction, Fax
from services.fax.sending.following import JOB
from services.fax.sending.model import Job
from services.fax.sending.plan import Outlook, Planner
from services.fax.sending.store import JobStore
from services.fax.store import FaxStore

FAX = "fax"
"""The kind of change of a transmission."""


@dataclass(frozen=True, kw_only=True)
class Watched:
    """A transmission or a job as it is now; `job_id` is the job behind either, empty for none."""

    fax: Fax | None = None
    job: Job | None = None
    outlook: Outlook | None = None
    job_id: str = ""


@dataclass(frozen=True, kw_only=True)
class WatchFilters:
    """What a watch is narrowed to; empty and None narrow nothing."""

    fax_id: str = ""
    job_id: str = ""
    number: str = ""
    direction: Direction | None = None

    def wants(self, seen: Watched) -> bool:
        """Say whether a watcher is to see it."""
        return (
            (not self.fax_id or self.fax_id in _fax_ids(seen))
            and (not self.job_id or self.job_id == seen.job_id)
            and (not self.number or self.number in _numbers(seen))
            and (self.direction is None or self.direction is _direction(seen))
        )


class WatchedFaxStore(FaxStore):
    """Keeps faxes, and notes every change of one."""

    def __init__(self, changes: ChangeLog) -> None:
        self._changes = changes

    async def hold(self, connection: AsyncConnection, fax: Fax) -> Fax:
        """Return the fax of this id as FaxStore does; a new one is a change."""
        if await self.get(connection, fax.fax_id) is None:
            await self._changes.note(connection, FAX, fax.fax_id)
        return await super().hold(connection, fax)

    async def save(self, connection: AsyncConnection, fax: Fax) -> None:
        """Write back a fax that is held; one that is as it was is no change."""
        if await self.get(connection, fax.fax_id) != fax:
            await self._changes.note(connection, FAX, fax.fax_id)
            await super().save(connection, fax)


@dataclass(frozen=True)
class Loading:
    """Reads what changed."""

    faxes: FaxStore
    jobs: JobStore
    planner: Planner

    async def load(
        self, connection: AsyncConnection, changes: Sequence[Change]
    ) -> list[Watched | None]:
        """Return the thing behind each change; None for one that is gone."""
        fax_ids = {change.key for change in changes if change.kind == FAX}
        behind = await self.jobs.of_faxes(connection, fax_ids) if fax_ids else {}
        job_ids = {change.key for change in changes if change.kind == JOB}
        jobs = await self.jobs.of_ids(connection, job_ids) if job_ids else {}
        faxes = {fax_id: await self.faxes.get(connection, fax_id) for fax_id in sorted(fax_ids)}
        loaded: list[Watched | None] = []
        for change in changes:
            fax, job = faxes.get(change.key), jobs.get(change.key)
            if change.kind == FAX and fax is not None:
                loaded.append(Watched(fax=fax, job_id=behind.get(fax.fax_id, ("", 0))[0]))
            elif change.kind == JOB and job is not None:
                outlook = self.planner.outlook(job)
                loaded.append(Watched(job=job, outlook=outlook, job_id=job.job_id))
            else:
                loaded.append(None)
        return loaded


def _fax_ids(seen: Watched) -> set[str]:
    if seen.fax is not None:
        return {seen.fax.fax_id}
    return {attempt.fax_id for attempt in seen.job.attempts} if seen.job else set()


def _numbers(seen: Watched) -> set[str]:
    known = seen.fax or seen.job
    return {known.from_number, known.to_number} if known else set()


def _direction(seen: Watched) -> Direction:
    return seen.fax.direction if seen.fax is not None else Direction.OUTBOUND
