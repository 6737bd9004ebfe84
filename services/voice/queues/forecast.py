"""How long callers will wait: an estimate to announce, and Erlang C to staff by; pure."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import count, islice

LONGEST_ANNOUNCED = timedelta(minutes=30)
"""An estimate beyond it is not announced: it says no more than "long"."""

FEWEST_SAMPLES = 5
"""Handled calls an average must rest on before callers are told anything made from it."""

MOST_ERLANGS = 10_000
"""The largest load that is computed; a bigger centre is planned in parts."""

_ZERO = timedelta()
_HOUR = timedelta(hours=1)
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class HandleTime:
    """The mean time an agent spends on a call, wrap-up included, and over how many calls."""

    average: timedelta
    samples: int


def expected_wait(position: int, handle: HandleTime | None, agents: int) -> timedelta | None:
    """Return how long the caller at a position (1 is next) will wait, in whole minutes up.

    One of `agents` staffed agents gets free every `average / agents`: Little's law for a queue that
    is always busy. None when nobody is staffed or too few calls were handled to say.
    """
    if position < 1:
        raise ValueError("positions count from 1")
    if agents < 1 or handle is None or handle.samples < FEWEST_SAMPLES:
        return None
    return math.ceil(position * handle.average / agents / _MINUTE) * _MINUTE


def announced_wait(estimate: timedelta | None) -> timedelta | None:
    """Return what a caller may be told, or None when it is better to say nothing."""
    return estimate if estimate is not None and estimate <= LONGEST_ANNOUNCED else None


@dataclass(frozen=True, slots=True)
class Staffing:
    """What Erlang C says of a queue. It knows no impatience, so waits are overstated."""

    wait_probability: float
    service_level: float
    average_wait: timedelta


def erlang_c(
    calls_per_hour: float, handle_time: timedelta, agents: int, target: timedelta
) -> Staffing | None:
    """Return what callers get with so many agents; None when the queue would grow without end.

    Through the recursion of Erlang B, whose terms stay between 0 and 1 where factorials overflow.
    Source: A. K. Erlang 1917; Erlang B and C as in ITU-D Teletraffic Engineering Handbook.
    """
    if agents < 1:
        raise ValueError("needs at least one agent")
    load = _load(calls_per_hour, handle_time)
    blocked = next(islice(_blocked(load), agents - 1, None))
    return _staffing(load, agents, blocked, handle_time, target) if load < agents else None


def agents_needed(
    calls_per_hour: float, handle_time: timedelta, target: timedelta, service_level: float
) -> int:
    """Return the fewest agents with whom this share of calls waits no longer than the target."""
    if not 0 < service_level < 1:
        raise ValueError("a service level lies between 0 and 1")
    load = _load(calls_per_hour, handle_time)
    return next(
        agents
        for agents, blocked in enumerate(_blocked(load), 1)
        if load < agents
        and _staffing(load, agents, blocked, handle_time, target).service_level >= service_level
    )


def _load(calls_per_hour: float, handle_time: timedelta) -> float:
    """Return the offered load in erlangs: how many calls are in hand on average."""
    if calls_per_hour < 0 or handle_time <= _ZERO:
        raise ValueError("needs a rate that is not negative and a handle time")
    load = calls_per_hour * handle_time / _HOUR
    if load > MOST_ERLANGS:
        raise ValueError(f"a load of more than {MOST_ERLANGS} erlangs is not computed")
    return load


def _blocked(load: float) -> Iterator[float]:
    """Yield Erlang B for 1, 2, 3 ... agents: the share of calls that find all of them busy."""
    blocked = 1.0
    for agents in count(1):
        blocked = load * blocked / (agents + load * blocked)
        yield blocked


def _staffing(
    load: float, agents: int, blocked: float, handle_time: timedelta, target: timedelta
) -> Staffing:
    waiting = blocked / (1 - load / agents * (1 - blocked))
    drain = (agents - load) / handle_time.total_seconds()
    return Staffing(
        wait_probability=waiting,
        service_level=1 - waiting * math.exp(-drain * target.total_seconds()),
        average_wait=timedelta(seconds=waiting / drain),
    )
