"""Everybody is asked at once, and nobody is waited for past the deadline."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import deadline
from chassis.clock import FixedClock
from services.voice.calls.model import Call, Caller, CallerKind, Lookup, LookupOutcome
from services.voice.routing.answers import Past
from services.voice.routing.hours import Openness, Status
from services.voice.routing.inputs import Inputs, InputState, Name, QueueState
from services.voice.routing.inquiry import Deadlines, Inquiry

NOW = datetime(2026, 3, 6, 15, tzinfo=UTC)
ADA = Call(
    leg_id="leg",
    caller=Caller(CallerKind.NUMBER, "+13125550101", "+13125550101"),
    called_number="+12025550110",
    attestation="a",
    attestation_validated=True,
)
VIP = Lookup(LookupOutcome.FOUND, True, 1, "Ada", "en-US", "gold", "agent-1", True)
SHORT = Deadlines(crm=0.02, history=0.02, queues=0.02, total=0.05)
HANGS = 15
"""Seconds after which nobody believes any more that the deadline was kept."""
LONG = Deadlines(crm=30, history=30, queues=30, total=30)


class Nowhere:
    """A database whose connections nobody looks at."""

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """Give nothing."""
        yield cast("AsyncConnection", None)


class Asked:
    """Answers as it is told to, for the CRM, the history and the queues."""

    def __init__(self, *, never: str = "", breaks: str = "", stubborn: bool = False) -> None:
        self.never, self.breaks, self.stubborn = never, breaks, stubborn
        self.numbers: list[str] = []
        self.released = asyncio.Event()

    async def _answer(self, who: str) -> None:
        if self.breaks == who:
            raise ConnectionError("gone")
        while self.never == who and not self.released.is_set():
            try:
                await self.released.wait()
            except asyncio.CancelledError:
                if not self.stubborn:
                    raise

    async def find(self, phone_number: str) -> Lookup:
        """Answer for the CRM."""
        self.numbers.append(phone_number)
        await self._answer("crm")
        return VIP


class Before(Asked):
    """The history."""

    async def of(self, connection: AsyncConnection, number: str, now: datetime) -> Past:
        """Answer for the history."""
        await self._answer("history")
        gave_up = now - timedelta(minutes=5)
        wait = timedelta(minutes=2)
        return Past(
            last_agent_id="agent-2",
            abandoned_time=gave_up,
            abandoned_wait=wait,
            abandoned_queue_id="support",
            previous_outcome="SHORT_ABANDONED",
        )


class Lines(Asked):
    """The queues."""

    async def of(
        self, connection: AsyncConnection, queue_ids: Iterable[str], now: datetime
    ) -> Mapping[str, QueueState]:
        """Answer for the queues that exist."""
        await self._answer("queues")
        closed = QueueState(Openness(Status.HOLIDAY, "Thanksgiving"), 2, 7)
        return {queue_id: closed for queue_id in queue_ids if queue_id != "lost"}


def inquiry(crm: Asked, limits: Deadlines, past: Asked | None = None) -> Inquiry:
    """Return an inquiry that asks these."""
    before = cast("Before", past) if past else Before()
    return Inquiry(Nowhere(), crm, before, Lines(), FixedClock(NOW), limits)


def states(told: Inputs, *names: Name) -> set[InputState]:
    """Return what came of asking for some inputs."""
    return {told.by_name[name].state for name in names}


async def test_everything_is_known_of_a_known_caller() -> None:
    """The call, the CRM, the history and the queues each tell what they know."""
    told = await inquiry(Asked(), LONG).ask(ADA, ["support", "lost"])
    assert (told.flag(Name.VIP), told.trusted_name, told.preferred_agent) == (
        True,
        "Ada",
        "agent-1",
    )
    assert told.span(Name.ABANDONED) == timedelta(minutes=5)
    assert told.credit("support", timedelta(minutes=30)) == timedelta(minutes=2)
    assert told.text(Name.PREVIOUS_OUTCOME) == "ABANDONED"
    assert (told.text("queue.support.status"), told.count("queue.support.waiting")) == (
        "HOLIDAY",
        7,
    )
    assert told.by_name["queue.lost.staffed"].state is InputState.ABSENT


async def test_who_is_late_is_not_waited_for() -> None:
    """The CRM never answers: its inputs are late with safe defaults, the others are there."""
    told = await inquiry(Asked(never="crm"), SHORT).ask(ADA)
    assert states(told, Name.VIP, Name.LANGUAGE) == {InputState.LATE}
    assert not told.flag(Name.VIP)
    assert told.text(Name.LAST_AGENT) == "agent-2"


async def test_who_does_not_let_go_is_not_waited_for_either() -> None:
    """An answer that cannot even be cancelled holds nobody up."""
    stubborn = Asked(never="crm", stubborn=True)
    told = await inquiry(stubborn, SHORT).ask(ADA)
    assert states(told, Name.VIP) == {InputState.LATE}
    stubborn.released.set()


async def test_each_has_a_deadline_of_its_own() -> None:
    """A late history does not make the CRM late."""
    limits = Deadlines(crm=30, history=0.01, queues=30, total=30)
    told = await inquiry(Asked(), limits, Before(never="history")).ask(ADA)
    assert states(told, Name.LAST_AGENT, Name.ABANDONED) == {InputState.LATE}
    assert told.flag(Name.VIP)


async def test_all_together_have_a_deadline() -> None:
    """However long each may take, all of them end with the whole."""
    limits = Deadlines(crm=30, history=30, queues=30, total=0.02)
    asking = inquiry(Asked(never="crm"), limits, Before(never="history")).ask(ADA)
    told = await asyncio.wait_for(asking, HANGS)
    assert states(told, Name.VIP, Name.LAST_AGENT) == {InputState.LATE}


async def test_whoever_asks_us_is_answered_in_time() -> None:
    """What is left of the call at hand shortens every deadline."""
    with deadline.within(0.12):
        told = await asyncio.wait_for(inquiry(Asked(never="crm"), LONG).ask(ADA), HANGS)
    assert states(told, Name.VIP) == {InputState.LATE}


@pytest.mark.parametrize(("broken", "name"), [("crm", Name.VIP), ("history", Name.LAST_AGENT)])
async def test_who_fails_has_failed(broken: str, name: Name) -> None:
    """A failure is an answer like any other: safe defaults, and it is told."""
    told = await inquiry(Asked(breaks=broken), LONG, Before(breaks=broken)).ask(ADA)
    assert states(told, name) == {InputState.FAILED}


@pytest.mark.parametrize("kind", [CallerKind.WITHHELD, CallerKind.SIP, CallerKind.MALFORMED])
async def test_nobody_is_looked_up_by_what_is_no_number(kind: CallerKind) -> None:
    """Who withholds the number, or writes what anybody can, is nobody we know."""
    crm = Asked()
    told = await inquiry(crm, LONG).ask(Call(caller=Caller(kind, "", "anonymous")))
    assert crm.numbers == []
    assert states(told, Name.VIP, Name.LAST_AGENT) == {InputState.ABSENT}


async def test_the_crm_is_asked_once() -> None:
    """What a call has been told before is not asked again, except a failure."""
    crm = Asked()
    again = inquiry(crm, LONG)
    unknown = Lookup(LookupOutcome.NOT_FOUND)
    away = Lookup(LookupOutcome.UNAVAILABLE)
    told = await again.ask(Call(caller=ADA.caller, lookup=unknown))
    assert (crm.numbers, told.flag(Name.KNOWN)) == ([], False)
    assert (await again.ask(Call(caller=ADA.caller, lookup=away))).flag(Name.KNOWN)


async def test_an_attestation_counts_when_it_is_verified() -> None:
    """A letter that nobody has checked proves nothing."""
    unchecked = Call(caller=ADA.caller, attestation="A")
    assert not (await inquiry(Asked(), LONG).ask(unchecked)).is_proven
    assert (await inquiry(Asked(), LONG).ask(ADA)).is_proven


async def test_queues_are_read_again_where_it_counts() -> None:
    """In a transaction under way the queues are taken as they stand now, all else as it was."""
    told = await inquiry(Asked(), LONG).ask(ADA)
    connection = cast("AsyncConnection", None)
    fresh = await inquiry(Asked(), LONG).refresh(connection, told, ["support"], NOW)
    assert (fresh.flag(Name.VIP), fresh.is_open("support")) == (True, False)
