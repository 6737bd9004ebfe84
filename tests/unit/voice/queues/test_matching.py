"""Which agent is offered which caller, and why."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.voice.agents.model import Agent, Presence
from services.voice.queues.matching import (
    MOST_OPTIONS,
    Match,
    Option,
    Why,
    assign,
    relaxed,
    unavailable,
    unfit,
)
from services.voice.queues.model import Entry, Kind, Queue, required
from services.voice.queues.score import place
from tests.support.centre import NOON, SUPPORT, at, available, seconds, waiting

QUEUES = {"support": SUPPORT, "sales": Queue(queue_id="sales")}


def matched(
    entries: Sequence[Entry], agents: Sequence[Agent], now: datetime = NOON
) -> list[tuple[str, str]]:
    """Return who is offered to whom."""
    ordered = sorted(entries, key=lambda entry: place(entry, QUEUES[entry.queue_id]))
    found = assign(ordered, agents, QUEUES, now)
    return [(match.entry.entry_id, match.agent.agent_id) for match in found]


def only(entries: Sequence[Entry], agents: Sequence[Agent], now: datetime = NOON) -> Match:
    """Return the one match there is."""
    (match,) = assign(entries, agents, QUEUES, now)
    return match


def test_the_longest_idle_agent_gets_the_next_call() -> None:
    """Idle time decides, and the id between two of the same moment."""
    agents = [available("b", 5), available("c", 1), available("a", 5)]
    entries = [waiting("1", 0), waiting("2", 1), waiting("3", 2), waiting("4", 3)]
    assert matched(entries, agents) == [("1", "c"), ("2", "a"), ("3", "b")]


def test_one_agent_goes_to_the_caller_who_waited_300_s_longer_than_a_vip() -> None:
    """The order of service is the order of the scores."""
    entries = [waiting("vip", 300, is_vip=True), waiting("normal", 0)]
    assert matched(entries, [available("a")]) == [("normal", "a")]
    entries = [waiting("vip", 299, is_vip=True), waiting("normal", 0)]
    assert matched(entries, [available("a")]) == [("vip", "a")]


def test_an_agent_of_two_queues_goes_to_who_is_due_first_in_either() -> None:
    """Queues that share an agent share them by score."""
    both = available("a", queue_ids=frozenset({"support", "sales"}))
    entries = [waiting("1", 10), waiting("2", 5, queue_id="sales")]
    assert matched(entries, [both]) == [("2", "a")]


@pytest.mark.parametrize(
    "agent",
    [
        available("busy", load=1),
        available("wrapping", capacity=3, wrap_up_until=at(5)),
        available("away").present(Presence.AWAY, NOON),
        available("missing").present(Presence.NOT_ANSWERING, NOON),
        available("gone").present(Presence.OFFLINE, NOON),
        available("elsewhere", queue_ids=frozenset({"sales"})),
        available("caller", address="+12025550101"),
    ],
    ids=lambda agent: agent.agent_id,
)
def test_who_cannot_take_a_call_is_not_offered_one(agent: Agent) -> None:
    """Busy, wrapping up, absent, of another queue, or the caller themselves."""
    entry = waiting("1", caller_number="+12025550101")
    assert matched([entry], [agent]) == []
    assert unavailable(agent) or unfit(agent, entry, {})


def test_an_agent_on_the_line_as_a_caller_is_not_rung() -> None:
    """Their phone is busy with a call to us."""
    agents = [available("a"), available("b", 1)]
    found = assign([waiting("1")], agents, QUEUES, NOON, calling={"a"})
    assert [match.agent.agent_id for match in found] == ["b"]


def test_capacity_is_for_more_than_one_call() -> None:
    """An agent with room takes one more, after those who have nothing to do."""
    agents = [available("two", 0, capacity=2, load=1), available("one", 9)]
    assert matched([waiting("1"), waiting("2"), waiting("3")], agents) == [
        ("1", "one"),
        ("2", "two"),
    ]


def test_who_declined_is_not_asked_again() -> None:
    """The next one is asked instead."""
    entry = waiting("1", declined_by=frozenset({"a"}))
    match = only([entry], [available("a", 0), available("b", 1)])
    assert match.agent.agent_id == "b"
    assert Option("a", False, Why.DECLINED) in match.options


def test_an_agent_needs_the_skills() -> None:
    """The queue's and the caller's, of two levels for a skill the higher."""
    queue = replace(SUPPORT, required_skills={"billing": 2, "german": 1})
    assert required({"billing": 3}, queue) == {"billing": 3, "german": 1}
    agents = [
        available("low", 0, skills={"billing": 2, "german": 5}),
        available("none", 1, skills={"billing": 5}),
        available("fit", 2, skills={"billing": 3, "german": 1}),
    ]
    entry = waiting("1", required_skills={"billing": 3})
    (match,) = assign([entry], agents, {"support": queue}, NOON)
    assert match.options == (
        Option("fit", True, Why.CHOSEN_IDLE, f"idle since {at(2).isoformat()}"),
        Option("low", False, Why.SKILL_TOO_LOW, "billing 2<3"),
        Option("none", False, Why.SKILL_TOO_LOW, "german 0<1"),
    )


@pytest.mark.parametrize(
    ("waited", "level"), [(0, 5), (59, 5), (60, 4), (89, 4), (90, 3), (150, 1), (9999, 1)]
)
def test_less_is_asked_the_longer_a_caller_waits(waited: float, level: int) -> None:
    """One level less after 60 s and one more every 30 s, but never nothing at all."""
    assert relaxed({"billing": 5}, SUPPORT, seconds(waited)) == {"billing": level}


def test_a_skill_that_is_lacking_is_never_waived() -> None:
    """However long a caller waits, somebody who cannot do it at all is not asked."""
    entry = waiting("1", required_skills={"german": 4})
    some, none = available("some", 9, skills={"german": 1}), available("none", 0)
    assert matched([entry], [some, none], at(0)) == []
    assert matched([entry], [some, none], at(9999)) == [("1", "some")]


def test_a_caller_gets_the_agent_he_should_get() -> None:
    """Not the longest idle one, and though their level is low."""
    entry = waiting("1", preferred_agent_id="b", required_skills={"billing": 5})
    agents = [available("a", 0, skills={"billing": 5}), available("b", 9, skills={"billing": 1})]
    match = only([entry], agents)
    assert (match.agent.agent_id, match.options[0].why) == ("b", Why.CHOSEN_PREFERRED)


@pytest.mark.parametrize(
    "preferred", [available("b", load=1), available("b", load=1, wrap_up_until=at(60))]
)
def test_a_caller_waits_for_a_busy_agent_for_15_s(preferred: Agent) -> None:
    """Others behind them do not wait, and after that anybody will do."""
    entries = [waiting("1", 0, preferred_agent_id="b"), waiting("2", 1)]
    agents = [available("a"), preferred]
    assert matched(entries, agents, at(14.9)) == [("2", "a")]
    assert matched(entries, agents, at(15)) == [("1", "a")]


@pytest.mark.parametrize("presence", [Presence.AWAY, Presence.OFFLINE, Presence.NOT_ANSWERING])
def test_nobody_waits_for_an_agent_who_is_not_there(presence: Presence) -> None:
    """Anybody will do at once."""
    agents = [available("a"), available("b").present(presence, NOON)]
    assert matched([waiting("1", preferred_agent_id="b")], agents) == [("1", "a")]


class Night:
    """Hours that are never open."""

    def is_open(self, now: datetime) -> bool:
        """Say no."""
        return False

    def next_open(self, now: datetime) -> datetime | None:
        """Say never."""
        return None


def test_callbacks_keep_to_the_hours_and_callers_are_served_to_the_end() -> None:
    """Who is on the line after closing is served; nobody is called back."""
    closed = replace(SUPPORT, hours=Night())
    entries = [waiting("1", kind=Kind.CALLBACK), waiting("2", 1)]
    found = assign(entries, [available("a"), available("b")], {"support": closed}, NOON)
    assert [match.entry.entry_id for match in found] == ["2"]


def test_an_entry_that_rests_is_passed_over() -> None:
    """It is offered from its time on."""
    entry = waiting("1", not_before=at(10))
    assert matched([entry], [available("a")], at(9)) == []
    assert matched([entry], [available("a")], at(10)) == [("1", "a")]


def test_a_decision_names_some_and_counts_the_others() -> None:
    """With hundreds of agents a decision stays readable."""
    agents = [available(f"{number:03}", number) for number in range(100)]
    agents += [available(f"x{number:03}", queue_ids=frozenset({"sales"})) for number in range(9)]
    match = only([waiting("1")], agents)
    assert match.options[0] == Option(
        "000", True, Why.CHOSEN_IDLE, f"idle since {at(0).isoformat()}"
    )
    assert len(match.options) == 1 + MOST_OPTIONS
    assert match.others == {Why.LESS_IDLE: 79}


LEVELS = st.dictionaries(st.sampled_from(["x", "y"]), st.integers(1, 5), max_size=2)
QUEUE_IDS = st.sampled_from(["support", "sales"])
NAMES = st.sampled_from("abcdef")


@st.composite
def crowds(draw: st.DrawFn) -> tuple[list[Entry], list[Agent]]:
    """Draw callers of two queues, and agents of which some can take calls."""
    entries = [
        waiting(
            f"{number}",
            draw(st.integers(-200, 0)),
            queue_id=draw(QUEUE_IDS),
            is_vip=draw(st.booleans()),
            required_skills=draw(LEVELS),
            declined_by=draw(st.frozensets(NAMES, max_size=2)),
            front=draw(st.booleans()),
        )
        for number in range(draw(st.integers(0, 8)))
    ]
    agents = [
        available(
            name,
            draw(st.integers(-100, 0)),
            skills=draw(LEVELS),
            queue_ids=draw(st.frozensets(QUEUE_IDS)),
            load=draw(st.integers(0, 2)),
            capacity=draw(st.integers(1, 2)),
        )
        for name in draw(st.lists(NAMES, unique=True))
    ]
    return entries, agents


@given(crowds())
def test_no_caller_is_passed_over_for_one_behind_him(
    crowd: tuple[list[Entry], list[Agent]],
) -> None:
    """Everybody gets at most one, none gets what they cannot do, and the order is kept.

    No agent who could take an entry is left idle or given to somebody who goes later.
    """
    entries, agents = crowd
    ordered = sorted(entries, key=lambda entry: place(entry, QUEUES[entry.queue_id]))
    found = assign(ordered, agents, QUEUES, NOON)
    given_to = {match.agent.agent_id: match.entry for match in found}
    served = {match.entry.entry_id for match in found}
    assert len(given_to) == len(served) == len(found)
    for match in found:
        assert match.agent.is_free
        assert unfit(match.agent, match.entry, match.levels) is None
    for entry in ordered:
        levels = relaxed(entry.required_skills, SUPPORT, entry.waited(NOON))
        for agent in (each for each in agents if each.is_free and not unfit(each, entry, levels)):
            other = given_to.get(agent.agent_id)
            if entry.entry_id not in served:
                assert other is not None
                assert ordered.index(other) < ordered.index(entry)
