"""When a job is tried again, how often and with what settings; pure.

The outlook of a job is worked out from its attempts alone, so it does not matter in which order
they came to be known.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta

from services.fax.sending.failures import NOT_FETCHED, FailureClass
from services.fax.sending.model import Attempt, AttemptState, InDoubt, Job, Quality


def _minutes(*counts: float) -> tuple[timedelta, ...]:
    return tuple(timedelta(minutes=count) for count in counts)


class JobState(enum.StrEnum):
    """Where a job stands."""

    WAITING = "waiting"
    SENDING = "sending"
    IN_DOUBT = "in_doubt"
    HELD = "held"
    DELIVERED = "delivered"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_over(self) -> bool:
        """Whether the job came to its end."""
        return self in {JobState.DELIVERED, JobState.FAILED, JobState.CANCELLED}


@dataclass(frozen=True, kw_only=True)
class RetryTable:
    """Every delay and limit of the plan.

    Each delay is the pause before one further try, counted from the end of the try before; as many
    as there are delays. A busy line is tried at the last of its delays again and again, until the
    time or the dials are used up.
    """

    busy: tuple[timedelta, ...] = _minutes(3, 6, 12, 15, 15)
    no_answer: tuple[timedelta, ...] = _minutes(5, 15, 30)
    transmission: tuple[timedelta, ...] = _minutes(2, 2)
    capacity: tuple[timedelta, ...] = _minutes(1, 2, 4, 8, 15)
    download: tuple[timedelta, ...] = _minutes(1, 1)
    unknown: tuple[timedelta, ...] = _minutes(5)
    lookup: tuple[timedelta, ...] = _minutes(2, 4, 8)
    """Pauses before each look for an attempt in doubt; it is not found after the last one."""
    quiet: timedelta = timedelta(minutes=15)
    """How long the carrier may be silent about an attempt before it is asked."""
    busy_within: timedelta = timedelta(hours=2)
    """From the first dial to the last one of a line that is busy."""
    max_dials: int = 12
    """Attempts of one job, for whatever reasons they failed."""
    plain_after: int = 2
    """Broken transmissions after which T.38 is turned round and the quality is normal."""

    def __str__(self) -> str:
        entries = ((each.name, getattr(self, each.name)) for each in fields(self))
        return "; ".join(f"{name}={_written(value)}" for name, value in entries)

    def delays(self, attempt: Attempt) -> tuple[timedelta, ...]:
        """Return the pauses that the failure of this attempt allows; none is no further try."""
        by_class: Mapping[FailureClass, tuple[timedelta, ...]] = {
            FailureClass.BUSY: self.busy,
            FailureClass.NO_ANSWER: self.no_answer,
            FailureClass.TRANSMISSION: self.transmission,
            FailureClass.CAPACITY: self.capacity,
            FailureClass.UNKNOWN: self.unknown,
        }
        if attempt.reason == NOT_FETCHED:
            return self.download
        return by_class.get(attempt.failure_class or FailureClass.UNKNOWN, ())


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """Where a job stands and what is to come; `next_*` only mean something with a `next_time`."""

    state: JobState
    next_time: datetime | None = None
    next_number: int = 0
    tries_left: int = 0
    next_quality: Quality = Quality.HIGH
    next_t38: bool = True
    reason: str = ""
    failure_class: FailureClass | None = None
    finish_time: datetime | None = None


@dataclass(frozen=True)
class Planner:
    """Works out the outlook of jobs by one table."""

    table: RetryTable = field(default_factory=RetryTable)

    def outlook(self, job: Job) -> Outlook:
        """Return where the job stands now."""
        states = {each.state for each in job.attempts}
        if delivered := _first(job, AttemptState.DELIVERED):
            return Outlook(state=JobState.DELIVERED, finish_time=delivered.state_time)
        if any(state.is_live for state in states):
            return self._told(job, JobState.SENDING)
        if AttemptState.IN_DOUBT in states:
            return self._told(job, JobState.IN_DOUBT)
        if job.cancel_time is not None:
            return self._over(job, JobState.CANCELLED)
        if not job.attempts:
            return self._next(job, job.create_time, self.table.max_dials)
        return self._after(job, job.attempts[-1])

    def _after(self, job: Job, last: Attempt) -> Outlook:
        if last.state is AttemptState.NOT_FOUND:
            spare = self.table.max_dials - len(job.attempts)
            if job.in_doubt is InDoubt.HOLD or spare <= 0:
                return self._told(job, JobState.HELD)
            return self._next(job, last.state_time, spare)
        due = list(self._dues(job, last))
        if not due:
            return self._over(job, JobState.FAILED)
        return self._next(job, due[0], len(due))

    def _dues(self, job: Job, last: Attempt) -> Iterator[datetime]:
        """Yield when the next tries would be, if each ended at once with the same failure."""
        delays, busy = self.table.delays(last), last.failure_class is FailureClass.BUSY
        made, failed, due = len(job.attempts), _failures(job, last), last.state_time
        while made < self.table.max_dials and (failed <= len(delays) or (busy and delays)):
            due += delays[min(failed, len(delays)) - 1]
            if busy and due > job.attempts[0].start_time + self.table.busy_within:
                return
            yield due
            made, failed = made + 1, failed + 1

    def _next(self, job: Job, due: datetime, tries_left: int) -> Outlook:
        broken = [each.failure_class for each in job.attempts].count(FailureClass.TRANSMISSION)
        plain = broken >= self.table.plain_after
        told = self._told(job, JobState.WAITING)
        return Outlook(
            state=told.state,
            next_time=due,
            next_number=len(job.attempts) + 1,
            tries_left=tries_left,
            next_quality=Quality.NORMAL if plain else job.quality,
            next_t38=not plain,
            reason=told.reason,
            failure_class=told.failure_class,
        )

    def _told(self, job: Job, state: JobState) -> Outlook:
        failed = [each for each in job.attempts if each.state is AttemptState.FAILED]
        if not failed:
            return Outlook(state=state)
        return Outlook(
            state=state, reason=failed[-1].reason, failure_class=failed[-1].failure_class
        )

    def _over(self, job: Job, state: JobState) -> Outlook:
        told = self._told(job, state)
        times = [each.state_time for each in job.attempts]
        if state is JobState.CANCELLED and job.cancel_time is not None:
            times.append(job.cancel_time)
        return Outlook(
            state=state,
            reason=told.reason,
            failure_class=told.failure_class,
            finish_time=max(times),
        )


def _written(value: object) -> str:
    """Write an entry of the table as it is read from the settings."""
    if isinstance(value, tuple):
        return " ".join(map(_written, value))
    return f"{value.total_seconds():g}s" if isinstance(value, timedelta) else str(value)


def _first(job: Job, state: AttemptState) -> Attempt | None:
    return next((each for each in job.attempts if each.state is state), None)


def _failures(job: Job, last: Attempt) -> int:
    """Count the failures that draw on the same delays as the last one."""
    fetched = last.reason != NOT_FETCHED
    return sum(
        each.failure_class is last.failure_class and (each.reason != NOT_FETCHED) is fetched
        for each in job.attempts
        if each.state is AttemptState.FAILED
    )
