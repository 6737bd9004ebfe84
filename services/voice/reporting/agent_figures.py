"""The figures of an agent over a time, from the ledger's facts; pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.voice.reporting.facts import Fact, FactKind

_ZERO = timedelta()
Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentFigures:
    """What an agent did; a rate over nothing is None."""

    offers: int = 0
    missed_offers: int = 0
    declined_offers: int = 0
    handled: int = 0
    talk_time: timedelta = _ZERO
    wrap_up_time: timedelta = _ZERO
    available_time: timedelta = _ZERO
    """Ready and without a call."""
    logged_in_time: timedelta = _ZERO
    occupancy: float | None = None
    utilization: float | None = None


def agent_figures(
    facts: Iterable[Fact], start: datetime, end: datetime, presence_before: str = "OFFLINE"
) -> AgentFigures:
    """Return what one agent did from `start` to `end`.

    `facts` are the agent's own; `presence_before` is the presence at `start`. Occupancy is
    handling / (handling + ready and idle); utilization is handling / logged in, breaks included.
    """
    told = [fact for fact in facts if fact.start_time < end and fact.end_time >= start]
    talks = _clipped(_spans(told, FactKind.TALKED), start, end)
    wraps = _clipped(_spans(told, FactKind.WRAPPED), start, end)
    periods = _presence(told, start, end, presence_before)
    handling = merged([*talks, *wraps])
    ready = [span for presence, span in periods if presence == "AVAILABLE"]
    logged_in = _total(span for presence, span in periods if presence != "OFFLINE")
    idle = _total(ready) - _overlap(ready, handling)
    busy = _total(handling)
    return AgentFigures(
        offers=sum(fact.kind is FactKind.OFFERED for fact in told),
        missed_offers=sum(fact.kind is FactKind.MISSED for fact in told),
        declined_offers=sum(fact.kind is FactKind.DECLINED for fact in told),
        handled=sum(fact.kind is FactKind.TALKED for fact in told),
        talk_time=_total(talks),
        wrap_up_time=_total(wraps),
        available_time=idle,
        logged_in_time=logged_in,
        occupancy=busy / (busy + idle) if busy + idle else None,
        utilization=busy / logged_in if logged_in else None,
    )


def merged(spans: Iterable[Span]) -> Sequence[Span]:
    """Return the same time as spans that do not overlap, in order."""
    joined: list[Span] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined


def _spans(facts: Iterable[Fact], kind: FactKind) -> Sequence[Span]:
    return [(fact.start_time, fact.end_time) for fact in facts if fact.kind is kind]


def _clipped(spans: Iterable[Span], start: datetime, end: datetime) -> Sequence[Span]:
    cut = [(max(begin, start), min(finish, end)) for begin, finish in spans]
    return [(begin, finish) for begin, finish in cut if begin < finish]


def _presence(
    facts: Iterable[Fact], start: datetime, end: datetime, before: str
) -> Sequence[tuple[str, Span]]:
    """Return the presences one after another, from `start` to `end`."""
    changes = sorted(
        (fact.start_time, fact.outcome) for fact in facts if fact.kind is FactKind.PRESENCE
    )
    moments = [(start, before), *((max(time, start), presence) for time, presence in changes)]
    ends = [time for time, _ in moments[1:]] + [end]
    return [
        (presence, (begin, finish))
        for (begin, presence), finish in zip(moments, ends, strict=True)
        if begin < finish
    ]


def _overlap(some: Iterable[Span], others: Iterable[Span]) -> timedelta:
    known = list(others)
    return _total(piece for begin, end in some for piece in _clipped(known, begin, end))


def _total(spans: Iterable[Span]) -> timedelta:
    return sum((end - start for start, end in spans), _ZERO)
