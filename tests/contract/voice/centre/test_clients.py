"""Agents: those without an address of their own, presence, and wrapping up."""

from dataclasses import replace

import pytest

from chassis.errors import AlreadyDone, Invalid, NotFound, NotYet
from services.voice.agents.model import Agent, Offer, OfferState, Presence
from services.voice.agents.roster import AgentChange
from services.voice.calls.command import Bridge
from services.voice.calls.facts import Hangup, Role
from services.voice.calls.model import Call
from services.voice.queues.model import EntryState
from tests.support.centre import at, seconds
from tests.support.floor import Floor

HERE = "+12025550159"
DESK = Call(leg_id="desk", control_id="control-desk", answered=at(-60))


async def accept(floor: Floor, offer: Offer, agent_id: str = "ada", leg_id: str = "") -> Offer:
    """Let a client take an offer, on a phone or on a leg."""
    whose = agent_id, offer.offer_id
    async with floor.opened.transaction() as connection:
        if leg_id:
            return await floor.roster.accept_on(connection, *whose, leg_id, floor.now)
        return await floor.roster.accept_at(connection, *whose, HERE, floor.now)


async def decline(floor: Floor, offer: Offer) -> Offer:
    """Let an agent say no."""
    async with floor.opened.transaction() as connection:
        return await floor.roster.decline(connection, "ada", offer.offer_id, floor.now)


async def test_a_client_is_asked_and_then_rung(floor: Floor) -> None:
    """Nothing rings before they say where; then the lease begins anew, once."""
    await floor.agent("ada")
    entry = await floor.enter("caller")
    offer = await floor.offered(entry)
    assert (floor.switch.dials, offer.lease_until) == ([], at(20))
    await floor.pass_by(15)
    taken = await accept(floor, offer)
    assert (taken.state, taken.lease_until) == (OfferState.PENDING, at(15 + 23))
    assert [dial.to for dial in floor.switch.dials] == [HERE]
    with pytest.raises(NotYet, match="OFFER_ENDED"):
        await accept(floor, offer)
    await floor.pass_by(15)
    await floor.answer(offer)
    assert (await floor.read(entry)).state is EntryState.CONNECTED


async def test_a_client_who_does_not_answer(floor: Floor) -> None:
    """They are NOT_ANSWERING, as one whose phone rang."""
    await floor.agent("ada")
    offer = await floor.offered(await floor.enter("caller"))
    await floor.pass_by(20)
    assert (await floor.read_offer(offer)).state is OfferState.NO_ANSWER
    assert (await floor.read_agent("ada")).presence is Presence.NOT_ANSWERING
    for late in (accept, decline):
        with pytest.raises(NotYet, match="OFFER_ENDED"):
            await late(floor, offer)


async def test_a_client_takes_a_call_on_a_leg_he_has(floor: Floor) -> None:
    """The caller is bridged with it; it stays theirs when the caller has left."""
    await floor.agent("ada")
    floor.switch.legs["desk"] = DESK
    entry = await floor.enter("caller")
    offer = await floor.offered(entry)
    assert (await accept(floor, offer, leg_id="desk")).state is OfferState.ACCEPTED
    assert floor.switch.bridged(offer.offer_id) == Bridge(control_id="control-desk")
    await floor.leg(replace(DESK, bridged=at(0), last_bridged=at(0)))
    assert (await floor.read_offer(offer)).state is OfferState.CONNECTED
    await floor.pass_by(60)
    await floor.leave(entry)
    assert (await floor.read_offer(offer)).state is OfferState.WRAPPING
    assert {leg_id for leg_id, _ in floor.switch.given} == {"caller"}


async def test_a_leg_that_ended_in_the_moment_of_accepting(floor: Floor) -> None:
    """Its end was told before anybody knew that it matters; a look some time later finds it."""
    await floor.agent("ada")
    floor.switch.legs["desk"] = DESK
    entry = await floor.enter("caller")
    offer = await floor.offered(entry)
    await accept(floor, offer, leg_id="desk")
    floor.switch.legs["desk"] = replace(DESK, hung_up=Hangup(at(0), "normal_clearing"))
    await floor.pass_by(10)
    assert (await floor.read_offer(offer)).state is OfferState.WRAPPING
    assert (await floor.read(entry)).state is EntryState.WAITING


@pytest.mark.parametrize(
    "leg",
    [
        None,
        replace(DESK, answered=None),
        replace(DESK, hung_up=Hangup(at(0), "")),
        replace(DESK, leg_id="caller"),
        replace(DESK, role=Role.CALLER),
    ],
    ids=["unknown", "ringing", "over", "of a caller who waits", "of a caller"],
)
async def test_legs_that_cannot_take_a_call(floor: Floor, leg: Call | None) -> None:
    """The offer stays open, and can still be taken."""
    await floor.agent("ada")
    offer = await floor.offered(await floor.enter("caller"))
    if leg is not None:
        floor.switch.legs[leg.leg_id] = leg
    with pytest.raises(NotYet, match="LEG_UNUSABLE"):
        await accept(floor, offer, leg_id=leg.leg_id if leg else "desk")
    assert (await accept(floor, offer)).address == HERE


