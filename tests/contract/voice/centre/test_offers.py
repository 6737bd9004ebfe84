"""The life of an offer, from the claim to the end of the wrap-up."""

from dataclasses import replace

import pytest

from services.voice.agents.model import OfferState, Presence
from services.voice.agents.ringing import bridge_key
from services.voice.calls.command import Bridge, Dial, HangUp, StopPlayback
from services.voice.calls.facts import Role, Steering
from services.voice.queues.model import EntryState, Outcome, Talk, carrier_queue
from tests.support.centre import at, seconds
from tests.support.floor import Floor, agent_leg, caller

ADA = "+12025550151"


async def test_a_call_from_ringing_to_wrap_up(floor: Floor) -> None:
    """Dialled, rung, answered, connected, ended, wrapped up: every step shows in its rows."""
    await floor.agent("ada", ADA)
    entry = await floor.enter("caller")
    offer = await floor.offered(entry)
    assert floor.switch.dials == [
        Dial(
            to=ADA,
            from_number="+12025550100",
            connection_id="inbound",
            role=Role.AGENT,
            subject=offer.offer_id,
            timeout=seconds(20),
            link_to="control-caller",
        )
    ]
    assert (await floor.read(entry)).state is EntryState.OFFERED
    await floor.ring(offer)
    assert (await floor.read_offer(offer)).state is OfferState.RINGING
    leg = await floor.answer(offer)
    assert (await floor.read_offer(offer)).state is OfferState.ACCEPTED
    assert (await floor.read(entry)).state is EntryState.CONNECTED
    assert floor.switch.given == {
        ("caller", f"offer/{offer.offer_id}/quiet"): StopPlayback(),
        ("caller", bridge_key(offer.offer_id)): Bridge(control_id=leg.control_id),
    }
    await floor.bridge(offer)
    assert (await floor.read_offer(offer)).connect_time == at(0)
    await floor.pass_by(60)
    await floor.hang_up(leg)
    left = await floor.read(entry)
    assert (left.state, left.outcome) == (EntryState.LEFT, Outcome.HANDLED)
    assert left.talk == Talk("ada", at(0), at(60))
    ada = await floor.read_agent("ada")
    assert (ada.load, ada.wrap_up_until) == (1, at(90))
    await floor.pass_by(30)
    done = await floor.read_offer(offer)
    assert (done.state, done.handle_time) == (OfferState.COMPLETED, seconds(90))
    ada = await floor.read_agent("ada")
    assert (ada.load, ada.wrap_up_until, ada.idle_since) == (0, None, at(90))


async def test_nobody_is_offered_a_call_while_busy_or_wrapping_up(floor: Floor) -> None:
    """One call at a time, and then the wrap-up."""
    await floor.agent("ada", ADA)
    first = await floor.enter("1", enqueue_time=at(-1))
    second = await floor.enter("2")
    offer = await floor.offered(first)
    assert await floor.look() == 0
    leg = await floor.answer(offer)
    await floor.bridge(offer)
    assert await floor.look() == 0
    await floor.pass_by(60)
    await floor.hang_up(leg)
    await floor.pass_by(29)
    assert await floor.look() == 0
    await floor.pass_by(1)
    assert await floor.look() == 1
    assert (await floor.read(second)).state is EntryState.OFFERED


async def test_a_missed_ring(floor: Floor) -> None:
    """The caller goes to the head with their time, the agent comes back by themselves."""
    await floor.agent("ada", ADA)
    entry = await floor.enter("caller")
    offer = await floor.offered(entry)
    await floor.ring(offer)
    await floor.pass_by(22)
    assert (await floor.read_offer(offer)).state is OfferState.RINGING
    await floor.pass_by(1)
    missed = await floor.read_offer(offer)
    assert (missed.state, missed.reason) == (OfferState.NO_ANSWER, "lease_expired")
    assert (agent_leg(offer).leg_id, f"offer/{offer.offer_id}/end") in floor.switch.given
    back = await floor.read(entry)
    assert (back.state, back.front, back.enqueue_time) == (EntryState.WAITING, True, at(0))
    ada = await floor.read_agent("ada")
    assert (ada.presence, ada.load) == (Presence.NOT_ANSWERING, 0)
    assert await floor.look() == 0
    await floor.be("ada", Presence.AVAILABLE)
    assert await floor.look() == 1


@pytest.mark.parametrize(
    ("cause", "state"),
    [
        ("user_busy", OfferState.NO_ANSWER),
        ("no_answer", OfferState.NO_ANSWER),
        ("timeout", OfferState.NO_ANSWER),
        ("call_rejected", OfferState.NO_ANSWER),
        ("not_found", OfferState.FAILED),
        ("unspecified", OfferState.FAILED),
    ],
)
async def test_a_phone_that_ends_unanswered(floor: Floor, cause: str, state: OfferState) -> None:
    """The offer ends at once; told again or late, nothing more happens."""
    await floor.agent("ada", ADA)
    entry = await floor.enter("caller")
    offer = await floor.offered(entry)
    leg = await floor.hang_up(await floor.ring(offer), cause)
    ended = await floor.read_offer(offer)
    assert (ended.state, ended.reason) == (state, cause)
    assert (await floor.read_agent("ada")).presence is Presence.NOT_ANSWERING
    back = await floor.read(entry)
    assert (back.state, back.failed_offers) == (EntryState.WAITING, 1)
    await floor.leg(replace(leg, answered=at(0)))
    await floor.pass_by(60)
    assert await floor.read(entry) == back
    assert await floor.read_offer(offer) == ended


