"""Calling back, from the queue's offer to the end of the conversation, on both databases."""

from datetime import timedelta

import pytest

from services.voice.calls.facts import ResultStatus, Role
from services.voice.queues.model import CallbackOffer, EntryState, Kind, Outcome, Queue
from tests.support import sightings as seen
from tests.support.travellers import World

OFFER = CallbackOffer(wait=timedelta(seconds=10), attempts=2, spacing=timedelta(seconds=60))


async def asked(world: World) -> str:
    """Let a caller take the call back and hang up; return the subject of the first attempt."""
    await world.queue(
        Queue(queue_id="support", callback_offer=OFFER, max_wait=timedelta(minutes=20))
    )
    await world.arrive()
    await world.wait(11)
    await world.finish((await world.keys())[-1], digits="1")
    await world.hang_up()
    entry = await world.entry()
    assert (entry.kind, entry.state) == (Kind.CALLBACK, EntryState.WAITING)
    return entry.entry_id


async def agent_first(world: World) -> str:
    """Let an agent take the call back; return the subject of the customer's dial."""
    entry_id = await asked(world)
    await world.agent()
    offer = await world.pick_up(Role.AGENT, "leg-a")
    await world.rest()
    subject, body = (await world.dialled(Role.CUSTOMER))[-1]
    assert subject == f"{entry_id}/{offer}"
    assert (body["to"], body["from"]) == (seen.ADA, seen.OURS)
    return subject


async def test_agent_first_then_the_customer_who_presses_one(world: World) -> None:
    """Both are connected, and after the talk the entry is handled and the customer let go."""
    await agent_first(world)
    assert await world.keys("leg-a") == [f"callback/{(await world.entry()).offer_id}/word"]
    await world.pick_up(Role.CUSTOMER, "leg-c")
    assert await world.keys("leg-c") == ["ask.1"]
    await world.finish("ask.1", "leg-c", digits="1")
    assert (await world.body("bridge", "leg-c"))["call_control_id"] == "v3:leg-a"
    await world.bridge("leg-c", "leg-a")
    await world.wait(20)
    await world.hang_up("leg-a")
    assert (await world.entry()).outcome is Outcome.HANDLED
    assert (await world.keys("leg-c"))[-1] == "goodbye"
    await world.finish("goodbye", "leg-c")
    assert (await world.keys("leg-c"))[-1] == "hang_up"


async def test_a_customer_who_hangs_up_first_was_handled(world: World) -> None:
    """The end of the talk by the customer ends the entry."""
    await agent_first(world)
    await world.pick_up(Role.CUSTOMER, "leg-c")
    await world.finish("ask.1", "leg-c", digits="1")
    await world.bridge("leg-c", "leg-a")
    await world.wait(20)
    await world.hang_up("leg-c")
    assert (await world.entry()).outcome is Outcome.HANDLED


@pytest.mark.parametrize("how", ["busy", "machine"])
async def test_who_is_not_reached_is_called_again_and_then_given_up(world: World, how: str) -> None:
    """Each attempt rings anew; after the last one the entry leaves as unreached."""
    await agent_first(world)
    for attempt in (1, 2):
        await world.pick_up(Role.CUSTOMER, f"leg-c{attempt}")
        if how == "busy":
            await world.hang_up(f"leg-c{attempt}", cause="user_busy")
        else:
            for key in ("ask.1", "ask.2"):
                await world.finish(key, f"leg-c{attempt}", ResultStatus.TIMED_OUT)
        entry = await world.entry()
        assert entry.attempts == attempt
        await world.hang_up("leg-a" if attempt == 1 else "leg-b")
        if attempt == 1:
            await world.wait(180)
            await world.pick_up(Role.AGENT, "leg-b")
    assert (entry.state, entry.outcome) == (EntryState.LEFT, Outcome.UNREACHED)


async def test_an_agent_who_drops_off_does_not_strand_the_customer(world: World) -> None:
    """The customer hears a word and is let go; the entry waits for the next agent."""
    await agent_first(world)
    await world.pick_up(Role.CUSTOMER, "leg-c")
    await world.hang_up("leg-a", cause="timeout")
    await world.wait(3)  # that they were connected might be told late
    assert (await world.keys("leg-c"))[-1] == "goodbye"
    assert (await world.entry()).is_alive