async def test_an_offer_is_for_its_agent_only(floor: Floor) -> None:
    """Nobody takes what is offered to another, nor what was never offered."""
    await floor.agent("ada")
    offer = await floor.offered(await floor.enter("caller"))
    with pytest.raises(NotFound, match="OFFER_NOT_FOUND"):
        await accept(floor, offer, agent_id="bob")
    with pytest.raises(NotFound, match="OFFER_NOT_FOUND"):
        await accept(floor, replace(offer, offer_id="none"))


async def test_saying_no(floor: Floor) -> None:
    """The agent stays, goes to the end of the line, and is not asked for this one again."""
    await floor.agent("ada")
    entry = await floor.enter("caller")
    await floor.pass_by(5)
    declined = await decline(floor, await floor.offered(entry))
    assert (declined.state, declined.reason) == (OfferState.DECLINED, "declined")
    ada = await floor.read_agent("ada")
    assert (ada.presence, ada.idle_since) == (Presence.AVAILABLE, at(5))
    assert await floor.look() == 0
    other = await floor.enter("other")
    assert await floor.look() == 1
    assert (await floor.read(other)).agent_id == "ada"


@pytest.mark.parametrize("presence", [Presence.AWAY, Presence.OFFLINE])
async def test_leaving_while_the_phone_rings(floor: Floor, presence: Presence) -> None:
    """It is a no; the caller goes to the head, and the agent stays away."""
    await floor.agent("ada", "+12025550151")
    entry = await floor.enter("caller")
    offer = await floor.offered(entry)
    await floor.be("ada", presence)
    assert (await floor.read_offer(offer)).state is OfferState.DECLINED
    assert floor.switch.withdrawn == [offer.offer_id]
    assert (await floor.read(entry)).front
    ada = await floor.read_agent("ada")
    assert (ada.presence, ada.load) == (presence, 0)


async def test_leaving_during_a_conversation(floor: Floor) -> None:
    """It goes on; after it nothing more is offered."""
    await floor.agent("ada", "+12025550151")
    entry = await floor.enter("caller")
    offer, leg = await floor.talk(entry)
    await floor.be("ada", Presence.AWAY)
    assert (await floor.read_offer(offer)).state is OfferState.CONNECTED
    await floor.hang_up(leg)
    await floor.pass_by(30)
    await floor.enter("next")
    assert await floor.look() == 0
    assert (await floor.read_agent("ada")).load == 0


async def test_wrapping_up_longer_and_shorter(floor: Floor) -> None:
    """Longer once, by the queue's time or another; done means free at once."""
    await floor.agent("ada", "+12025550151")
    offer, leg = await floor.talk(await floor.enter("caller"))
    await floor.hang_up(leg)
    async with floor.opened.transaction() as connection:
        longer = await floor.roster.extend(connection, "ada", None, floor.now)
        with pytest.raises(NotYet, match="WRAP_UP_EXTENDED"):
            await floor.roster.extend(connection, "ada", seconds(1), floor.now)
    assert longer.wrap_up_until == at(120)
    await floor.pass_by(45)
    assert (await floor.read_offer(offer)).state is OfferState.WRAPPING
    async with floor.opened.transaction() as connection:
        done = await floor.roster.complete(connection, "ada", floor.now)
    assert (done.state, done.wrap_up_end_time) == (OfferState.COMPLETED, at(105))
    assert (await floor.read_agent("ada")).is_free
    async with floor.opened.transaction() as connection:
        with pytest.raises(NotYet, match="NOT_WRAPPING_UP"):
            await floor.roster.complete(connection, "ada", floor.now)
        with pytest.raises(NotFound, match="AGENT_NOT_FOUND"):
            await floor.roster.complete(connection, "bob", floor.now)


async def test_keeping_agents(floor: Floor) -> None:
    """One of a name, of queues that are there; what is not said stays."""
    ada = await floor.agent("ada", "+12025550151", skills={"german": 2})
    async with floor.opened.transaction() as connection:
        with pytest.raises(AlreadyDone, match="AGENT_EXISTS"):
            await floor.roster.create(connection, Agent(agent_id="ada"), floor.now)
        with pytest.raises(NotFound, match="AGENT_NOT_FOUND"):
            await floor.roster.update(connection, "bob", AgentChange(), floor.now)
        elsewhere = AgentChange(queue_ids=["support", "nowhere"])
        with pytest.raises(Invalid) as refused:
            await floor.roster.update(connection, "ada", elsewhere, floor.now)
        assert [fault.field for fault in refused.value.fields] == ["queues.queue_ids[1]"]
        same = await floor.roster.update(connection, "ada", AgentChange(), floor.now)
        assert same == ada
        change = AgentChange(address="", skills={}, queue_ids=[], capacity=2)
        changed = await floor.roster.update(connection, "ada", change, floor.now)
    assert (changed.address, changed.skills, changed.capacity) == ("", {}, 2)
    assert (changed.queue_ids, changed.presence) == (frozenset(), Presence.AVAILABLE)
