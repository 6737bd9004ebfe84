"""Who calls on a busy day, who works, and when voice is killed: pure data made from a seed.

Times are seconds of the day as people live it; the day is played `speed` times as fast.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

_SHARES_IN_ALL = 100
_TALK = (60.0, 240.0)
_PATIENT = 900.0
_MEAN_HANDLING = 190.0
"""Seconds an agent spends on a call: talk, ringing and wrap-up."""
_OCCUPANCY = 0.95
"""Share of the agents' time that the calls need: a busy day."""


_AREAS = (
    *(205, 206, 207, 208, 209, 212, 213, 214, 215, 216, 217),
    *(218, 219, 224, 225, 228, 229, 231, 234, 239, 240),
)


class Temper(StrEnum):
    """What kind of caller somebody is."""

    ORDINARY = "ordinary"
    VIP = "VIP"
    SPECIALIST = "asks for sales"
    IMPATIENT = "impatient"
    RETURNING = "calls again"
    """Somebody impatient, a little later."""
    HASTY = "hangs up at once"
    CALLBACK = "wants a callback"
    MESSAGE = "leaves a message"
    ANONYMOUS = "anonymous"
    TEXML = "on the TeXML number"


_SHARES = {
    Temper.ORDINARY: 40,
    Temper.VIP: 9,
    Temper.SPECIALIST: 12,
    Temper.IMPATIENT: 10,
    Temper.RETURNING: 4,
    Temper.HASTY: 5,
    Temper.CALLBACK: 9,
    Temper.MESSAGE: 5,
    Temper.ANONYMOUS: 3,
    Temper.TEXML: 3,
}
"""Of a hundred callers."""


class Wish(StrEnum):
    """Which key of the menu somebody presses."""

    SUPPORT = "1"
    SALES = "2"
    MESSAGE = "3"
    HUMAN = "0"
    NOTHING = ""


@dataclass(frozen=True)
class Caller:
    """One call.

    `patience` is how long they wait for somebody, `talk` how long they talk; `rings` is what their
    own phone does each time it is called back.
    """

    number: str
    temper: Temper
    at: float
    wish: Wish
    talk: float
    patience: float
    rings: tuple[str, ...] = ("pick_up",)
    confirms: bool = True
    """Whether they press 1 when called back; a voicemail box does not."""


@dataclass(frozen=True)
class Worker:
    """One agent: their phone, what they can do, and when they are away.

    `rings` is what the phone does each time it rings, the last habit for ever after; `hangs_up` is
    after how much talk they end the call themselves, 0 never.
    """

    agent_id: str
    number: str
    queues: tuple[str, ...]
    skills: dict[str, int]
    answer_after: float
    rings: tuple[str, ...] = ("pick_up",)
    hangs_up: float = 0.0
    breaks: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True)
class Day:
    """A whole day; `kills` are the times at which voice is killed."""

    seed: int
    length: float
    callers: Sequence[Caller]
    workers: Sequence[Worker]
    kills: Sequence[float]
    tempers: dict[Temper, int] = field(default_factory=dict)


def day(*, seed: int, calls: int, agents: int, restarts: int) -> Day:
    """Make a day; the same numbers make the same day. ValueError for numbers that make none."""
    if not (1 <= calls <= 2000 and 2 <= agents <= 50 and 0 <= restarts <= 20):
        raise ValueError("a day has 1 to 2000 calls, 2 to 50 agents and at most 20 restarts")
    dice = random.Random(f"{seed}/{calls}/{agents}/{restarts}")  # noqa: S311 (repeatable)
    length = max(calls * _MEAN_HANDLING / (agents * _OCCUPANCY), 300.0)
    callers = _callers(dice, calls, length)
    kills = tuple(
        length * (turn + dice.uniform(-0.2, 0.2)) / (restarts + 1)
        for turn in range(1, restarts + 1)
    )
    workers = tuple(_worker(dice, index, agents, length) for index in range(agents))
    counts = {temper: sum(c.temper is temper for c in callers) for temper in Temper}
    return Day(seed, length, callers, workers, kills, counts)


