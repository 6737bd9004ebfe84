"""How conversations end, whole or cut off, and callbacks."""

from dataclasses import replace

import pytest

from services.voice.agents.model import OfferState, Presence
from services.voice.agents.ringing import bridge_key
from services.voice.calls.command import HangUp
from services.voice.queues.model import (
    CallbackOffer,
    Entry,
    EntryState,
    Kind,
    Outcome,
    Queue,
    Talk,
)
from services.voice.routing.hours import Hours, Span, WeeklySpan
from tests.support.centre import SUPPORT, at, seconds
from tests.support.floor import Floor

ADA, NUMBER = "+12025550151", "+12025550101"


async def test_the_caller_hangs_up_after_a_conversation(floor: Floor) -> None:
    """Handled, whatever whoever ends the journey calls it; the agent is let go and wraps up."""
    await floor.agent("ada", ADA)
    entry = await floor.enter("caller")
    offer, leg = await floor.talk(entry, 60)
    left = await floor.leave(entry, Outcome.ABANDONED)
    assert left.outcome is Outcome.HANDLED
    assert floor.switch.given[leg.leg_id, f"offer/{offer.offer_id}/end"] == HangUp()
    assert (await floor.read_offer(offer)).state is OfferState.WRAPPING
    await floor.hang_up(leg)
    assert await floor.read(entry) == left
    assert (await floor.read_offer(offer)).end_time == at(60)


@pytest.mark.parametrize("outcome", [Outcome.TRANSFERRED, Outcome.TECHNICAL, Outcome.LOST])
async def test_what_says_more_than_handled_stands(floor: Floor, outcome: Outcome) -> None:
    """A conversation that ended in a transfer was a transfer."""
    await floor.agent("ada", ADA)
    entry = await floor.enter("caller")
    await floor.talk(entry)
    assert (await floor.leave(entry, outcome)).outcome is outcome


@pytest.mark.parametrize(
    ("cause", "talked"), [("normal_clearing", 4.9), ("timeout", 60), ("unspecified", 60)]
)
async def test_a_conversation_that_breaks_off(floor: Floor, cause: str, talked: float) -> None:
    """The caller goes to the head with their time, after a moment; the agent wraps up."""
    await floor.agent("ada", ADA)
    await floor.enter("vip", is_vip=True, enqueue_time=at(0), required_skills={"none": 1})
    entry = await floor.enter("caller", enqueue_time=at(-400))
    offer, leg = await floor.talk(entry, talked)
    await floor.hang_up(leg, cause)
    back = await floor.read(entry)
    assert (back.state, back.front, back.failed_offers) == (EntryState.WAITING, True, 1)
    assert (back.enqueue_time, back.not_before) == (at(-400), at(talked + 1))
    assert (await floor.read_offer(offer)).state is OfferState.WRAPPING
    await floor.agent("bob", "+12025550152")
    assert await floor.look() == 0
    await floor.pass_by(1)
    assert (await floor.offered(entry)).agent_id == "bob"


async def test_a_caller_who_ends_a_short_conversation_himself(floor: Floor) -> None:
    """Their own end is heard of after that of the agent's leg; nobody is rung, and it counts."""
    await floor.agent("ada", ADA)
    await floor.agent("bob", "+12025550152")
    entry = await floor.enter("caller")
    _, leg = await floor.talk(entry, 3)
    await floor.hang_up(leg)
    assert (await floor.read(entry)).state is EntryState.WAITING
    assert await floor.look() == 0
    await floor.hang_up(floor.switch.legs["caller"])
    assert (await floor.read(entry)).outcome is Outcome.HANDLED
    assert len(floor.switch.dials) == 1


async def test_an_agent_who_answers_and_is_gone(floor: Floor) -> None:
    """Never connected: nothing was handled, and the caller goes to the head."""
    await floor.agent("ada", ADA)
    entry = await floor.enter("caller")
    leg = await floor.answer(await floor.offered(entry))
    await floor.pass_by(8)
    await floor.hang_up(leg)
    assert (await floor.read(entry)).state is EntryState.CONNECTED
    await floor.pass_by(2)
    back = await floor.read(entry)
    assert (back.state, back.talk, back.front) == (EntryState.WAITING, None, True)


async def test_a_bridge_that_only_the_callers_leg_tells_of(floor: Floor) -> None:
    """One of two events is enough, and one from before the answer is about somebody else."""
    await floor.agent("ada", ADA)
    entry = await floor.enter("caller")
    before = replace(floor.switch.legs["caller"], bridged=at(-9), last_bridged=at(-9))
    offer = await floor.offered(entry)
    await floor.answer(offer)
    await floor.leg(before)
    assert (await floor.read_offer(offer)).state is OfferState.ACCEPTED
    await floor.leg(replace(before, last_bridged=at(0)))
    connected = await floor.read_offer(offer)
    assert (connected.state, connected.connect_time) == (OfferState.CONNECTED, at(0))


@pytest.mark.parametrize(("whose", "late"), [("caller", 0), ("agent", 0), ("agent", 3)])
async def test_a_bridge_that_is_told_after_the_end(floor: Floor, whose: str, late: float) -> None:
    """Events come in any order, above all after a restart: the caller has been handled.

    Also when they have been put back already, as long as nobody else was asked.
    """
    await floor.agent("ada", ADA)
    entry = await floor.enter("caller")
    offer = await floor.offered(entry)
    leg = await floor.answer(offer)
    await floor.pass_by(30)
    await floor.hang_up(leg)
    await floor.pass_by(late)
    before = floor.switch.legs["caller"] if whose == "caller" else leg
    await floor.leg(replace(before, bridged=at(1), last_bridged=at(1)))
    left = await floor.read(entry)
    assert (left.state, left.outcome) == (EntryState.LEFT, Outcome.HANDLED)
    assert left.talk == Talk("ada", at(1), at(30))
    assert (await floor.read_offer(offer)).connect_time == at(1)


