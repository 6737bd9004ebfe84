"""When a message is sent and what it is made from. Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Deferral(StrEnum):
    """Why a message waits longer than it was asked to."""

    UNSPECIFIED = ""
    """It does not."""
    QUIET_HOURS = "quiet_hours"
    PACE = "pace"
    CARRIER_BUSY = "carrier_busy"
    CARRIER_HOLD = "carrier_hold"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What the caller asked for beside the words, and how long it has to wait."""

    schedule_time: datetime | None = None
    """When the caller asked it to be sent; None is at once."""
    release_time: datetime | None = None
    """It is not handed over before; None unless it was scheduled or deferred."""
    deferral: Deferral = Deferral.UNSPECIFIED
    """Why it waits until its release."""
    template_id: str = ""
    template_locale: str = ""
    program: str = ""


NO_PLAN = Plan()