def _callers(dice: random.Random, calls: int, length: float) -> tuple[Caller, ...]:
    numbers = (f"+1{area}55501{line:02d}" for area in _AREAS for line in range(100))
    tempers = _tempers(dice, calls)
    times = sorted(_arrival(dice, length) for _ in tempers)
    made: list[Caller] = []
    for temper, at in zip(tempers, times, strict=True):
        made.append(_caller(dice, next(numbers), temper, at))
    return tuple(sorted(_called_again(dice, made), key=lambda caller: caller.at))


def _tempers(dice: random.Random, calls: int) -> list[Temper]:
    """Return a temper for each call, in their shares; of each there is one if there is room."""
    found: list[Temper] = []
    for temper, share in sorted(_SHARES.items(), key=lambda item: item[1]):
        found += [temper] * max(1, round(calls * share / _SHARES_IN_ALL))
    found = found[:calls]
    found += [Temper.ORDINARY] * (calls - len(found))
    dice.shuffle(found)
    return found


def _arrival(dice: random.Random, length: float) -> float:
    """Return when somebody calls: most do in the morning and after lunch."""
    peak = dice.choice((0.3, 0.3, 0.7, None))
    if peak is None:
        return dice.uniform(0.0, length)
    return length * dice.triangular(max(peak - 0.25, 0.0), min(peak + 0.25, 1.0), peak)


def _caller(dice: random.Random, number: str, temper: Temper, at: float) -> Caller:
    patience = {
        Temper.IMPATIENT: dice.uniform(30, 75),
        Temper.HASTY: dice.uniform(1, 8),
    }.get(temper, _PATIENT)
    keys = (Wish.SUPPORT, Wish.SUPPORT, Wish.SUPPORT, Wish.SALES, Wish.HUMAN, Wish.NOTHING)
    wish = {
        Temper.MESSAGE: Wish.MESSAGE,
        Temper.SPECIALIST: Wish.SALES,
        Temper.IMPATIENT: Wish.SUPPORT,
        Temper.RETURNING: Wish.SUPPORT,
    }.get(temper, dice.choice(keys))
    rings: tuple[str, ...] = ("pick_up",)
    confirms = True
    if temper is Temper.CALLBACK:
        # A phone that only rings would do so for as long as in life, however fast the day is.
        rings = dice.choice((("pick_up",), ("pick_up",), ("busy", "pick_up"), ("busy",)))
        confirms = dice.random() < 0.8
    return Caller(number, temper, at, wish, dice.uniform(*_TALK), patience, rings, confirms)


def _called_again(dice: random.Random, callers: Sequence[Caller]) -> Iterator[Caller]:
    """Yield the callers; each who calls again has the number of somebody impatient before."""
    impatient = [caller for caller in callers if caller.temper is Temper.IMPATIENT]
    for caller in callers:
        before = [each for each in impatient if each.at < caller.at]
        if caller.temper is Temper.RETURNING and before:
            first = before[-1]
            impatient.remove(first)
            at = max(caller.at, first.at + first.patience + dice.uniform(30, 120))
            yield Caller(first.number, caller.temper, at, Wish.SUPPORT, caller.talk, _PATIENT)
        else:
            yield caller


def _worker(dice: random.Random, index: int, agents: int, length: float) -> Worker:
    """Return an agent: two thirds do support, a half sales, the last third helps out."""
    place = index / agents
    queues = ["backup"]
    skills = {"support": dice.randint(2, 5)}
    if place < 0.67:
        queues.append("helpdesk")
    if 0.33 <= place < 0.84 or agents < 6:
        queues.append("sales")
        skills["sales"] = dice.randint(2, 5)
    begin = dice.uniform(0.2, 0.7) * length
    return Worker(
        agent_id=f"agent-{index + 1:02d}",
        number=f"+150355501{index:02d}",
        queues=tuple(sorted(queues)),
        skills=skills,
        answer_after=dice.uniform(1, 4),
        rings=_habits(dice, index),
        hangs_up=dice.uniform(90, 200) if index % 4 == 2 else 0.0,
        breaks=((begin, begin + 0.08 * length),) if index % 3 == 0 else (),
    )


def _habits(dice: random.Random, index: int) -> tuple[str, ...]:
    """Return what a phone does at each ring: every third agent misses, declines or is busy once."""
    if index % 3 != 1:
        return ("pick_up",)
    odd = ("no_answer", "reject", "busy")[index // 3 % 3]
    before = ("pick_up",) * dice.randint(0, 3)
    return (*before, odd, "pick_up", "pick_up", "pick_up", odd, "pick_up")
