"""The figures of a queue over an interval, from the facts of the calls that entered in it; pure.

A call counts in the interval it entered the queue in, whenever it was answered or left. Sources of
the definitions: Amazon Connect metric definitions (abandons divided by contacts queued, callbacks
are no abandons), Cisco Unified Contact Center (three ways to count early abandons).
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from services.voice.reporting.facts import Fact, FactKind

SHORTEST_TALK = timedelta(seconds=1)
"""A connection that ended sooner was no answer."""

_REPEAT_WINDOW = timedelta(days=7)
_ZERO = timedelta()


class EarlyAbandons(StrEnum):
    """What callers who gave up within the target do to the service level."""

    IGNORED = "IGNORED"
    AGAINST = "AGAINST"
    FOR = "FOR"


@dataclass(frozen=True, slots=True)
class _Stay:
    """One call in a queue, as its facts tell it."""

    caller_key: str
    enqueue_time: datetime
    wait: timedelta | None
    """Until it was answered, or until it left unanswered; None while it waits."""
    answered: bool
    outcome: str
    is_callback: bool
    is_handled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueFigures:
    """What a queue did. A rate or an average over nothing is None, never zero or one."""

    offered: int = 0
    short_abandons: int = 0
    answered: int = 0
    abandoned: int = 0
    callbacks_asked: int = 0
    callbacks_completed: int = 0
    waiting: int = 0
    outcomes: dict[str, int] = field(default_factory=dict)
    offers: int = 0
    missed_offers: int = 0
    declined_offers: int = 0
    abandonment_rate: float | None = None
    average_speed_of_answer: timedelta | None = None
    service_level: float | None = None
    average_handle_time: timedelta | None = None
    missed_offer_rate: float | None = None
    transfer_rate: float | None = None
    repeat_call_rate: float | None = None


def queue_figures(
    facts: Iterable[Fact],
    *,
    target: timedelta,
    early_abandons: EarlyAbandons = EarlyAbandons.IGNORED,
    later_callers: Iterable[tuple[str, datetime]] = (),
) -> QueueFigures:
    """Return the figures of the calls that these facts are about.

    `target`: within how long a call should be answered. `later_callers`: who entered when, also
    after the interval, to see who had to call again within seven days.
    """
    told = list(facts)
    calls = [_stay(each) for each in _by_visit(told).values()]
    kinds = Counter(fact.kind for fact in told)
    outcomes = Counter(call.outcome for call in calls if call.outcome)
    live = [call for call in calls if not call.is_callback]
    answered = [call for call in live if call.answered]
    abandoned = [call for call in live if call.outcome == "ABANDONED" and not call.answered]
    short = outcomes["SHORT_ABANDONED"]
    handled = [call for call in calls if call.is_handled]
    return QueueFigures(
        offered=len(calls),
        short_abandons=short,
        answered=len(answered),
        abandoned=len(abandoned),
        callbacks_asked=sum(call.is_callback for call in calls),
        callbacks_completed=sum(call.is_callback and call.answered for call in calls),
        waiting=sum(not call.answered and not call.outcome for call in calls),
        outcomes=dict(outcomes),
        offers=kinds[FactKind.OFFERED],
        missed_offers=kinds[FactKind.MISSED],
        declined_offers=kinds[FactKind.DECLINED],
        abandonment_rate=_rate(len(abandoned), len(calls) - short),
        average_speed_of_answer=_average([call.wait or _ZERO for call in answered]),
        service_level=service_level(
            [call.wait or _ZERO for call in answered],
            [call.wait or _ZERO for call in abandoned],
            target,
            early_abandons,
        ),
        average_handle_time=_handle_time(told, len(handled)),
        missed_offer_rate=_rate(kinds[FactKind.MISSED], kinds[FactKind.OFFERED]),
        transfer_rate=_rate(outcomes["TRANSFERRED"], len(handled)),
        repeat_call_rate=_repeat_rate(handled, later_callers),
    )


def service_level(
    answered: Sequence[timedelta],
    abandoned: Sequence[timedelta],
    target: timedelta,
    early_abandons: EarlyAbandons,
) -> float | None:
    """Return the share of calls answered within the target, from the waits of each; None of none.

    Short abandons are in neither: nobody could have answered them.
    """
    on_time = sum(wait <= target for wait in answered)
    early = sum(wait <= target for wait in abandoned)
    match early_abandons:
        case EarlyAbandons.IGNORED:
            return _rate(on_time, len(answered) + len(abandoned) - early)
        case EarlyAbandons.AGAINST:
            return _rate(on_time, len(answered) + len(abandoned))
        case EarlyAbandons.FOR:
            return _rate(on_time + early, len(answered) + len(abandoned))


def _by_visit(facts: Iterable[Fact]) -> dict[tuple[str, datetime], list[Fact]]:
    """Return the facts of each stay of a caller; whoever is moved away and back stays twice."""
    found: dict[tuple[str, datetime], list[Fact]] = {}
    for fact in facts:
        if fact.entry_id:
            visit = (fact.entry_id, fact.enqueue_time or fact.start_time)
            found.setdefault(visit, []).append(fact)
    return found


def _stay(facts: Sequence[Fact]) -> _Stay:
    """Tell one call's stay from its facts, in whatever order they come."""
    enqueued = min(fact.enqueue_time or fact.start_time for fact in facts)
    left = next((fact for fact in facts if fact.kind is FactKind.LEFT), None)
    talks = {fact.offer_id: fact.length for fact in facts if fact.kind is FactKind.TALKED}
    real = [
        fact.start_time
        for fact in facts
        if fact.kind is FactKind.CONNECTED
        and talks.get(fact.offer_id, SHORTEST_TALK) >= SHORTEST_TALK
    ]
    over = min(real, default=left.start_time if left else None)
    return _Stay(
        caller_key=next((fact.caller_key for fact in facts if fact.caller_key), ""),
        enqueue_time=enqueued,
        wait=None if over is None else max(over - enqueued, _ZERO),
        answered=bool(real),
        outcome=left.outcome if left else "",
        is_callback=any(fact.kind is FactKind.CALLBACK_ASKED for fact in facts),
        is_handled=bool(real) and left is not None,
    )


def _handle_time(facts: Iterable[Fact], handled: int) -> timedelta | None:
    """Return talk, with hold, and wrap-up per handled call."""
    busy = (FactKind.TALKED, FactKind.WRAPPED)
    total = sum((fact.length for fact in facts if fact.kind in busy), _ZERO)
    return total / handled if handled else None


def _repeat_rate(
    handled: Sequence[_Stay], later_callers: Iterable[tuple[str, datetime]]
) -> float | None:
    """Return how many handled callers called again within seven days.

    It stands in for first-contact resolution, which needs a case to link calls by.
    """
    entered: dict[str, list[datetime]] = {}
    for caller, time in later_callers:
        entered.setdefault(caller, []).append(time)
    known = [call for call in handled if call.caller_key]
    again = sum(
        any(_ZERO < time - call.enqueue_time <= _REPEAT_WINDOW for time in entered.get(key, ()))
        for call in known
        for key in (call.caller_key,)
    )
    return _rate(again, len(known))


def _rate(part: int, whole: int) -> float | None:
    return part / whole if whole > 0 else None


def _average(lengths: Sequence[timedelta]) -> timedelta | None:
    return sum(lengths, _ZERO) / len(lengths) if lengths else None
