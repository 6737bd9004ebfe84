"""The ledger of facts and the figures read from it, on both databases."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from chassis.clock import FixedClock
from chassis.database import Database, database
from chassis.errors import Invalid
from services.voice.agents.model import Agent, Offer, OfferState, Presence
from services.voice.queues.model import Entry, EntryState, Kind, Outcome
from services.voice.reporting.facts import Fact, FactKind
from services.voice.reporting.formulas import EarlyAbandons
from services.voice.reporting.ledger import CallerKeys, Ledger, entry_facts
from services.voice.reporting.reading import Interval, Reports
from services.voice.reporting.store import FactFilter, FactStore

NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)
CALLER = "+12025550123"


def at(seconds: float) -> datetime:
    """Return a moment after nine."""
    return NINE + timedelta(seconds=seconds)


@dataclass
class Desk:
    """A ledger over a database, and who reads it."""

    opened: Database
    clock: FixedClock
    ledger: Ledger
    reports: Reports

    async def entry(self, before: Entry | None, after: Entry, seconds: float) -> Entry:
        """Tell of an entry's change."""
        async with self.opened.transaction() as connection:
            await self.ledger.entry_changed(connection, before, after, at(seconds))
        return after

    async def offer(self, before: Offer | None, after: Offer, seconds: float) -> Offer:
        """Tell of an offer's change."""
        async with self.opened.transaction() as connection:
            await self.ledger.offer_changed(connection, before, after, at(seconds))
        return after

    async def presence(self, agent_id: str, presence: Presence, seconds: float) -> None:
        """Tell what presence an agent took."""
        after = Agent(agent_id=agent_id, presence=presence, presence_time=at(seconds))
        async with self.opened.transaction() as connection:
            await self.ledger.presence_changed(connection, None, after, at(seconds))

    async def figures(self, length: timedelta | None = None) -> list[Interval]:
        """Return the support queue's figures of the first hour."""
        end = NINE + timedelta(hours=1)
        found = await self.reports.queue("support", NINE, end, length, None, EarlyAbandons.IGNORED)
        return list(found)


@pytest.fixture
async def desk(database_url: str) -> AsyncIterator[Desk]:
    """Give a ledger over an empty database."""
    migrations = "services.voice.migrations"
    async with database(database_url, schema="voice", migrations=migrations) as opened:
        clock = FixedClock(at(7200))
        facts = FactStore()
        ledger = Ledger(facts, CallerKeys("secret"))
        yield Desk(opened, clock, ledger, Reports(opened, facts, clock))


def waiting(entry_id: str = "e-1", seconds: float = 0) -> Entry:
    """Return somebody who has just entered the support queue."""
    return Entry(
        entry_id=entry_id,
        leg_id=f"leg-{entry_id}",
        queue_id="support",
        enqueue_time=at(seconds),
        enter_time=at(seconds),
        caller_number=CALLER,
    )


def offered(entry: Entry, seconds: float, offer_id: str = "o-1") -> Offer:
    """Return an offer of an entry to Ada."""
    return Offer(
        offer_id=offer_id,
        entry_id=entry.entry_id,
        queue_id=entry.queue_id,
        agent_id="ada",
        create_time=at(seconds),
        lease_until=at(seconds + 20),
    )


async def handled(desk: Desk) -> None:
    """Play a call that is offered twice, answered after 30 s, talked for 60 and wrapped in 10."""
    entry = await desk.entry(None, waiting(), 0)
    first = await desk.offer(None, offered(entry, 2), 2)
    missed = replace(first, state=OfferState.NO_ANSWER, end_time=at(22))
    await desk.offer(first, missed, 22)
    second = await desk.offer(None, offered(entry, 25, "o-2"), 25)
    accepted = replace(second, state=OfferState.ACCEPTED, answer_time=at(29))
    talking = replace(accepted, state=OfferState.CONNECTED, connect_time=at(30))
    await desk.offer(accepted, talking, 30)
    wrapping = replace(talking, state=OfferState.WRAPPING, end_time=at(90))
    await desk.offer(talking, wrapping, 90)
    await desk.entry(entry, entry.left(Outcome.HANDLED, at(90)), 90)
    done = replace(wrapping, state=OfferState.COMPLETED, wrap_up_end_time=at(100))
    await desk.offer(wrapping, done, 100)


async def test_a_call_becomes_figures(desk: Desk) -> None:
    """What listeners are told of one call is what the interval shows."""
    await handled(desk)
    [interval] = await desk.figures()
    figures = interval.figures
    assert (figures.offered, figures.answered, figures.abandoned) == (1, 1, 0)
    assert (figures.offers, figures.missed_offers) == (2, 1)
    assert figures.average_speed_of_answer == timedelta(seconds=30)
    assert figures.average_handle_time == timedelta(seconds=70)
    assert figures.service_level == 0
    assert figures.outcomes == {"HANDLED": 1}