async def test_a_dial_the_carrier_refuses(floor: Floor) -> None:
    """There is no leg; the agent cannot be reached, and the caller goes to the head."""
    await floor.agent("ada", ADA)
    entry = await floor.enter("caller")
    offer = await floor.offered(entry)
    for _ in range(2):
        async with floor.opened.transaction() as connection:
            await floor.following.dial_failed(
                connection, Role.AGENT, offer.offer_id, "90041", floor.now
            )
    ended = await floor.read_offer(offer)
    assert (ended.state, ended.reason) == (OfferState.FAILED, "90041")
    assert (await floor.read(entry)).failed_offers == 1


async def test_an_answer_after_the_lease(floor: Floor) -> None:
    """Too late: the agent's leg is ended, and the call is somebody else's."""
    await floor.agent("ada", ADA)
    entry = await floor.enter("caller")
    offer = await floor.offered(entry)
    await floor.pass_by(23)
    assert floor.switch.withdrawn == [offer.offer_id]
    await floor.agent("bob", "+12025550152")
    other = await floor.offered(entry)
    late = await floor.answer(offer)
    assert floor.switch.given[late.leg_id, f"offer/{offer.offer_id}/end"] == HangUp()
    assert floor.switch.bridged(offer.offer_id) is None
    assert (await floor.read_offer(other)).state is OfferState.PENDING


async def test_three_failures_exhaust_an_entry(floor: Floor) -> None:
    """It rests for its plan to move it on, and is tried again when nobody does."""
    entry = await floor.enter("caller")
    for name in ("ada", "bob", "cyd", "dan"):
        await floor.agent(name, ADA)
    for _ in range(3):
        offer = await floor.offered(entry)
        await floor.hang_up(await floor.ring(offer), "user_busy")
    tired = await floor.read(entry)
    assert (tired.exhausted, tired.failed_offers, tired.offers) == (True, 3, 3)
    assert await floor.look() == 0
    await floor.pass_by(30)
    assert await floor.look() == 1
    again = await floor.read(entry)
    assert (again.exhausted, again.failed_offers, again.agent_id) == (False, 0, "dan")


async def test_the_caller_hangs_up_while_the_phone_rings(floor: Floor) -> None:
    """The agent is let go and keeps their turn; the caller has abandoned."""
    await floor.agent("ada", ADA)
    entry = await floor.enter("caller")
    offer = await floor.offered(entry)
    ringing = await floor.ring(offer)
    await floor.pass_by(8)
    await floor.hang_up(floor.switch.legs["caller"], "originator_cancel")
    assert (await floor.read(entry)).outcome is Outcome.ABANDONED
    assert (await floor.read_offer(offer)).state is OfferState.RESCINDED
    assert floor.switch.given[ringing.leg_id, f"offer/{offer.offer_id}/end"] == HangUp()
    ada = await floor.read_agent("ada")
    assert (ada.presence, ada.load, ada.idle_since) == (Presence.AVAILABLE, 0, at(0))


async def test_a_caller_on_a_texml_number_is_taken_from_his_own_queue(floor: Floor) -> None:
    """The agent's leg takes the one who waits there."""
    floor.switch.legs["caller"] = caller("caller", steering=Steering.TEXML)
    await floor.agent("ada", ADA)
    entry = await floor.enter("caller")
    offer = await floor.offered(entry)
    assert floor.switch.dials[0].connection_id == "connection"
    leg = await floor.answer(offer)
    assert floor.switch.given == {
        (leg.leg_id, bridge_key(offer.offer_id)): Bridge(queue=carrier_queue("caller"))
    }


async def test_events_of_an_agents_leg_in_any_order_and_twice(floor: Floor) -> None:
    """A bridge that is told before the answer is an answer; the caller is bridged once."""
    await floor.agent("ada", ADA)
    entry = await floor.enter("caller")
    offer = await floor.offered(entry)
    await floor.bridge(offer)
    await floor.answer(offer)
    await floor.ring(offer)
    await floor.bridge(offer)
    assert (await floor.read_offer(offer)).state is OfferState.CONNECTED
    assert (await floor.read(entry)).state is EntryState.CONNECTED
    assert floor.switch.bridged(offer.offer_id) is not None


async def test_capacity_for_two(floor: Floor) -> None:
    """Both calls have a place of their own, and a third waits."""
    await floor.agent("ada", capacity=2)
    entries = [await floor.enter(f"{number}", enqueue_time=at(-number)) for number in (3, 2, 1)]
    assert [await floor.look() for _ in range(3)] == [1, 1, 0]
    slots = [offer.slot for entry in entries[:2] if (offer := await floor.offer(entry))]
    assert slots == [0, 1]
    await floor.leave(entries[0])
    assert await floor.look() == 1
    third = await floor.offer(entries[2])
    assert third is not None
    assert third.slot == 0
