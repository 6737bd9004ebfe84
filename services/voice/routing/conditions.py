"""What a plan can ask about a call, as data; ``branching`` answers. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import IntEnum, StrEnum
from types import MappingProxyType

from services.voice.routing.hours import Hours

DEPTH_LIMIT = 8
"""How deep conditions may stand in one another."""


class Trait(StrEnum):
    """What sort of caller somebody is."""

    VIP = "VIP"
    KNOWN = "KNOWN"
    ESCALATED_CASE = "ESCALATED_CASE"
    HAS_OWNER = "HAS_OWNER"
    RETURNING = "RETURNING"
    PROVEN = "PROVEN"


class PreviousOutcome(StrEnum):
    """How the caller's call before this one ended."""

    HANDLED = "HANDLED"
    ABANDONED = "ABANDONED"
    CALLBACK = "CALLBACK"
    VOICEMAIL = "VOICEMAIL"
    OVERFLOWED = "OVERFLOWED"
    TIMED_OUT = "TIMED_OUT"
    TRANSFERRED = "TRANSFERRED"
    TECHNICAL = "TECHNICAL"


class Attestation(IntEnum):
    """How sure the caller's network is of the number. Source: ATIS-1000074."""

    NONE = 0
    C = 1
    B = 2
    A = 3


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every one holds."""

    conditions: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one holds."""

    conditions: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class NoneOf:
    """None holds."""

    conditions: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class CallerIs:
    """The caller is of a sort."""

    trait: Trait


@dataclass(frozen=True, slots=True)
class CallerKindIs:
    """The caller's number turned out to be this: ``NUMBER``, ``SIP``, ``WITHHELD``..."""

    kind: str


@dataclass(frozen=True, slots=True)
class LanguageIs:
    """The caller speaks a language or a regional form of it."""

    language: str


@dataclass(frozen=True, slots=True)
class TierIs:
    """The caller has a level of service, whatever its case."""

    tier: str


@dataclass(frozen=True, slots=True)
class AbandonedWithin:
    """The number gave up waiting at most so long ago."""

    limit: timedelta


@dataclass(frozen=True, slots=True)
class PreviousOutcomeIs:
    """The number's call before this one ended so."""

    outcome: PreviousOutcome


@dataclass(frozen=True, slots=True)
class AttestedAtLeast:
    """The number carries a verified attestation of this level or a better one."""

    level: Attestation


@dataclass(frozen=True, slots=True)
class ScreeningIs:
    """The carrier's call screening said this, whatever its case."""

    result: str


@dataclass(frozen=True, slots=True)
class CallerIdNameContains:
    """These words stand in the name the network shows, whatever their case."""

    words: str


@dataclass(frozen=True, slots=True)
class NumberBegins:
    """The caller's number begins so."""

    prefix: str


@dataclass(frozen=True, slots=True)
class CalledNumberIs:
    """The caller dialled this number."""

    number: str


@dataclass(frozen=True, slots=True)
class WithinHours:
    """It is within these hours."""

    hours: Hours


@dataclass(frozen=True, slots=True)
class QueueOpen:
    """The queue is within its own hours."""

    queue_id: str


@dataclass(frozen=True, slots=True)
class QueueStaffed:
    """At least so many agents of the queue are logged in."""

    queue_id: str
    min_agents: int = 1


@dataclass(frozen=True, slots=True)
class QueueWaiting:
    """At least so many callers wait in the queue."""

    queue_id: str
    min_callers: int = 1


Group = AllOf | AnyOf | NoneOf
Condition = (
    Group
    | CallerIs
    | CallerKindIs
    | LanguageIs
    | TierIs
    | AbandonedWithin
    | PreviousOutcomeIs
    | AttestedAtLeast
    | ScreeningIs
    | CallerIdNameContains
    | NumberBegins
    | CalledNumberIs
    | WithinHours
    | QueueOpen
    | QueueStaffed
    | QueueWaiting
)


_NAMES: Mapping[type[Group], str] = MappingProxyType(
    {AllOf: "all_of", AnyOf: "any_of", NoneOf: "none_of"}
)


def parts(condition: Condition, path: str = "") -> Iterator[tuple[str, Condition]]:
    """Yield a condition and everything that stands in it, each with its field below `path`."""
    yield path, condition
    if isinstance(condition, Group):
        within = f"{path}.{_NAMES[type(condition)]}.conditions"
        for index, each in enumerate(condition.conditions):
            yield from parts(each, f"{within}[{index}]")


def depth(condition: Condition) -> int:
    """Return how deep conditions stand in this one, from 1."""
    if not isinstance(condition, Group):
        return 1
    return 1 + max((depth(each) for each in condition.conditions), default=0)


def queues_of(condition: Condition) -> frozenset[str]:
    """Return the queues a condition asks about."""
    asked = (QueueOpen, QueueStaffed, QueueWaiting)
    return frozenset(each.queue_id for _, each in parts(condition) if isinstance(each, asked))
