"""What the service knows about a fax it sends; pure.

A job is one document for one number, and its attempts. Whatever is seen of an attempt - the answer
to the request, a webhook, a look at the carrier's list - is a `Sighting`. Sightings come twice,
late and in any order, and any order of them ends in the same `Attempt`. Where the job stands and
when it is tried again is not kept but follows from its attempts: see `plan`.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.fax.sending.failures import FailureClass


class Quality(enum.StrEnum):
    """How finely a fax is scanned, in the carrier's words. Source: Telnyx, POST /faxes."""

    NORMAL = "normal"
    HIGH = "high"
    VERY_HIGH = "very_high"
    ULTRA_LIGHT = "ultra_light"
    ULTRA_DARK = "ultra_dark"


class InDoubt(enum.StrEnum):
    """What to do about an attempt that may have been made and cannot be found."""

    HOLD = "hold"
    RESEND = "resend"


class AttemptState(enum.StrEnum):
    """Where an attempt stands; of two states the later in this order stands."""

    HANDING_OVER = "handing_over"
    IN_DOUBT = "in_doubt"
    NOT_FOUND = "not_found"
    ACCEPTED = "accepted"
    TRANSMITTING = "transmitting"
    FAILED = "failed"
    DELIVERED = "delivered"

    @property
    def rank(self) -> int:
        """Where the state stands in the declared order.

        A delivery outranks a failure: once the other machine has confirmed every page, no report of
        an earlier moment takes them away.
        """
        return list(AttemptState).index(self)

    @property
    def is_final(self) -> bool:
        """Whether nothing more is expected of the attempt."""
        return self in {AttemptState.FAILED, AttemptState.DELIVERED}

    @property
    def is_live(self) -> bool:
        """Whether the attempt is on its way, as far as anybody knows."""
        live = {AttemptState.HANDING_OVER, AttemptState.ACCEPTED, AttemptState.TRANSMITTING}
        return self in live


@dataclass(frozen=True, kw_only=True)
class Sighting:
    """What was seen of an attempt at a time; empty and None mean that it was not told."""

    state: AttemptState
    time: datetime
    fax_id: str = ""
    reason: str = ""
    failure_class: FailureClass | None = None
    page_count: int | None = None
    call_duration: timedelta | None = None


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One transmission at the carrier; `lookups` counts the looks for it that found nothing."""

    number: int
    start_time: datetime
    quality: Quality = Quality.HIGH
    t38_enabled: bool = True
    state: AttemptState = AttemptState.HANDING_OVER
    state_time: datetime
    fax_id: str = ""
    reason: str = ""
    failure_class: FailureClass | None = None
    page_count: int | None = None
    call_duration: timedelta | None = None
    lookups: int = 0

    @property
    def finish_time(self) -> datetime | None:
        """When it ended, or was given up; None before."""
        over = self.state.is_final or self.state is AttemptState.NOT_FOUND
        return self.state_time if over else None


@dataclass(frozen=True, kw_only=True)
class Document:
    """The PDF that is sent: its name in the store, its size in bytes and its pages."""

    sha256: str
    size: int
    page_count: int
    has_cover_page: bool = False
    page_size: str = "letter"


@dataclass(frozen=True, kw_only=True)
class Job:
    """One fax to be sent.

    `sources` are the documents without the cover page, as they lie in the store, and `content_key`
    tells the same documents apart from others.
    """

    job_id: str
    to_number: str
    from_number: str
    document: Document
    create_time: datetime
    update_time: datetime
    sources: tuple[str, ...] = ()
    content_key: str = ""
    quality: Quality = Quality.HIGH
    monochrome: bool = False
    in_doubt: InDoubt = InDoubt.HOLD
    cancel_time: datetime | None = None
    attempts: tuple[Attempt, ...] = ()

    def attempt(self, number: int) -> Attempt | None:
        """Return an attempt by its number, or None."""
        return next((each for each in self.attempts if each.number == number), None)

    def having(self, changed: Attempt) -> Job:
        """Return the job with one attempt put in the place of the one of its number."""
        kept = [changed if each.number == changed.number else each for each in self.attempts]
        return replace(self, attempts=tuple(kept))


def see(attempt: Attempt, seen: Sighting) -> Attempt:
    """Return the attempt after one more sighting.

    Every fact merges by its maximum, the reason and the time with the state they belong to, so
    neither the order of sightings nor their number matters. Of several times of the same state the
    first stands.
    """
    known = replace(
        attempt,
        fax_id=max(attempt.fax_id, seen.fax_id),
        page_count=_most(attempt.page_count, seen.page_count),
        call_duration=max(filter(None, (attempt.call_duration, seen.call_duration)), default=None),
    )
    if seen.state.rank < attempt.state.rank:
        return known
    if seen.state.rank > attempt.state.rank:
        why = seen.reason, seen.failure_class
        return replace(
            known, state=seen.state, state_time=seen.time, reason=why[0], failure_class=why[1]
        )
    reason, failure_class = max(
        (attempt.reason, attempt.failure_class), (seen.reason, seen.failure_class), key=_word
    )
    time = min(attempt.state_time, seen.time)
    return replace(known, state_time=time, reason=reason, failure_class=failure_class)


def _word(why: tuple[str, FailureClass | None]) -> tuple[str, str]:
    return why[0], why[1] or ""


def _most(*counts: int | None) -> int | None:
    return max((count for count in counts if count is not None), default=None)
