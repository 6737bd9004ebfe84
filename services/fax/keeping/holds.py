"""Legal holds: what must be kept whatever the policies say; pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What a hold covers: exactly one of a transmission, a job and a number.

    With a number, only faxes created from `start` on and before `end`; None is no bound.
    """

    fax_id: str = ""
    job_id: str = ""
    number: str = ""
    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """The duty to keep, from when it was placed until somebody ends it."""

    hold_id: str
    scope: Scope
    reason: str
    matter: str
    placed_by: str
    place_time: datetime
    released_by: str = ""
    release_time: datetime | None = None
    release_reason: str = ""
