"""Which policy decides how long a fax is kept; pure.

The policy that speaks most precisely governs: number and direction, then number, then direction,
then neither. Of two that are as precise, the one that keeps longer. Document and record are decided
apart. Where nobody speaks, nothing is ever erased.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from services.fax.model import Direction


class Part(StrEnum):
    """What of a fax is erased."""

    DOCUMENT = "document"
    RECORD = "record"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a policy looks at in a fax or in a job that sends one."""

    direction: Direction
    from_number: str
    to_number: str
    create_time: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """For which faxes how long what is kept; an age of None is for ever."""

    policy_id: str
    direction: Direction = Direction.UNKNOWN
    """UNKNOWN is both."""
    number: str = ""
    """From or to; empty is any."""
    document_age: timedelta | None
    record_age: timedelta | None
    reason: str
    create_time: datetime
    update_time: datetime

    def age(self, part: Part) -> timedelta | None:
        """Return how old a part may become."""
        return self.document_age if part is Part.DOCUMENT else self.record_age

    @property
    def precision(self) -> tuple[bool, bool]:
        """How precisely it speaks; greater is more."""
        return bool(self.number), self.direction is not Direction.UNKNOWN

    def speaks_of(self, subject: Subject) -> bool:
        """Say whether it is about a fax."""
        of_direction = self.direction in (Direction.UNKNOWN, subject.direction)
        return of_direction and self.number in ("", subject.from_number, subject.to_number)


def governing(policies: Iterable[Policy], subject: Subject, part: Part) -> Policy | None:
    """Return the policy that decides about a part, or None where nobody speaks."""
    speaking = [policy for policy in policies if policy.speaks_of(subject)]
    return max(speaking, key=lambda policy: _weight(policy, part), default=None)


def outweighing(policies: Iterable[Policy], policy: Policy, part: Part) -> list[Policy]:
    """Return the policies that decide instead of this one wherever both speak."""
    own = _weight(policy, part)
    return [other for other in policies if _weight(other, part) > own]


def due_time(policy: Policy | None, subject: Subject, part: Part) -> datetime | None:
    """Return when a part has become as old as the policy allows; None is never."""
    age = policy.age(part) if policy is not None else None
    return None if age is None else subject.create_time + age


def _weight(policy: Policy, part: Part) -> tuple[tuple[bool, bool], bool, timedelta, str]:
    age = policy.age(part)
    return policy.precision, age is None, age or timedelta(), policy.policy_id
