"""The figures of queues and agents, from facts."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from services.voice.reporting.agent_figures import agent_figures
from services.voice.reporting.facts import Fact, FactKind
from services.voice.reporting.formulas import EarlyAbandons, queue_figures, service_level

NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)
TARGET = timedelta(seconds=20)


def at(seconds: float) -> datetime:
    """Return a moment after nine."""
    return NINE + timedelta(seconds=seconds)


def fact(kind: FactKind, entry: str, start: float, end: float | None = None, **more: str) -> Fact:
    """Make a fact of a call that entered at nine, or of an agent."""
    return Fact(
        fact_id=f"{kind}/{entry}/{start}",
        kind=kind,
        start_time=at(start),
        end_time=at(start if end is None else end),
        entry_id=entry,
        enqueue_time=NINE if entry else None,
        **more,
    )


def answered(entry: str, wait: float, talk: float = 60, wrap: float = 30) -> list[Fact]:
    """Make the facts of a call that was answered after `wait` seconds."""
    end = wait + talk
    return [
        fact(FactKind.ENTERED, entry, 0, caller_key=entry),
        fact(FactKind.OFFERED, entry, wait, offer_id=entry),
        fact(FactKind.CONNECTED, entry, wait, offer_id=entry),
        fact(FactKind.TALKED, entry, wait, end, offer_id=entry),
        fact(FactKind.LEFT, entry, end, outcome="HANDLED"),
        fact(FactKind.WRAPPED, entry, end, end + wrap, offer_id=entry),
    ]


def left(entry: str, wait: float, outcome: str) -> list[Fact]:
    """Make the facts of a call that left unanswered."""
    return [
        fact(FactKind.ENTERED, entry, 0, caller_key=entry),
        fact(FactKind.LEFT, entry, wait, outcome=outcome),
    ]


def test_nobody_called_is_no_hundred_percent() -> None:
    """Without calls there is no service level, no rate and no average."""
    figures = queue_figures([], target=TARGET)
    assert figures.offered == 0
    assert figures.service_level is None
    assert figures.abandonment_rate is None
    assert figures.average_speed_of_answer is None
    assert figures.average_handle_time is None
    assert figures.missed_offer_rate is None


def test_a_morning() -> None:
    """Two on time, one late, one who gave up late and one who hung up at once."""
    facts = [
        *answered("a", 5),
        *answered("b", 15),
        *answered("c", 40),
        *left("d", 50, "ABANDONED"),
        *left("e", 2, "SHORT_ABANDONED"),
    ]
    figures = queue_figures(facts, target=TARGET)
    assert figures.offered == 5
    assert figures.short_abandons == 1
    assert figures.answered == 3
    assert figures.abandoned == 1
    assert figures.abandonment_rate == pytest.approx(1 / 4)
    assert figures.average_speed_of_answer == timedelta(seconds=20)
    assert figures.service_level == pytest.approx(2 / 4)
    assert figures.average_handle_time == timedelta(seconds=90)


def test_facts_may_come_in_any_order() -> None:
    """Figures are made of what happened, not of when it was written."""
    facts = [*answered("a", 5), *answered("b", 25), *left("c", 30, "ABANDONED")]
    expected = queue_figures(facts, target=TARGET)
    shuffled = random.Random(7)
    for _ in range(50):
        shuffled.shuffle(facts)
        assert queue_figures(facts, target=TARGET) == expected


@pytest.mark.parametrize("outcome", ["VOICEMAIL", "OVERFLOWED", "TIMED_OUT", "REMOVED"])
def test_leaving_another_way_is_not_abandoning(outcome: str) -> None:
    """A caller who chose voicemail, or was moved on, has not given up."""
    figures = queue_figures(left("a", 60, outcome), target=TARGET)
    assert figures.abandoned == 0
    assert figures.abandonment_rate == 0
    assert figures.service_level is None
    assert figures.outcomes == {outcome: 1}


def test_callbacks_are_neither_abandoned_nor_late() -> None:
    """Who is called back an hour later has not waited for an hour on the line."""
    facts = [*answered("a", 3600), fact(FactKind.CALLBACK_ASKED, "a", 60)]
    figures = queue_figures([*facts, *answered("b", 10)], target=TARGET)
    assert figures.callbacks_asked == 1
    assert figures.callbacks_completed == 1
    assert figures.answered == 1
    assert figures.abandoned == 0
    assert figures.service_level == 1
    assert figures.average_speed_of_answer == timedelta(seconds=10)


def test_a_connection_below_a_second_is_no_answer() -> None:
    """A bridge that broke at once did not answer the call; the next agent did."""
    facts = [
        fact(FactKind.ENTERED, "a", 0),
        fact(FactKind.CONNECTED, "a", 10, offer_id="first"),
        fact(FactKind.TALKED, "a", 10, 10.2, offer_id="first"),
        fact(FactKind.CONNECTED, "a", 30, offer_id="second"),
    ]
    figures = queue_figures(facts, target=TARGET)
    assert figures.answered == 1
    assert figures.average_speed_of_answer == timedelta(seconds=30)


def test_waiting_callers_are_counted_and_not_judged() -> None:
    """A call that has neither been answered nor left says nothing about the service yet."""
    figures = queue_figures([fact(FactKind.ENTERED, "a", 0)], target=TARGET)
    assert figures.waiting == 1
    assert figures.service_level is None


@pytest.mark.parametrize(
    ("variant", "expected"),
    [
        (EarlyAbandons.IGNORED, 2 / 4),
        (EarlyAbandons.AGAINST, 2 / 5),
        (EarlyAbandons.FOR, 3 / 5),
    ],
)
def test_three_ways_to_count_early_abandons(variant: EarlyAbandons, expected: float) -> None:
    """An abandon within the target is left out, counts against, or counts for the service."""
    waits = [timedelta(seconds=seconds) for seconds in (5, 20, 21)]
    gave_up = [timedelta(seconds=10), timedelta(seconds=60)]
    assert service_level(waits, gave_up, TARGET, variant) == pytest.approx(expected)


def test_who_calls_again_within_a_week_was_not_helped() -> None:
    """The repeat rate counts handled callers with a later call of theirs within seven days."""
    facts = [*answered("a", 5), *answered("b", 5), *answered("c", 5)]
    later = [("a", at(3600)), ("b", NINE + timedelta(days=8)), ("c", NINE)]
    figures = queue_figures(facts, target=TARGET, later_callers=later)
    assert figures.repeat_call_rate == pytest.approx(1 / 3)


def test_offers_that_nobody_took() -> None:
    """Missed offers are a share of all offers."""
    facts = [*answered("a", 30), fact(FactKind.OFFERED, "a", 1), fact(FactKind.MISSED, "a", 21)]
    assert queue_figures(facts, target=TARGET).missed_offer_rate == pytest.approx(1 / 2)


def test_an_agents_hour() -> None:
    """Occupancy leaves breaks out, utilization does not, and overlapping time counts once."""
    facts = [
        fact(FactKind.PRESENCE, "", 0, outcome="AVAILABLE"),
        fact(FactKind.OFFERED, "a", 600),
        fact(FactKind.TALKED, "a", 600, 1200),
        fact(FactKind.WRAPPED, "a", 1200, 1500),
        fact(FactKind.PRESENCE, "", 1800, outcome="AWAY"),
        fact(FactKind.PRESENCE, "", 2700, outcome="OFFLINE"),
    ]
    figures = agent_figures(facts, NINE, at(3600))
    assert figures.logged_in_time == timedelta(seconds=2700)
    assert figures.available_time == timedelta(seconds=900)
    assert figures.occupancy == pytest.approx(900 / 1800)
    assert figures.utilization == pytest.approx(900 / 2700)
    assert figures.handled == 1


def test_a_call_over_the_edge_counts_with_its_part() -> None:
    """What began before the interval and ends after it counts for the time inside."""
    facts = [fact(FactKind.TALKED, "a", -600, 600)]
    figures = agent_figures(facts, NINE, at(300), presence_before="AVAILABLE")
    assert figures.talk_time == timedelta(seconds=300)
    assert figures.available_time == timedelta()
    assert figures.occupancy == 1


def test_an_agent_who_was_away_has_no_occupancy() -> None:
    """Nothing divided by nothing is unknown."""
    figures = agent_figures([], NINE, at(3600))
    assert figures.occupancy is None
    assert figures.utilization is None
