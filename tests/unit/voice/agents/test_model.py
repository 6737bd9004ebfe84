"""Agents and offers."""

import itertools
from dataclasses import replace

import pytest

from services.voice.agents.model import (
    HOLDING,
    LOADING,
    OPEN,
    OVER,
    Agent,
    Offer,
    OfferState,
    Presence,
)
from tests.support.centre import NOON, at, available, seconds

OFFER = Offer(
    offer_id="o",
    entry_id="e",
    queue_id="support",
    agent_id="a",
    create_time=NOON,
    lease_until=at(20),
)


def test_a_new_agent_is_not_there() -> None:
    """Nobody is offered calls before they say that they take them."""
    assert not Agent(agent_id="a").is_free


def test_coming_back_begins_a_new_idle_time() -> None:
    """Who was away goes to the end of the line; saying the same again changes nothing."""
    agent = available("a", 0)
    assert agent.present(Presence.AVAILABLE, at(5)) is agent
    away = agent.present(Presence.AWAY, at(5))
    assert (away.is_free, away.idle_since, away.presence_time) == (False, None, at(5))
    assert away.present(Presence.AVAILABLE, at(9)).idle_since == at(9)


def test_a_claimed_agent_is_full() -> None:
    """Claiming one who is not free is refused."""
    claimed = available("a").claimed()
    assert not claimed.is_free
    with pytest.raises(ValueError, match="not free"):
        claimed.claimed()


def test_an_offer_that_was_taken_back_costs_no_turn() -> None:
    """The agent stays first in line; after a conversation they go to the end."""
    claimed = available("a", 0).claimed()
    assert claimed.released(at(9), turn_over=False) == available("a", 0)
    assert claimed.released(at(9), turn_over=True).idle_since == at(9)


def test_wrapping_up_takes_all_of_the_capacity() -> None:
    """An agent with room for more gets no offer while they wrap up; the later end counts."""
    agent = available("a", capacity=3).claimed().wrapping(at(30)).wrapping(at(20))
    assert (agent.is_free, agent.wrap_up_until) == (False, at(30))
    assert agent.wrapped_up().is_free


def test_an_offer_goes_forward_only() -> None:
    """No way leads back, and none out of an end."""
    order = list(OfferState)
    for one, other in itertools.product(OfferState, OfferState):
        offer = replace(OFFER, state=one)
        if offer.can(other):
            assert order.index(one) < order.index(other)
            assert one not in OVER
            assert offer.to(other).state is other
        else:
            with pytest.raises(ValueError, match="cannot become"):
                offer.to(other)


def test_every_state_is_of_one_sort() -> None:
    """What holds an entry loads the agent, and what is over does neither."""
    assert OPEN < HOLDING < LOADING
    assert set(OfferState) == LOADING | OVER
    assert not LOADING & OVER


def test_an_answer_can_only_come_while_one_is_waited_for() -> None:
    """What has expired cannot be accepted any more."""
    assert {
        state for state in OfferState if replace(OFFER, state=state).can(OfferState.ACCEPTED)
    } == OPEN


def test_times_of_a_conversation() -> None:
    """Talk goes from the bridge to the end, handling on to the end of the wrap-up."""
    assert (OFFER.talk_time, OFFER.handle_time) == (seconds(0), seconds(0))
    done = replace(OFFER, connect_time=at(10), end_time=at(70), wrap_up_end_time=at(90))
    assert (done.talk_time, done.handle_time) == (seconds(60), seconds(80))