@pytest.mark.parametrize("whose", ["caller", "agent"])
async def test_a_bridge_the_carrier_refuses(floor: Floor, whose: str) -> None:
    """Nobody is left in silence: the agent is let go, the caller is at the head."""
    await floor.agent("ada", ADA)
    entry = await floor.enter("caller")
    offer = await floor.offered(entry)
    leg = await floor.answer(offer)
    refused = leg if whose == "agent" else floor.switch.legs["caller"]
    await floor.refuse(refused, bridge_key(offer.offer_id), "90015")
    failed = await floor.read_offer(offer)
    assert (failed.state, failed.reason) == (OfferState.FAILED, "90015")
    assert floor.switch.given[leg.leg_id, f"offer/{offer.offer_id}/end"] == HangUp()
    assert (await floor.read(entry)).state is EntryState.WAITING
    ada = await floor.read_agent("ada")
    assert (ada.presence, ada.load) == (Presence.AVAILABLE, 0)


async def calling_back(floor: Floor) -> Entry:
    """Return a callback whose agent has answered."""
    entry = await floor.enter("caller")
    async with floor.opened.transaction() as connection:
        await floor.centre.to_callback(connection, entry.entry_id, NUMBER, floor.now)
    await floor.hang_up(floor.switch.legs["caller"])
    await floor.pass_by(60)
    await floor.answer(await floor.offered(entry))
    return await floor.read(entry)


async def test_a_callback_keeps_its_place_and_calls_the_agent_first(floor: Floor) -> None:
    """Its caller may hang up; nobody is bridged before the customer says that they are there."""
    await floor.agent("ada", ADA)
    entry = await calling_back(floor)
    assert (entry.kind, entry.state) == (Kind.CALLBACK, EntryState.CONNECTED)
    assert (entry.caller_number, entry.enqueue_time) == (NUMBER, at(0))
    assert floor.switch.given == {}
    assert floor.switch.dials[0].link_to == ""
    offer = await floor.offer(entry)
    assert offer is not None
    assert offer.state is OfferState.ACCEPTED
    await floor.bridge(offer)
    await floor.pass_by(60)
    left = await floor.leave(entry, Outcome.HANDLED)
    assert (left.outcome, left.talk and left.talk.length) == (Outcome.HANDLED, seconds(60))


async def test_a_customer_who_is_not_reached(floor: Floor) -> None:
    """The agent is free at once; three attempts, a quarter of an hour apart, and no more."""
    await floor.agent("ada", ADA)
    entry = await calling_back(floor)
    for attempt in (1, 2, 3):
        offer = await floor.offer(entry)
        for _ in range(2):
            async with floor.opened.transaction() as connection:
                entry = await floor.centre.callback_failed(connection, entry.entry_id, floor.now)
        assert entry.attempts == attempt
        assert offer is not None
        assert (await floor.read_offer(offer)).state is OfferState.RESCINDED
        assert (await floor.read_agent("ada")).is_free
        if attempt < 3:
            assert (entry.state, entry.not_before) == (
                EntryState.WAITING,
                floor.now + seconds(900),
            )
            assert await floor.look() == 0
            await floor.pass_by(900)
            await floor.answer(await floor.offered(entry))
            entry = await floor.read(entry)
    assert (entry.state, entry.outcome) == (EntryState.LEFT, Outcome.UNREACHED)


async def test_the_next_attempt_keeps_to_the_hours(floor: Floor) -> None:
    """A callback that would be due after closing comes when the queue opens."""
    # Noon of Monday in UTC is 06:00 in Chicago; open for ten minutes, and again tomorrow.
    spans = tuple(WeeklySpan(day, Span(360, 370)) for day in (1, 2))
    hours = Hours("America/Chicago", week=spans)
    offer = CallbackOffer(spacing=seconds(600))
    day = Queue(queue_id="day", hours=hours, callback_offer=offer)
    await floor.queue(day)
    await floor.agent("ada", ADA, queue_ids=frozenset({"day"}))
    entry = await floor.enter("caller", queue_id="day")
    async with floor.opened.transaction() as connection:
        await floor.centre.to_callback(connection, entry.entry_id, NUMBER, floor.now)
    await floor.answer(await floor.offered(entry))
    async with floor.opened.transaction() as connection:
        missed = await floor.centre.callback_failed(connection, entry.entry_id, floor.now)
    assert missed.not_before == at(24 * 3600)


async def test_an_agent_who_leaves_a_callback_before_the_customer_answers(floor: Floor) -> None:
    """The callback goes to the head, and somebody else takes it."""
    await floor.agent("ada", ADA)
    entry = await calling_back(floor)
    offer = await floor.offer(entry)
    assert offer is not None
    await floor.hang_up(floor.switch.legs[f"agent-leg-{offer.offer_id}"])
    await floor.pass_by(2)
    back = await floor.read(entry)
    assert (back.state, back.front, back.attempts) == (EntryState.WAITING, True, 1)


async def test_no_wrap_up_is_none(floor: Floor) -> None:
    """Where the queue gives no time the agent is free with the end of the conversation."""
    async with floor.opened.transaction() as connection:
        quick = replace(SUPPORT, wrap_up=seconds(0))
        await floor.books.queues.save(connection, quick, floor.now)
    await floor.agent("ada", ADA)
    entry = await floor.enter("caller")
    offer, leg = await floor.talk(entry)
    await floor.hang_up(leg)
    assert (await floor.read_offer(offer)).state is OfferState.COMPLETED
    assert (await floor.read_agent("ada")).is_free
