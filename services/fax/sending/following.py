"""Following jobs: every change of one, what it makes due, and what it makes known.

Each operation runs in the caller's transaction and holds the job's row first; the number, the
timers and new effects come after it, so that two transactions never wait for each other in a ring.
Effects that exist are therefore never touched while a job is held: what was in doubt is resolved by
a timer of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.change_log import ChangeLog
from chassis.clock import Clock
from chassis.effects import Done, Failed
from chassis.errors import NotFound, NotYet
from chassis.outbox import Outbox
from chassis.timers import Timers
from services.fax.sending import numbers
from services.fax.sending.failures import FailureClass
from services.fax.sending.ids import AttemptKey, handover_id
from services.fax.sending.model import Attempt, AttemptState, Job, Sighting, see
from services.fax.sending.plan import JobState, Outlook, Planner
from services.fax.sending.store import JobStore, NumberStore
from services.fax.sending.words import Words

ATTEMPT, LOOKUP, RESOLVE = "fax.attempt", "fax.lookup", "fax.resolve"
"""The kinds of timers: the next attempt of a job, a look for an attempt, and the end of a doubt."""
JOB = "job"
"""The kind of change that watchers read."""
ALREADY_MADE = "ALREADY_MADE"
"""Why an attempt is not made that the carrier has spoken of; it says nothing about the attempt."""
_ANNOUNCED = {JobState.DELIVERED, JobState.FAILED, JobState.CANCELLED, JobState.HELD}


def uncounted(_how: str) -> None:
    """Count nothing."""


@dataclass(frozen=True)
class Following:
    """What happens to jobs."""

    jobs: JobStore
    numbers: NumberStore
    outbox: Outbox
    timers: Timers
    changes: ChangeLog
    planner: Planner
    words: Words
    clock: Clock
    count: Callable[[str], None] = uncounted
    """Called with how an attempt ended: delivered, or the class of its failure."""

    async def take(self, connection: AsyncConnection, job: Job) -> Job:
        """Keep a new job and begin its first attempt."""
        begun, attempt = self._begun(job, self.clock.now())
        await self.jobs.add(connection, begun, self.planner.outlook(begun).state)
        await self.changes.note(connection, JOB, job.job_id)
        await self.outbox.add(connection, self.words.handover(begun, attempt))
        return begun

    async def get(self, connection: AsyncConnection, job_id: str) -> Job:
        """Return the job; raises NotFound."""
        job = await self.jobs.get(connection, job_id)
        if job is None:
            raise NotFound("JOB_NOT_FOUND", "no such job")
        return job

    async def due(self, connection: AsyncConnection, job_id: str, now: datetime) -> None:
        """Begin the next attempt of a job if it is due."""
        job = await self.jobs.hold(connection, job_id)
        outlook = self.planner.outlook(job) if job else None
        if job is None or outlook is None or outlook.next_time is None:
            return
        if outlook.next_time > now:
            await self.timers.set(connection, ATTEMPT, job_id, outlook.next_time)
            return
        begun, attempt = self._begun(job, now)
        await self._keep(connection, job, begun)
        await self.outbox.add(connection, self.words.handover(begun, attempt))

    async def see(
        self, connection: AsyncConnection, key: AttemptKey, seen: Sighting
    ) -> Attempt | None:
        """Take in what was seen of an attempt; return it, or None when there is no such attempt."""
        job = await self.jobs.hold(connection, key.job_id)
        attempt = job.attempt(key.number) if job else None
        if job is None or attempt is None:
            return None
        changed = see(attempt, seen)
        await self._keep(connection, job, job.having(changed))
        return changed

    async def missed(self, connection: AsyncConnection, key: AttemptKey) -> bool:
        """Take in that an attempt is not in the carrier's list; say whether it was in doubt."""
        job = await self.jobs.hold(connection, key.job_id)
        attempt = job.attempt(key.number) if job else None
        if job is None or attempt is None or attempt.state is not AttemptState.IN_DOUBT:
            return False
        now, pauses = self.clock.now(), self.planner.table.lookup
        looked = replace(attempt, lookups=attempt.lookups + 1)
        if looked.lookups >= len(pauses):
            gone = Sighting(state=AttemptState.NOT_FOUND, time=now, reason=attempt.reason)
            looked = see(looked, gone)
        else:
            await self.timers.set(connection, LOOKUP, str(key), now + pauses[looked.lookups])
        await self._keep(connection, job, job.having(looked))
        return True

    async def look(self, connection: AsyncConnection, key: str, now: datetime) -> None:
        """Ask the carrier about an attempt that is in doubt, or of which it is silent."""
        named = AttemptKey.read(key)
        job = await self.jobs.get(connection, named.job_id)
        attempt = job.attempt(named.number) if job else None
        if job and attempt and _wants_a_look(attempt):
            await self.outbox.add(connection, self.words.lookup(job, attempt, now))

    async def look_again(self, connection: AsyncConnection, key: AttemptKey) -> None:
        """Ask again later about an attempt that nothing final is known of."""
        job = await self.jobs.get(connection, key.job_id)
        attempt = job.attempt(key.number) if job else None
        if attempt and _wants_a_look(attempt):
            pauses = self.planner.table.lookup
            doubtful = attempt.state is AttemptState.IN_DOUBT
            next_pause = pauses[min(attempt.lookups, len(pauses) - 1)]
            pause = next_pause if doubtful else self.planner.table.quiet
            await self.timers.set(connection, LOOKUP, str(key), self.clock.now() + pause)

    async def resolve(self, connection: AsyncConnection, key: str, now: datetime) -> None:
        """Let the outbox know what became of an attempt that was in doubt."""
        named = AttemptKey.read(key)
        job = await self.jobs.get(connection, named.job_id)
        attempt = job.attempt(named.number) if job else None
        if attempt is None or attempt.state is AttemptState.IN_DOUBT:
            return
        known = Done(attempt.fax_id) if attempt.fax_id else Failed(attempt.state.name)
        await self.outbox.resolve(connection, handover_id(named), known)

    async def resolve_soon(self, connection: AsyncConnection, key: AttemptKey) -> None:
        """Resolve what is in doubt, in a transaction of its own."""
        await self.timers.set(connection, RESOLVE, str(key), self.clock.now())

    async def cancel(self, connection: AsyncConnection, job_id: str) -> Job:
        """Stop a job; raises NotFound, and NotYet for one that is delivered or failed."""
        job = await self.jobs.hold(connection, job_id)
        if job is None:
            raise NotFound("JOB_NOT_FOUND", "no such job")
        state = self.planner.outlook(job).state
        if state in {JobState.DELIVERED, JobState.FAILED}:
            raise NotYet("JOB_FINISHED", "the job is over", metadata={"state": state.name})
        if job.cancel_time is not None:
            return job
        return await self._keep(connection, job, replace(job, cancel_time=self.clock.now()))

    async def may_hand_over(self, connection: AsyncConnection, key: AttemptKey) -> str | None:
        """Return why an attempt must not be made after all, or None."""
        job = await self.jobs.hold(connection, key.job_id)
        attempt = job.attempt(key.number) if job else None
        if job is None or attempt is None:
            return "JOB_ERASED"
        if attempt.state is not AttemptState.HANDING_OVER:
            return ALREADY_MADE
        if job.cancel_time is not None:
            return "CANCELLED"
        delivered = self.planner.outlook(job).state is JobState.DELIVERED
        return "NOT_NEEDED" if delivered else None

    def _begun(self, job: Job, now: datetime) -> tuple[Job, Attempt]:
        outlook = self.planner.outlook(job)
        attempt = Attempt(
            number=outlook.next_number,
            start_time=now,
            state_time=now,
            quality=outlook.next_quality,
            t38_enabled=outlook.next_t38,
        )
        return replace(job, attempts=(*job.attempts, attempt), update_time=now), attempt

    async def _keep(self, connection: AsyncConnection, before: Job, after: Job) -> Job:
        """Write a changed job, and set off what follows from the change."""
        if after == before:
            return before
        now = self.clock.now()
        job = replace(after, update_time=now)
        was, outlook = self.planner.outlook(before), self.planner.outlook(job)
        await self.jobs.save(connection, job, outlook.state)
        for attempt in job.attempts:
            await self._follow_attempt(connection, job, before.attempt(attempt.number), attempt)
        await self._set_plan(connection, job, was, outlook)
        await self.changes.note(connection, JOB, job.job_id)
        if outlook.state is not was.state and outlook.state in _ANNOUNCED:
            await self.outbox.add(connection, self.words.settled(job, outlook, now))
        return job

    async def _set_plan(
        self, connection: AsyncConnection, job: Job, was: Outlook, outlook: Outlook
    ) -> None:
        if outlook.next_time is not None:
            await self.timers.set(connection, ATTEMPT, job.job_id, outlook.next_time)
        elif was.next_time is not None:
            await self.timers.cancel(connection, ATTEMPT, job.job_id)
        if job.cancel_time is not None or outlook.state is JobState.DELIVERED:
            for attempt in job.attempts:
                if attempt.state.is_live and attempt.fax_id:
                    await self.outbox.add(connection, self.words.withdrawal(job, attempt))

    async def _follow_attempt(
        self, connection: AsyncConnection, job: Job, before: Attempt | None, attempt: Attempt
    ) -> None:
        if before is None:
            return
        if attempt.state is before.state:
            if attempt.failure_class is not before.failure_class:
                # A look at the carrier told of the failure, and a webhook tells why.
                await self._failed(connection, job, attempt)
            return
        key, now = AttemptKey(job.job_id, attempt.number), self.clock.now()
        table = self.planner.table
        match attempt.state:
            case AttemptState.IN_DOUBT:
                await self.timers.set(connection, LOOKUP, str(key), now + table.lookup[0])
            case AttemptState.ACCEPTED | AttemptState.TRANSMITTING:
                await self.timers.set(connection, LOOKUP, str(key), now + table.quiet)
            case AttemptState.FAILED:
                await self._failed(connection, job, attempt)
            case AttemptState.DELIVERED:
                await self._delivered(connection, job)
        if attempt.state.is_final:
            delivered = attempt.state is AttemptState.DELIVERED
            self.count("delivered" if delivered else attempt.failure_class or "none")
            await self.timers.cancel(connection, LOOKUP, str(key))
        if before.state in {AttemptState.IN_DOUBT, AttemptState.NOT_FOUND}:
            await self.resolve_soon(connection, key)

    async def _failed(self, connection: AsyncConnection, job: Job, attempt: Attempt) -> None:
        why = attempt.failure_class
        if why is FailureClass.POLICY:
            now = self.clock.now()
            await self.outbox.add(connection, self.words.alert(job, attempt.reason, now))
        if why is not None and numbers.teaches(why):
            known = await self.numbers.hold(connection, job.to_number)
            learned = numbers.failed(known, why, attempt.reason, attempt.state_time)
            await self.numbers.save(connection, learned)

    async def _delivered(self, connection: AsyncConnection, job: Job) -> None:
        known = await self.numbers.get(connection, job.to_number)
        if known != numbers.cleared(known):
            held = await self.numbers.hold(connection, job.to_number)
            await self.numbers.save(connection, numbers.cleared(held))


def _wants_a_look(attempt: Attempt) -> bool:
    at_work = {AttemptState.IN_DOUBT, AttemptState.ACCEPTED, AttemptState.TRANSMITTING}
    return attempt.state in at_work
