"""Expected waits and Erlang C."""

import math
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.voice.queues.forecast import (
    FEWEST_SAMPLES,
    HandleTime,
    agents_needed,
    announced_wait,
    erlang_c,
    expected_wait,
)

MINUTE = timedelta(minutes=1)
TARGET = timedelta(seconds=20)
HANDLE = HandleTime(timedelta(seconds=180), FEWEST_SAMPLES)


def test_wait_is_position_times_handling_by_agents() -> None:
    """Four ahead of three agents who take three minutes each wait four minutes; parts count up."""
    assert expected_wait(4, HANDLE, 3) == 4 * MINUTE
    assert expected_wait(1, HANDLE, 2) == 2 * MINUTE


def test_nothing_is_promised_without_ground() -> None:
    """Without agents, without calls handled or with a handful of them there is no estimate."""
    assert expected_wait(1, HANDLE, 0) is None
    assert expected_wait(1, None, 3) is None
    assert expected_wait(1, HandleTime(MINUTE, FEWEST_SAMPLES - 1), 3) is None


def test_long_waits_are_not_announced() -> None:
    """Half an hour is said, more than that is not."""
    assert announced_wait(30 * MINUTE) == 30 * MINUTE
    assert announced_wait(31 * MINUTE) is None
    assert announced_wait(None) is None


def test_position_counts_from_one() -> None:
    """Nobody stands before the first."""
    with pytest.raises(ValueError, match="from 1"):
        expected_wait(0, HANDLE, 1)


def test_erlang_c_agrees_with_its_textbook_formula() -> None:
    """The recursion gives what the sums with factorials give: 10 erlangs on 12 agents."""
    load, agents = 10.0, 12
    waiting = load**agents / math.factorial(agents) * agents / (agents - load)
    textbook = waiting / (sum(load**k / math.factorial(k) for k in range(agents)) + waiting)
    found = erlang_c(200, timedelta(seconds=180), agents, TARGET)
    assert found is not None
    assert found.wait_probability == pytest.approx(textbook)
    assert found.average_wait.total_seconds() == pytest.approx(textbook * 180 / 2, rel=1e-4)
    assert found.service_level == pytest.approx(1 - textbook * math.exp(-2 * 20 / 180))


def test_overload_has_no_answer() -> None:
    """As much load as agents, or more, waits for ever."""
    assert erlang_c(200, timedelta(seconds=180), 10, TARGET) is None


def test_big_centres_do_not_overflow() -> None:
    """A thousand agents are computed as well as ten."""
    found = erlang_c(19_000, timedelta(seconds=180), 1000, TARGET)
    assert found is not None
    assert 0 < found.wait_probability < 1


@given(
    st.floats(min_value=1, max_value=2000),
    st.floats(min_value=10, max_value=600),
    st.floats(min_value=0.1, max_value=0.99),
)
def test_needed_agents_are_the_fewest(rate: float, handle: float, level: float) -> None:
    """The number found meets the level, and one agent less does not."""
    time = timedelta(seconds=handle)
    found = agents_needed(rate, time, TARGET, level)
    enough = erlang_c(rate, time, found, TARGET)
    assert enough is not None
    assert enough.service_level >= level
    if found > 1:
        fewer = erlang_c(rate, time, found - 1, TARGET)
        assert fewer is None or fewer.service_level < level
