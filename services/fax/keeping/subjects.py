"""What is kept, and so erased: transmissions, and the jobs that send faxes.

Both are looked at in the same way: by direction, numbers and age. What a policy has due is found by
one query, which says in SQL what `policies` says in Python.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.fax.keeping.policies import Part, Policy, outweighing
from services.fax.keeping.tables import erasures, holds
from services.fax.model import Direction, DocumentState
from services.fax.sending.plan import JobState
from services.fax.sending.tables import attempts, jobs
from services.fax.tables import faxes

Condition = sa.ColumnElement[bool]

_IN_STORE = [DocumentState.STORED.value, DocumentState.QUARANTINED.value]
_COMING = [DocumentState.PENDING.value, *_IN_STORE]
_OVER = [JobState.DELIVERED.value, JobState.FAILED.value, JobState.CANCELLED.value]


@dataclass(frozen=True)
class Due:
    """One subject of which a part is due, and the hash of its document."""

    subject_id: str
    sha256: str


@dataclass(frozen=True)
class Count:
    """How many are due and how many bytes they have, and how many more are held."""

    due: int
    size: int
    held: int


@dataclass(frozen=True)
class Subjects:
    """One kind of subject, by its columns; `erasable` says when a part may be erased at all."""

    kind: str
    table: sa.Table
    subject_id: sa.ColumnElement[str]
    direction: sa.ColumnElement[str]
    from_number: sa.ColumnElement[str]
    to_number: sa.ColumnElement[str]
    create_time: sa.ColumnElement[datetime]
    sha256: sa.ColumnElement[str]
    size: sa.ColumnElement[int]
    named_by_hold: Condition
    erasable: Mapping[Part, Condition]

    async def due(
        self,
        connection: AsyncConnection,
        policies: Sequence[Policy],
        policy: Policy,
        part: Part,
        now: datetime,
        limit: int,
    ) -> list[Due]:
        """Return what of a part a policy has due now, oldest first, and lock it."""
        conditions = self._grown_old(policies, policy, part, now)
        query = sa.select(self.subject_id.label("subject_id"), self.sha256.label("sha256"))
        query = query.where(*conditions, sa.not_(self.held()))
        query = query.order_by(self.create_time, self.subject_id).limit(limit)
        rows = await connection.execute(query.with_for_update(of=self.table))
        return [Due(row.subject_id, row.sha256) for row in rows]

    async def count(
        self,
        connection: AsyncConnection,
        policies: Sequence[Policy],
        policy: Policy,
        part: Part,
        now: datetime,
    ) -> Count:
        """Return how much of a part a policy has due now, and how much of it is held."""
        held = sa.case((self.held(), 1), else_=0)
        size = sa.func.sum(sa.case((self.held(), 0), else_=self.size))
        query = sa.select(sa.func.count(), sa.func.sum(held), size)
        conditions = self._grown_old(policies, policy, part, now)
        found, kept, size_of_all = (await connection.execute(query.where(*conditions))).one()
        return Count(found - (kept or 0), int(size_of_all or 0), kept or 0)

    def _grown_old(
        self, policies: Sequence[Policy], policy: Policy, part: Part, now: datetime
    ) -> list[Condition]:
        """Say what a part fulfils that would be due, were it not for holds."""
        age = policy.age(part)
        if age is None:
            return [sa.false()]
        stronger = [self._spoken_of(other) for other in outweighing(policies, policy, part)]
        return [
            self.create_time <= sa.literal(now - age, faxes.c.create_time.type),
            self._spoken_of(policy),
            *[sa.not_(each) for each in stronger],
            self.erasable[part],
            sa.not_(_erased(self.kind, self.subject_id, part)),
        ]

    def held(self) -> Condition:
        """Say whether a legal hold that stands covers the subject."""
        standing = sa.select(holds.c.hold_id).where(
            holds.c.release_time.is_(None), self.covered_by_hold()
        )
        return standing.correlate(self.table).exists()

    def covered_by_hold(self) -> Condition:
        """Say whether a hold, standing or not, covers the subject."""
        of_number = sa.and_(
            holds.c.number != "",
            sa.or_(holds.c.number == self.from_number, holds.c.number == self.to_number),
            sa.or_(holds.c.start_time.is_(None), self.create_time >= holds.c.start_time),
            sa.or_(holds.c.end_time.is_(None), self.create_time < holds.c.end_time),
        )
        return sa.or_(self.named_by_hold, of_number)

    def _spoken_of(self, policy: Policy) -> Condition:
        conditions: list[Condition] = [sa.true()]
        if policy.direction is not Direction.UNKNOWN:
            conditions.append(self.direction == policy.direction.value)
        if policy.number:
            numbers = (self.from_number, self.to_number)
            conditions.append(sa.or_(*(number == policy.number for number in numbers)))
        return sa.and_(*conditions)


def _erased(kind: str, subject_id: sa.ColumnElement[str], part: Part) -> Condition:
    return sa.exists().where(
        erasures.c.subject == kind,
        erasures.c.subject_id == subject_id,
        erasures.c.part == part.value,
    )


FAXES = Subjects(
    kind="fax",
    table=faxes,
    subject_id=faxes.c.fax_id,
    direction=faxes.c.direction,
    from_number=faxes.c.from_number,
    to_number=faxes.c.to_number,
    create_time=faxes.c.create_time,
    sha256=faxes.c.document_sha256,
    size=faxes.c.document_size,
    # A hold of a job keeps its attempts, and one of an attempt keeps the job with what it sent.
    named_by_hold=sa.or_(
        holds.c.fax_id == faxes.c.fax_id,
        holds.c.job_id.in_(
            sa.select(attempts.c.job_id).where(attempts.c.fax_id == faxes.c.fax_id).correlate(faxes)
        ),
    ),
    erasable={
        Part.DOCUMENT: faxes.c.document_state.in_(_IN_STORE),
        Part.RECORD: sa.and_(faxes.c.redact_time.is_(None), faxes.c.document_state.not_in(_COMING)),
    },
)

JOBS = Subjects(
    kind="job",
    table=jobs,
    subject_id=jobs.c.job_id,
    direction=sa.literal(Direction.OUTBOUND.value),
    from_number=jobs.c.from_number,
    to_number=jobs.c.to_number,
    create_time=jobs.c.create_time,
    sha256=jobs.c.sha256,
    size=jobs.c.size,
    named_by_hold=sa.or_(
        holds.c.job_id == jobs.c.job_id,
        sa.and_(
            holds.c.fax_id != "",
            holds.c.fax_id.in_(
                sa.select(attempts.c.fax_id)
                .where(attempts.c.job_id == jobs.c.job_id)
                .correlate(jobs)
            ),
        ),
    ),
    # What is not over may still be sent, or has to be explained.
    erasable={
        Part.DOCUMENT: jobs.c.state.in_(_OVER),
        Part.RECORD: sa.and_(jobs.c.state.in_(_OVER), _erased("job", jobs.c.job_id, Part.DOCUMENT)),
    },
)
