"""A day of one call and two agents, as both sides tell it, to be spoilt in one place."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from cli.day.account import Account, Played, rows
from cli.day.books import Books, Entry, Fact, Figures, Match
from cli.day.script import Caller, Day, Temper, Wish, Worker
from cli.day.truth import Command, Leg, Span, Truth

START = datetime(2026, 1, 2, 9, 0, tzinfo=UTC)
SPEED = 1.0
CALLER = "+13125550101"
AGENT, OTHER = "+15035550100", "+15035550101"


def at(seconds: float) -> datetime:
    """Return a time of the day."""
    return START + timedelta(seconds=seconds)


def span(start: float, end: float | None, other: str = "") -> Span:
    """Return a span of the day."""
    return Span(at(start), None if end is None else at(end), other)


def leg(control_id: str, when: Span, **more: Any) -> Leg:
    """Return a leg: the caller's, unless it says otherwise."""
    usual = Leg(
        leg_id=f"leg-{control_id}",
        control_id=control_id,
        from_number=CALLER,
        to_number="+12025550110",
        incoming=True,
        texml=False,
        span=when,
        answered=when.start,
        cause="normal_clearing",
        source="caller",
        recordings=0,
        silences=(),
        talks=(),
    )
    return replace(usual, **more)


def agent_leg(control_id: str, when: Span, number: str = AGENT, **more: Any) -> Leg:
    """Return a leg to an agent's phone."""
    usual = {"from_number": "+12025550110", "to_number": number, "incoming": False}
    return leg(control_id, when, **(usual | more))


CALL = leg("v3:call", span(0, 100), talks=(span(20, 100, "v3:agent"),))
RUNG = agent_leg("v3:agent", span(15, 100), talks=(span(20, 100, "v3:call"),))

ENTRY = Entry(
    entry_id="entry-1",
    leg_id="leg-v3:call",
    queue_id="support",
    kind="CALL",
    state="LEFT",
    outcome="HANDLED",
    caller_number=CALLER,
    is_vip=False,
    ahead=0.0,
    skills={},
    preferred="",
    enqueued=at(5),
    entered=at(5),
    left=at(100),
)

FACTS = (
    Fact("ENTERED", at(5), at(5), "support", "entry-1"),
    Fact("OFFERED", at(15), at(15), "support", "entry-1", "offer-1", "agent-01"),
    Fact("CONNECTED", at(20), at(20), "support", "entry-1", "offer-1", "agent-01"),
    Fact("TALKED", at(20), at(100), "support", "entry-1", "offer-1", "agent-01"),
    Fact("LEFT", at(100), at(100), "support", "entry-1", outcome="HANDLED"),
)

FIGURES = Figures("support", 1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 15.0, 1.0)


def told(
    *,
    legs: tuple[Leg, ...] = (CALL, RUNG),
    entries: tuple[Entry, ...] = (ENTRY,),
    facts: tuple[Fact, ...] = FACTS,
    commands: tuple[Command, ...] = (),
    downtimes: tuple[Span, ...] = (),
    truth: dict[str, Any] | None = None,
    **more: Any,
) -> Account:
    """Return the account of the day, with what differs."""
    caller = Caller(CALLER, Temper.ORDINARY, 0.0, Wish.SUPPORT, 80.0, 900.0)
    workers = [
        Worker(f"agent-{place:02d}", number, ("support",), {"support": 3}, 2.0)
        for place, number in enumerate((AGENT, OTHER), start=1)
    ]
    incoming = [each for each in legs if each.incoming]
    books = Books(
        entries=entries,
        facts=facts,
        matches=(Match("entry-1", ("agent-01",), 1),),
        figures=(FIGURES,),
        calls={each.leg_id: 1 for each in incoming},
    )
    account = Account(
        day=Day(7, 100.0, (caller,), workers, ()),
        speed=SPEED,
        played=[Played(caller, each.control_id) for each in incoming],
        truth=replace(Truth(legs, commands, (), {}, at(200)), **(truth or {})),
        books=replace(books, **more),
        downtimes=downtimes,
    )
    return replace(account, rows=rows(account))