async def test_told_twice_is_written_once(desk: Desk) -> None:
    """A change that is told again, as after a crash, adds nothing."""
    await handled(desk)
    facts, _ = await desk.reports.page(FactFilter(), 0, 250)
    await handled(desk)
    again, _ = await desk.reports.page(FactFilter(), 0, 250)
    assert again == facts
    assert [fact.kind for fact in facts] == [
        FactKind.ENTERED,
        FactKind.OFFERED,
        FactKind.MISSED,
        FactKind.OFFERED,
        FactKind.CONNECTED,
        FactKind.TALKED,
        FactKind.LEFT,
        FactKind.WRAPPED,
    ]


async def test_a_call_counts_when_it_entered(desk: Desk) -> None:
    """Each call is in one interval, also when it is answered in a later one; gaps have no level."""
    await handled(desk)
    late = await desk.entry(None, waiting("e-2", 1799), 1799)
    await desk.entry(late, late.left(Outcome.ABANDONED, at(1900)), 1900)
    intervals = await desk.figures(timedelta(minutes=15))
    assert [each.figures.offered for each in intervals] == [1, 1, 0, 0]
    assert [each.figures.abandoned for each in intervals] == [0, 1, 0, 0]
    assert intervals[2].figures.service_level is None
    assert (intervals[0].start, intervals[-1].end) == (NINE, at(3600))


async def test_overflow_leaves_one_queue_and_enters_the_other(desk: Desk) -> None:
    """A moved caller is no abandon; the second queue answers for its own time only."""
    entry = await desk.entry(None, waiting(), 0)
    moved = await desk.entry(entry, entry.moved("second", {}, at(300)), 300)
    await desk.entry(moved, moved.left(Outcome.ABANDONED, at(310)), 310)
    [first] = await desk.figures()
    assert first.figures.outcomes == {"OVERFLOWED": 1}
    assert first.figures.abandoned == 0
    [second] = await desk.reports.queue(
        "second", NINE, at(3600), None, timedelta(seconds=5), EarlyAbandons.IGNORED
    )
    assert second.figures.abandoned == 1
    assert second.figures.service_level == 0


async def test_a_callback_is_no_abandon(desk: Desk) -> None:
    """Who takes a callback has neither given up nor been answered yet."""
    entry = await desk.entry(None, waiting(), 0)
    await desk.entry(entry, entry.called_back(CALLER), 100)
    [interval] = await desk.figures()
    assert (interval.figures.callbacks_asked, interval.figures.abandoned) == (1, 0)
    assert interval.figures.waiting == 1


async def test_callers_are_known_by_a_key(desk: Desk) -> None:
    """The ledger holds no number, and tells who called again."""
    await handled(desk)
    await desk.entry(None, waiting("e-2", 600), 600)
    facts, _ = await desk.reports.page(FactFilter(), 0, 250)
    assert CALLER not in str(facts)
    assert len({fact.caller_key for fact in facts if fact.caller_key}) == 1
    [interval] = await desk.figures()
    assert interval.figures.repeat_call_rate == 1


async def test_an_agents_day(desk: Desk) -> None:
    """Presence and conversations make occupancy."""
    await desk.presence("ada", Presence.AVAILABLE, -600)
    await handled(desk)
    await desk.presence("ada", Presence.OFFLINE, 200)
    end, figures = await desk.reports.agent("ada", NINE, at(3600))
    assert end == at(3600)
    assert (figures.offers, figures.missed_offers, figures.handled) == (2, 1, 1)
    assert figures.logged_in_time == timedelta(seconds=200)
    assert figures.occupancy == pytest.approx(70 / 200)


async def test_facts_are_listed_page_by_page(desk: Desk) -> None:
    """Pages follow each other without gap or repetition, and filters narrow them."""
    await handled(desk)
    whole, end = await desk.reports.page(FactFilter(), 0, 250)
    assert end is None
    seen: list[Fact] = []
    place = 0
    while True:
        part, following = await desk.reports.page(FactFilter(), place, 3)
        seen.extend(part)
        if following is None:
            break
        place = following
    assert seen == whole
    of_agent, _ = await desk.reports.page(FactFilter(agent_id="ada"), 0, 250)
    assert {fact.agent_id for fact in of_agent} == {"ada"}


@pytest.mark.parametrize(
    ("start", "end", "length", "field"),
    [
        (at(10), at(10), None, "start_time"),
        (at(10_000), None, None, "start_time"),
        (NINE, NINE + timedelta(days=400), None, "end_time"),
        (NINE, NINE + timedelta(days=2), timedelta(minutes=1), "interval"),
    ],
)
async def test_times_that_make_no_interval_are_refused(
    desk: Desk, start: datetime, end: datetime | None, length: timedelta | None, field: str
) -> None:
    """The refusal names the field that is wrong."""
    with pytest.raises(Invalid) as refused:
        await desk.reports.queue("support", start, end, length, None, EarlyAbandons.IGNORED)
    assert refused.value.fields[0].field == field


def test_entries_left_stay_left() -> None:
    """A late word about an entry that has left adds nothing."""
    left = waiting().left(Outcome.HANDLED, at(10))
    assert left.state is EntryState.LEFT
    assert left.kind is Kind.CALL
    assert entry_facts(left, left, at(20)) == []
