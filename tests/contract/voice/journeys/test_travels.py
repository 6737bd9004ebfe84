"""What becomes of a caller, from the first event to the last, on both databases."""

import itertools
import random
from dataclasses import replace
from datetime import timedelta

import pytest

from services.voice.calls.facts import Caller, CallerKind, Direction, Lookup, LookupOutcome, Role
from services.voice.calls.model import State
from services.voice.journeys.model import Phase
from services.voice.journeys.voicemails import VoicemailFilter, VoicemailState
from services.voice.queues.model import EntryState, Outcome, Queue
from services.voice.routing.decisions import DecisionFilter, DecisionKind
from services.voice.routing.plan import EnqueueStep, Plan
from tests.support import sightings as seen
from tests.support.travellers import MUSIC, World, of
from tests.unit.voice.journeys.plans import CLOSED, plan

VIP = Lookup(LookupOutcome.FOUND, True, 1, "Ada Lovelace", "en-US")
FAILED = Lookup(LookupOutcome.UNAVAILABLE)


async def line(world: World, number: str) -> None:
    """Keep a plan of every kind of step, for a number."""
    await world.queue(Queue(queue_id="backup"))
    await world.plan(replace(plan(), plan_id="line", numbers=(number,)))


async def talking(world: World) -> str:
    """Bring a caller and an agent together; return the offer."""
    await world.agent()
    await world.arrive()
    offer = await world.pick_up(Role.AGENT, "leg-a")
    await world.bridge("leg-1", "leg-a")
    return offer


async def test_a_call_is_answered_greeted_and_waits(world: World) -> None:
    """Each event brings the next command; then the caller waits with music."""
    world.directory.answers = [VIP]
    await world.hear(seen.INITIATED)
    assert await world.keys() == ["answer"]
    await world.hear(seen.ANSWERED)
    assert await world.keys() == ["answer", "1.say"]
    await world.finish("1.say")
    assert await world.keys() == ["answer", "1.say", "2.wait.0"]
    assert (await world.body("2.wait.0"))["audio_url"] == MUSIC
    call, entry = await world.call(), await world.entry()
    assert (call.state, call.queue_name, call.lookup) == (State.QUEUED, "support", VIP)
    assert (entry.is_vip, entry.caller_number, entry.state) == (
        True,
        seen.ADA,
        EntryState.WAITING,
    )
    assert world.directory.asked == [seen.ADA]


async def test_a_conversation_from_the_queue_to_goodbye(world: World) -> None:
    """An agent is rung and connected; when they hang up the caller hears goodbye and is let go."""
    await talking(world)
    journey = await world.journey()
    assert journey is not None
    assert journey.phase is Phase.TALKING
    assert (await world.call()).state is State.BRIDGED
    await world.wait(30)
    await world.hang_up("leg-a")
    assert (await world.entry()).outcome is Outcome.HANDLED
    assert (await world.keys())[-1] == "2.goodbye"
    await world.finish("2.goodbye")
    assert (await world.keys())[-1] == "2.hang_up.1"


async def test_a_lost_agent_leads_back_into_the_queue(world: World) -> None:
    """A conversation that breaks off leads back to the head of the queue, with a word."""
    await talking(world)
    await world.wait(30)
    await world.hang_up("leg-a", cause="timeout")
    entry = await world.entry()
    assert (entry.state, entry.front) == (EntryState.WAITING, True)
    last = (await world.keys())[-1]
    assert "interrupted" in (await world.body(last))["payload"]
    assert (await world.call()).state is State.QUEUED


async def test_a_caller_who_gives_up_has_abandoned(world: World) -> None:
    """Hanging up in the queue closes the entry, and nothing more is commanded."""
    await world.arrive()
    await world.wait(12)
    await world.hang_up()
    assert (await world.entry()).outcome is Outcome.ABANDONED
    assert await world.keys() == ["answer", "1.say", "2.wait.0"]
    assert (await world.call()).queue_name == "support"


async def test_the_longest_wait_ends_in_a_voicemail(world: World) -> None:
    """The default plan records a message, which becomes a task with its recording."""
    await world.queue(Queue(queue_id="support", max_wait=timedelta(seconds=10)))
    await world.arrive()
    await world.wait(11)
    assert (await world.entry()).outcome is Outcome.VOICEMAIL
    await world.finish("3.greeting")
    assert (await world.keys())[-1] == "3.record"
    await world.hang_up()
    await world.finish("3.record", recording_id="rec-1", duration=timedelta(seconds=7))
    async with world.database.reading() as connection:
        voicemails = world.walks.travels.guide.deeds.voicemails
        (kept,) = await voicemails.page(connection, VoicemailFilter(), None, 9)
    assert (kept.state, kept.recording_id, kept.length) == (
        VoicemailState.OPEN,
        "rec-1",
        timedelta(seconds=7),
    )
    assert (kept.queue_id, kept.caller_number, kept.leg_id) == ("support", seen.ADA, "leg-1")


