"""How fast a sender may send: a bucket per sender, by the kind of its number. Pure.

The bucket is kept as the time at which it would be full again (the generic cell rate algorithm of
ITU-T I.371), so one row holds it, and a message that has to wait is told its place at once.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

import phonenumbers

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
_SHORT_CODE = re.compile(r"[0-9]{3,8}")


class SenderKind(StrEnum):
    """What kind of number sends."""

    LONG_CODE = "long_code"
    """An ordinary number of the United States or Canada."""
    LONG_CODE_ABROAD = "long_code_abroad"
    TOLL_FREE = "toll_free"
    SHORT_CODE = "short_code"
    ALPHANUMERIC = "alphanumeric"


def kind_of(sender: str) -> SenderKind:
    """Return what kind of sender this is."""
    if _SHORT_CODE.fullmatch(sender):
        return SenderKind.SHORT_CODE
    try:
        parsed = phonenumbers.parse(sender)
    except phonenumbers.NumberParseException:
        return SenderKind.ALPHANUMERIC
    if phonenumbers.number_type(parsed) == phonenumbers.PhoneNumberType.TOLL_FREE:
        return SenderKind.TOLL_FREE
    return SenderKind.LONG_CODE if parsed.country_code == 1 else SenderKind.LONG_CODE_ABROAD


@dataclass(frozen=True, slots=True)
class Pace:
    """So many parts a second in the long run, and so many seconds' worth of them at once."""

    per_second: float
    burst_seconds: float = 15.0

    def __post_init__(self) -> None:
        """Refuse a pace at which nothing would ever leave."""
        if not self.per_second > 0 or self.burst_seconds < 0:
            raise ValueError("a pace must be more than zero")

    def interval(self, parts: int) -> timedelta:
        """Return how long so many parts take."""
        return timedelta(seconds=max(parts, 1) / self.per_second)


DEFAULT_PACES: Mapping[SenderKind, Pace] = MappingProxyType(
    {
        # Of 10DLC it is the campaign that decides; 4 a second is AT&T's 240 a minute of the classes
        # E and F. Others: Telnyx, rate limiting.
        SenderKind.LONG_CODE: Pace(4),
        SenderKind.LONG_CODE_ABROAD: Pace(0.1),
        SenderKind.TOLL_FREE: Pace(20),
        SenderKind.SHORT_CODE: Pace(1000),
        SenderKind.ALPHANUMERIC: Pace(0.1),
    }
)


@dataclass(frozen=True, slots=True)
class Paces:
    """The pace of every sender: its own, or its kind's."""

    by_kind: Mapping[SenderKind, Pace] = field(default_factory=lambda: DEFAULT_PACES)
    by_sender: Mapping[str, Pace] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> "Paces":
        """Read `kind=rate` and `number=rate`, by commas; a rate is parts a second."""
        by_kind, by_sender = dict(DEFAULT_PACES), {}
        for item in text.replace(",", " ").split():
            name, _, rate = item.partition("=")
            pace = Pace(float(rate))
            if name in set(SenderKind):
                by_kind[SenderKind(name)] = pace
            elif re.fullmatch(r"\+?[0-9]{3,15}", name):
                by_sender[name] = pace
            else:
                raise ValueError("must be kind=rate or number=rate, separated by commas")
        return cls(by_kind, by_sender)

    def of(self, sender: str) -> Pace:
        """Return the pace of a sender."""
        return self.by_sender.get(sender) or self.by_kind[kind_of(sender)]


@dataclass(frozen=True, slots=True)
class Bucket:
    """What a sender has used up.

    Urgent messages have a lane of their own, so that a code somebody waits for does not stand
    behind a campaign; what they take is taken from the others as well.
    """

    next_time: datetime = _NEVER
    urgent_time: datetime = _NEVER
    paused_until: datetime = _NEVER

    def holds_place(self, place: datetime, now: datetime, pace: Pace) -> bool:
        """Say whether a place given before still counts when its time has come.

        Not one from before a pause, and not one long past: after a standstill all the places of the
        meantime would be taken at once.
        """
        late = timedelta(seconds=max(2.0, pace.burst_seconds))
        return self.paused_until <= place <= now <= place + late

    def take(
        self, pace: Pace, parts: int, now: datetime, *, urgent: bool
    ) -> "tuple[Bucket, datetime]":
        """Take so many parts; return the bucket after it and when they may be sent."""
        burst, interval = timedelta(seconds=pace.burst_seconds), pace.interval(parts)
        used = self.urgent_time if urgent else self.next_time
        place = max(now, used - burst, self.paused_until)
        after = max(used, now) + interval
        if urgent:
            others = max(self.next_time, now) + interval
            return replace(self, urgent_time=after, next_time=others), place
        return replace(self, next_time=after), place

    def paused(self, pace: Pace, until: datetime) -> "Bucket":
        """Return the bucket of a sender the carrier has told to wait; no burst follows."""
        full = until + timedelta(seconds=pace.burst_seconds)
        return Bucket(
            max(self.next_time, full), max(self.urgent_time, full), max(self.paused_until, until)
        )
