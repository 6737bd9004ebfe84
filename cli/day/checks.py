"""What must hold of every busy day, each with what breaks it; pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import combinations, pairwise

from cli.day.account import Account, Ending
from cli.day.order import order_breaches
from cli.day.setup import WRAP_UP
from cli.day.truth import Leg

_SLACK = timedelta(milliseconds=20)
"""Between the clocks of two processes on one machine."""
_NOTICE = timedelta(seconds=1)
"""How long a dial may be on its way when an agent leaves."""
_RACES = frozenset({"90018"})
"""Codes of commands that were overtaken by a hangup, which is normal."""
_TALK_TOLERANCE = 0.05


@dataclass(frozen=True)
class Check:
    """One thing that must hold: how often it was looked at, and what breaks it."""

    name: str
    looked_at: int
    breaches: Sequence[str]

    @property
    def good(self) -> bool:
        """Tell whether nothing breaks it."""
        return not self.breaches


def checks(account: Account) -> list[Check]:
    """Look at everything that must hold."""
    named: Sequence[tuple[str, Callable[[Account], tuple[int, list[str]]]]] = (
        ("every call is accounted for, once", _accounted),
        ("nobody is left on a line or in a queue", _nobody_left),
        ("never two agents for one caller", _one_agent),
        ("never an agent in two calls", _one_call),
        ("never a call to an agent who wraps up", _wrapping),
        ("never a call to an agent who is away", _away),
        ("who was offered had the highest score", order_breaches),
        ("every offer is explained", _explained),
        ("no command had its effect twice", _commands),
        ("the carrier refused nothing but what came too late", _refusals),
        ("no caller was left in silence", _silence),
        ("the metrics are what the carrier saw", _metrics),
    )
    return [Check(name, *look(account)) for name, look in named]


def _accounted(account: Account) -> tuple[int, list[str]]:
    breaches = [f"{row.caller.number} {row.fault}" for row in account.rows if row.fault]
    ours = Counter(each.control_id for each in account.played)
    breaches += [f"{each} was played twice" for each, times in ours.items() if times > 1]
    incoming = {leg.control_id for leg in account.truth.legs if leg.incoming}
    breaches += [f"{each} was called by nobody" for each in incoming - set(ours)]
    return len(account.rows), breaches


def _nobody_left(account: Account) -> tuple[int, list[str]]:
    alive = [f"leg to {leg.to_number} goes on" for leg in account.truth.legs if leg.alive]
    waiting = [f"{e.entry_id} is {e.state}" for e in account.books.entries if e.state != "LEFT"]
    return len(account.truth.legs) + len(account.books.entries), alive + waiting


def _one_agent(account: Account) -> tuple[int, list[str]]:
    """Look at the legs dialled for each caller: one after the other, never side by side."""
    legs = account.truth.by_control_id
    linked: dict[str, list[Leg]] = {}
    for command in account.truth.commands:
        dialed = legs.get(command.control_id)
        if command.action == "dial" and not command.repeated and command.link_to and dialed:
            linked.setdefault(command.link_to, []).append(dialed)
    pairs = [
        (caller, *pair)
        for caller, dialed in linked.items()
        for pair in combinations(
            [leg for leg in dialed if leg.to_number in account.agent_numbers], 2
        )
    ]
    breaches = [
        f"{legs[caller].from_number}: {one.to_number} and {other.to_number} at the same time"
        for caller, one, other in pairs
        if _overlap(one, other)
    ]
    return sum(len(each) for each in linked.values()), breaches


def _overlap(one: Leg, other: Leg) -> bool:
    first, second = sorted((one.span, other.span), key=lambda span: span.start)
    return first.end is None or second.start < first.end - _SLACK


def _one_call(account: Account) -> tuple[int, list[str]]:
    looked, breaches = 0, []
    for number, legs in account.agent_legs().items():
        looked += len(legs)
        breaches += [
            f"{number} was rung at {two.span.start:%H:%M:%S.%f} while on the line"
            for one, two in pairwise(legs)
            if _overlap(one, two)
        ]
    return looked, breaches


def _wrapping(account: Account) -> tuple[int, list[str]]:
    looked, breaches = 0, []
    wrap_up = timedelta(seconds=WRAP_UP / account.speed)
    for number, legs in account.agent_legs().items():
        for one, two in pairwise(legs):
            ended = [talk.end for talk in one.talks if talk.end]
            looked += bool(ended)
            if ended and two.span.start < ended[-1] + wrap_up - _SLACK:
                early = (ended[-1] + wrap_up - two.span.start).total_seconds()
                breaches.append(f"{number} was rung {early:.2f} s before the wrap-up was over")
    return looked, breaches


def _away(account: Account) -> tuple[int, list[str]]:
    numbers = {worker.agent_id: worker.number for worker in account.day.workers}
    dials = account.agent_legs()
    looked, breaches = 0, list[str]()
    told: dict[str, list[tuple[datetime, datetime, str]]] = {}
    for since, until, agent_id, presence in account.books.presence:
        told.setdefault(agent_id, []).append((since, until, presence))
        looked += 1
    for agent_id, times in told.items():
        for (_, left, presence), (back, _, _) in pairwise(times):
            if presence != "AWAY":
                continue
            breaches += [
                f"{agent_id} was rung at {leg.span.start:%H:%M:%S} while away"
                for leg in dials[numbers[agent_id]]
                if left + _NOTICE < leg.span.start < back
            ]
    return looked, breaches


def _explained(account: Account) -> tuple[int, list[str]]:
    offers = Counter((f.entry_id, f.agent_id) for f in account.books.facts if f.kind == "OFFERED")
    told = Counter((m.entry_id, agent) for m in account.books.matches for agent in m.agents)
    missing = offers - told
    return sum(offers.values()), [f"{n} offers of {e} to {a}" for (e, a), n in missing.items()]


def _commands(account: Account) -> tuple[int, list[str]]:
    done = Counter(each.command_id for each in account.truth.commands if not each.repeated)
    return sum(done.values()), [
        f"{each} {times} times" for each, times in done.items() if times > 1
    ]


def _refusals(account: Account) -> tuple[int, list[str]]:
    codes = Counter(
        f"{each.code} {each.path.rpartition('/')[2]}"
        for each in account.truth.refusals
        if each.code not in _RACES
    )
    return len(account.truth.commands), [f"{times} x {code}" for code, times in codes.items()]


def _silence(account: Account) -> tuple[int, list[str]]:
    people = [leg for leg in account.truth.legs if leg.to_number not in account.agent_numbers]
    return len(people), [each for leg in people for each in _quiet(account, leg)]


def _quiet(account: Account, leg: Leg) -> Iterator[str]:
    number = leg.from_number if leg.incoming else leg.to_number
    for span in leg.silences:
        seconds = account.up(span)
        if seconds > account.quiet_limit:
            yield f"{number} heard nothing for {seconds:.1f} s from {span.start:%H:%M:%S} on"


def _metrics(account: Account) -> tuple[int, list[str]]:
    figures, rows = account.books.figures, account.rows
    long_enough = [row for row in rows if row.talked / account.speed >= 1.0]
    back = [row for row in long_enough if row.ending is Ending.CALLED_BACK]
    gone = [row for row in rows if row.leg is not None and row.leg.source == "caller"]
    compared = {
        "answered": (sum(f.answered for f in figures), len(long_enough) - len(back)),
        "callbacks completed": (sum(f.callbacks_completed for f in figures), len(back)),
        "gave up": (
            sum(f.abandoned + f.short_abandons for f in figures),
            sum("ABANDONED" in row.entry.outcome for row in gone if row.entry is not None),
        ),
        "still waiting": (sum(f.waiting for f in figures), 0),
    }
    breaches = [
        f"{name}: metrics say {said}, the carrier saw {seen}"
        for name, (said, seen) in compared.items()
        if said != seen
    ]
    said = sum((f.end - f.start).total_seconds() for f in account.books.facts if f.kind == "TALKED")
    seen = sum(row.talked for row in rows) / account.speed
    if abs(said - seen) > _TALK_TOLERANCE * max(seen, 1.0) + 0.1:
        breaches.append(f"talk: metrics say {said:.1f} s, the carrier saw {seen:.1f} s")
    return len(compared) + 1, breaches
