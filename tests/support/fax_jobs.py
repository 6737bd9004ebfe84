"""A desk that sends faxes, on a real database and a clock that a test moves; no carrier."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from chassis.clock import FixedClock
from chassis.database import Database
from services.fax import tables
from services.fax.sending import translate
from services.fax.sending.effects import Rendering
from services.fax.sending.failures import classify
from services.fax.sending.following import Following
from services.fax.sending.ids import AttemptKey, Tokens
from services.fax.sending.model import AttemptState, Document, Job, Sighting
from services.fax.sending.plan import Outlook, Planner
from services.fax.sending.store import JobStore, NumberStore

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ADA, GRACE = "+13125550101", "+13125550102"
OURS = "+12025550130"
JOB_ID = "6f1ff0a6-2f0c-5a0e-9b5e-0d7c4f1c2a11"
FIRST = AttemptKey(JOB_ID, 1)


def fax_job(**facts: Any) -> Job:
    """Return a job without attempts."""
    plain = Job(
        job_id=JOB_ID,
        to_number=ADA,
        from_number=OURS,
        document=Document(sha256="ab" * 32, size=1000, page_count=2),
        create_time=NOW,
        update_time=NOW,
        sources=("cd" * 32,),
        content_key="ef" * 32,
    )
    return replace(plain, **facts)


def seen(state: AttemptState, time: datetime = NOW, **facts: Any) -> Sighting:
    """Return a sighting; a failure has the class of its reason."""
    if state is AttemptState.FAILED:
        facts.setdefault("failure_class", classify(facts.get("reason", "")))
    return Sighting(state=state, time=time, **facts)


class Desk:
    """The use cases of jobs, each call in a transaction of its own."""

    def __init__(self, opened: Database) -> None:
        """Send from this database at NOW."""
        self.opened = opened
        self.clock = FixedClock(NOW)
        self.tokens = Tokens(b"secret")
        words = Rendering(
            "2040000000000000130", self.tokens, translate.announcement, translate.alert
        )
        self.following = Following(
            JobStore(),
            NumberStore(),
            tables.outbox,
            tables.timers,
            tables.changes,
            Planner(),
            words,
            self.clock,
        )

    async def take(self, job: Job | None = None) -> Job:
        """Take a job."""
        async with self.opened.transaction() as connection:
            return await self.following.take(connection, job or fax_job())

    async def see(self, sighting: Sighting, key: AttemptKey = FIRST) -> None:
        """See something of an attempt."""
        async with self.opened.transaction() as connection:
            await self.following.see(connection, key, sighting)

    async def fail(self, reason: str, key: AttemptKey = FIRST) -> None:
        """Let an attempt fail now."""
        await self.see(seen(AttemptState.FAILED, self.clock.now(), reason=reason), key)

    async def miss(self, key: AttemptKey = FIRST) -> None:
        """Look for an attempt in vain."""
        async with self.opened.transaction() as connection:
            await self.following.missed(connection, key)

    async def cancel(self, job_id: str = JOB_ID) -> Job:
        """Cancel the job."""
        async with self.opened.transaction() as connection:
            return await self.following.cancel(connection, job_id)

    async def ring(self, after: timedelta = timedelta()) -> list[str]:
        """Move the clock, ring every timer that is due, and return the kinds of those."""
        self.clock.advance(after)
        now, table = self.clock.now(), tables.timers.table
        async with self.opened.transaction() as connection:
            query = sa.select(table).where(table.c.due_time <= now)
            due = (await connection.execute(query.order_by(table.c.kind))).all()
            handlers = {
                "fax.attempt": self.following.due,
                "fax.lookup": self.following.look,
                "fax.resolve": self.following.resolve,
            }
            for each in due:
                await tables.timers.cancel(connection, each.kind, each.key)
                await handlers[each.kind](connection, each.key, now)
        return [each.kind for each in due]

    async def job(self, job_id: str = JOB_ID) -> Job:
        """Return the job as it stands."""
        async with self.opened.reading() as connection:
            return await self.following.get(connection, job_id)

    async def outlook(self, job_id: str = JOB_ID) -> Outlook:
        """Return where it stands."""
        return self.following.planner.outlook(await self.job(job_id))

    async def timers(self) -> dict[str, timedelta]:
        """Return the pause until each timer rings, by kind."""
        table = tables.timers.table
        async with self.opened.reading() as connection:
            rows = (await connection.execute(sa.select(table))).all()
        return {row.kind: row.due_time - self.clock.now() for row in rows}

    async def effects(self, kind: str) -> list[Any]:
        """Return the rows of the outbox of one kind, oldest first."""
        table = tables.outbox.table
        async with self.opened.reading() as connection:
            query = sa.select(table).where(table.c.kind == kind).order_by(table.c.position)
            return list((await connection.execute(query)).all())

    async def announced(self) -> list[str]:
        """Return the subjects of what was announced, oldest first."""
        return [row.path for row in await self.effects("event")]


async def emptied(opened: Database) -> None:
    """Delete every row of the service."""
    async with opened.transaction() as connection:
        for table in reversed(tables.metadata.sorted_tables):
            await connection.execute(table.delete())
