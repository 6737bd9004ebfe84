"""What the service knows about faxes; pure.

Events come twice, late, together and out of order. Every one is an `Observation` of the same
transmission, and observing them in any order ends in the same `Fax`.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

_ZERO = timedelta()


class Direction(enum.StrEnum):
    """Which way a fax travels, seen from us."""

    UNKNOWN = "unknown"
    INBOUND = "inbound"
    OUTBOUND = "outbound"


class State(enum.StrEnum):
    """How far a transmission has come; `rank` decides which of two states stands."""

    UNKNOWN = "unknown"
    QUEUED = "queued"
    MEDIA_PROCESSED = "media_processed"
    SENDING = "sending"
    RECEIVING = "receiving"
    PROCESSING = "processing"
    FAILED = "failed"
    RECEIVED = "received"
    DELIVERED = "delivered"

    @property
    def rank(self) -> int:
        """Where the state stands in the life of a fax: the declared order.

        A success outranks a failure: once the carrier has the pages, a late report of an earlier
        try does not take them away.
        """
        return list(State).index(self)

    @property
    def direction(self) -> Direction:
        """The direction a state belongs to, or UNKNOWN for one that both ways share."""
        if self in {State.RECEIVING, State.PROCESSING, State.RECEIVED}:
            return Direction.INBOUND
        if self in {State.QUEUED, State.MEDIA_PROCESSED, State.SENDING, State.DELIVERED}:
            return Direction.OUTBOUND
        return Direction.UNKNOWN


class DocumentState(enum.StrEnum):
    """Whether the document of an inbound fax is in the store, and can be read."""

    NONE = "none"
    PENDING = "pending"
    STORED = "stored"
    LOST = "lost"
    QUARANTINED = "quarantined"
    DELETED = "deleted"


@dataclass(frozen=True, kw_only=True)
class Document:
    """The kept document: `sha256` (lower-case hex) is its name, `size` counts bytes."""

    state: DocumentState = DocumentState.NONE
    sha256: str = ""
    size: int = 0
    content_type: str = ""
    store_time: datetime | None = None
    reason: str = ""
    pages: int | None = None
    """As counted here; None while it is not inspected, and when it cannot be read."""


@dataclass(frozen=True, kw_only=True)
class Observation:
    """What one event says about a transmission; empty and None mean that it does not say."""

    fax_id: str
    occur_time: datetime
    state: State = State.UNKNOWN
    raw_status: str = ""
    direction: Direction = Direction.UNKNOWN
    from_number: str = ""
    to_number: str = ""
    page_count: int | None = None
    call_duration: timedelta | None = None
    partial_content: bool = False
    failure_reason: str = ""
    connection_id: str = ""
    media_url: str = ""


@dataclass(frozen=True, kw_only=True)
class Fax:
    """One transmission as far as its events tell."""

    fax_id: str
    create_time: datetime
    update_time: datetime
    state: State = State.UNKNOWN
    raw_status: str = ""
    direction: Direction = Direction.UNKNOWN
    from_number: str = ""
    to_number: str = ""
    page_count: int | None = None
    call_duration: timedelta | None = None
    partial_content: bool = False
    failure_reason: str = ""
    connection_id: str = ""
    document: Document = Document()
    announce_time: datetime | None = None
    """When the carrier first said that it has a document."""
    redact_time: datetime | None = None
    """When the personal details were blanked; no later event brings them back."""

    @property
    def awaits_document(self) -> bool:
        """Whether the carrier has a document that nobody has gone to fetch yet."""
        return self.announce_time is not None and self.document.state is DocumentState.NONE

    @property
    def partial(self) -> bool:
        """Whether pages are missing: the carrier says so, or has counted other than we."""
        counts = {self.page_count, self.document.pages} - {None}
        return self.partial_content or len(counts) > 1


def observe(known: Fax | None, seen: Observation) -> Fax:
    """Return the fax after one more event.

    Every fact merges by its maximum (a state by its rank, any fact over none), so neither the
    order of the events nor their number matters.
    """
    fax = known or Fax(fax_id=seen.fax_id, create_time=seen.occur_time, update_time=seen.occur_time)
    newest = max((fax.state, fax.raw_status), (seen.state, seen.raw_status), key=_progress)
    from_number, to_number = ("", "") if fax.redact_time else (seen.from_number, seen.to_number)
    return replace(
        fax,
        create_time=min(fax.create_time, seen.occur_time),
        update_time=max(fax.update_time, seen.occur_time),
        state=newest[0],
        raw_status=newest[1],
        direction=_direction(fax.direction, seen.direction, seen.state.direction),
        from_number=max(fax.from_number, from_number),
        to_number=max(fax.to_number, to_number),
        page_count=_most(fax.page_count, seen.page_count),
        call_duration=max(fax.call_duration or _ZERO, seen.call_duration or _ZERO) or None,
        partial_content=fax.partial_content or seen.partial_content,
        failure_reason=max(fax.failure_reason, seen.failure_reason),
        connection_id=max(fax.connection_id, seen.connection_id),
        announce_time=_announced(fax, seen),
    )


def _announced(fax: Fax, seen: Observation) -> datetime | None:
    """Return when the carrier first said that it has a document.

    A fax that failed on its way in may still have pages; then the report names a link.
    """
    broke_off = seen.state is State.FAILED and seen.media_url
    inbound = Direction.INBOUND in (seen.direction, fax.direction)
    if seen.state is State.RECEIVED or (broke_off and inbound):
        return min(fax.announce_time or seen.occur_time, seen.occur_time)
    return fax.announce_time


def _progress(reported: tuple[State, str]) -> tuple[int, str]:
    return reported[0].rank, reported[1]


def _most(*counts: int | None) -> int | None:
    return max((count for count in counts if count is not None), default=None)


def _direction(*told: Direction) -> Direction:
    """Return the direction any of them tells; inbound where they contradict each other."""
    return next((each for each in (Direction.INBOUND, Direction.OUTBOUND) if each in told), told[0])
