"""Who is served first."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from services.voice.queues.model import Boost, Entry, Kind, Queue, Scoring
from services.voice.queues.score import Part, place, score
from tests.support.centre import SUPPORT, at, seconds, waiting

TIMES = st.integers(0, 3600)
ENTRIES = st.builds(
    lambda name, since, vip, escalated, credit: waiting(
        name, since, is_vip=vip, escalated=escalated, credit=seconds(credit)
    ),
    st.text("abcdef", min_size=1, max_size=4),
    TIMES,
    st.booleans(),
    st.booleans(),
    st.integers(0, 3600),
)


def goes_first(one: Entry, other: Entry, queue: Queue = SUPPORT) -> bool:
    """Say whether one entry is served before another."""
    return place(one, queue) < place(other, queue)


def test_who_came_first_goes_first() -> None:
    """Without anything given, waiting decides, and the id between two of the same moment."""
    assert goes_first(waiting("b", 0), waiting("a", 1))
    assert goes_first(waiting("a", 0), waiting("b", 0))


def test_a_vip_is_given_five_minutes() -> None:
    """A new VIP goes before a normal caller who has waited for less."""
    assert goes_first(waiting("vip", 299, is_vip=True), waiting("normal", 0))


@given(TIMES, st.integers(300, 7200), TIMES)
def test_a_normal_caller_who_waited_300_s_longer_goes_before_a_new_vip(
    since: int, longer: int, later: int
) -> None:
    """No starvation: what a VIP is given can be waited for, and stays waited for."""
    normal = waiting("normal", since)
    vip = waiting("a-vip", since + longer, is_vip=True)
    assert goes_first(normal, vip)
    now = at(since + longer + later)
    assert score(normal, SUPPORT, now).total_seconds >= score(vip, SUPPORT, now).total_seconds


@given(ENTRIES, ENTRIES)
def test_whoever_waited_longer_than_all_that_can_be_given_goes_first(
    one: Entry, other: Entry
) -> None:
    """No starvation: 300 + 180 + 600 s are the most anybody is given."""
    longer = other.enqueue_time - one.enqueue_time
    if longer > seconds(300 + 180 + 600):
        assert goes_first(one, other)


@given(ENTRIES, ENTRIES, TIMES)
def test_the_order_is_the_order_of_the_scores_at_any_time(
    one: Entry, other: Entry, later: int
) -> None:
    """The order does not change by waiting: a rank that never moves says what scores say."""
    now = at(3600 + later)
    first, second = score(one, SUPPORT, now), score(other, SUPPORT, now)
    if first.total_seconds > second.total_seconds:
        assert goes_first(one, other)


def test_the_head_of_the_queue_goes_before_everybody() -> None:
    """Whom an agent failed is next, whatever others are given."""
    failed = replace(waiting("failed", 100), front=True)
    assert goes_first(failed, waiting("vip", 0, is_vip=True, escalated=True))


def test_a_score_names_its_parts() -> None:
    """A score is the sum of what it names, the credit cut to the queue's cap."""
    entry = waiting(
        "one",
        is_vip=True,
        credit=seconds(900),
        boosts=(Boost("german", seconds(20)),),
        priority=seconds(-30),
    )
    told = score(entry, SUPPORT, at(10))
    assert told.parts == (
        Part("wait", 10),
        Part("vip", 300),
        Part("credit", 600),
        Part("german", 20),
        Part("priority", -30),
    )
    assert told.total_seconds == 900


def test_the_queue_says_what_is_given() -> None:
    """Scoring is a setting of the queue; what is set to nothing gives nothing."""
    queue = replace(SUPPORT, scoring=Scoring(vip=seconds(0), escalated=seconds(60)))
    entry = waiting("one", is_vip=True, escalated=True)
    assert score(entry, queue, at(0)).parts == (Part("wait", 0), Part("escalated", 60))


def test_a_callback_keeps_its_place() -> None:
    """Nothing of the order changes when a caller is called back instead."""
    entry = waiting("one", credit=seconds(5))
    back = entry.called_back("+12025550101")
    assert back.kind is Kind.CALLBACK
    assert place(back, SUPPORT) == place(entry, SUPPORT)