async def test_every_decision_is_kept_with_its_inputs(world: World) -> None:
    """The plan and the queue are decisions, with what was known and who was late."""
    world.directory.answers = [VIP]
    await world.arrive()
    async with world.database.reading() as connection:
        wanted = DecisionFilter(leg_id="leg-1")
        found = await world.routes.decisions.page(connection, wanted, None, 9)
    assert {each.kind for each in found} == {DecisionKind.PLAN, DecisionKind.ENQUEUE}
    assert all(each.inputs.flag("vip") for each in found)
    assert (await world.entry()).decision_id in {each.decision_id for each in found}


async def test_a_lookup_that_failed_is_made_again_until_the_queue(world: World) -> None:
    """The last word on a caller comes before the queue, and decides there."""
    world.directory.answers = [FAILED, VIP]
    await world.hear(seen.INITIATED)
    assert (await world.call()).lookup == FAILED
    await world.hear(seen.ANSWERED)
    await world.finish("1.say")
    assert (await world.call()).lookup == VIP
    assert (await world.entry()).is_vip
    assert len(world.directory.asked) == 2


@pytest.mark.parametrize(
    "caller",
    [
        Caller(CallerKind.WITHHELD, "", "anonymous"),
        Caller(CallerKind.SIP, "", "sip:ada@example.com"),
        Caller(CallerKind.MALFORMED, "", "asterisk"),
        Caller(),
    ],
)
async def test_a_weak_caller_id_is_never_looked_up(world: World, caller: Caller) -> None:
    """Nobody is asked about a caller without a number, and the call goes its way."""
    await world.arrive(caller=caller)
    assert await world.keys() == ["answer", "1.say", "2.wait.0"]
    assert world.directory.asked == []
    assert (await world.entry()).caller_number == ""


async def test_calls_that_are_not_ours_are_left_alone(world: World) -> None:
    """Our outgoing legs and calls to unknown numbers get no command and no journey."""
    outgoing = replace(seen.INITIATED, leg_id="out", direction=Direction.OUTBOUND)
    elsewhere = replace(seen.INITIATED, leg_id="else", called_number="+12025550199")
    await world.hear(outgoing, elsewhere)
    for leg_id in ("out", "else"):
        assert await world.keys(leg_id) == []
        assert await world.journey(leg_id) is None
    assert world.directory.asked == []


async def test_a_number_of_a_plan_is_ours(world: World) -> None:
    """A plan's callers walk it, though its number is in no setting."""
    elsewhere = "+12025550120"
    await line(world, elsewhere)
    await world.hear(replace(seen.INITIATED, called_number=elsewhere))
    await world.hear(replace(seen.ANSWERED, called_number=elsewhere))
    assert (await world.body("1.say"))["payload"] == "Welcome."
    assert (await world.journey()).plan_id == "line"  # type: ignore[union-attr]


async def test_a_plan_deleted_under_a_call_goes_on(world: World) -> None:
    """A call keeps the revision it began with."""
    await line(world, "+12025550120")
    await world.hear(replace(seen.INITIATED, called_number="+12025550120"))
    async with world.database.transaction() as connection:
        await world.routes.plans.delete(connection, "line")
    await world.tell(answered=world.clock.now())
    assert (await world.keys())[-1] == "1.say"


async def test_a_refused_greeting_is_passed_over(world: World) -> None:
    """The caller waits without having heard anything."""
    await world.hear(seen.INITIATED, seen.ANSWERED)
    await world.refuse("1.say")
    assert (await world.keys())[-1] == "2.wait.0"


async def test_any_order_of_events_commands_each_step_once(world: World) -> None:
    """Shuffled events, each twice, end over with no command given twice and none after the end."""
    events = [seen.INITIATED, seen.ANSWERED, seen.SPEECH_ENDED, seen.HUNG_UP]
    orders = list(itertools.permutations(events))
    for number, order in enumerate(random.Random(5).sample(orders, 5)):
        for event in order:
            sighting = of(event, f"leg-{number}")
            await world.hear(sighting, sighting)
        await world.wait(2)
        keys = await world.keys(f"leg-{number}")
        assert sorted(keys) == sorted({*keys} & {"answer", "1.say"})
        journey = await world.journey(f"leg-{number}")
        assert journey is None or journey.phase is Phase.OVER


async def test_who_is_sent_to_another_queue_keeps_the_wait(world: World) -> None:
    """Overflow leaves the first queue as overflowed and begins the second with the old time."""
    first = EnqueueStep(
        step_id="first",
        queue_id="support",
        full_step_id="closed",
        closed_step_id="closed",
        max_wait_step_id="second",
        max_wait=timedelta(seconds=10),
    )
    second = replace(first, step_id="second", queue_id="backup", max_wait_step_id="closed")
    await world.queue(Queue(queue_id="backup"))
    number = "+12025550121"
    steps = (first, second, CLOSED)
    overflow = Plan(plan_id="two", entry_step_id="first", listed=steps, numbers=(number,))
    await world.plan(overflow)
    for event in (seen.INITIATED, seen.ANSWERED):
        await world.hear(replace(event, called_number=number))
    before = await world.entry()
    await world.wait(11)
    after = await world.entry()
    assert (after.queue_id, after.enqueue_time) == ("backup", before.enqueue_time)
    async with world.database.reading() as connection:
        left = await world.centre.centre.entry(connection, before.entry_id)
    assert left.outcome is Outcome.OVERFLOWED
