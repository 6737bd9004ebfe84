"""The same walk told as documents: every document is what the carrier allows."""

from dataclasses import replace
from datetime import timedelta
from xml.etree import ElementTree

import pytest

from carrier.texml_verbs import VERBS
from services.voice.agents.model import OfferState
from services.voice.calls.facts import Lookup, LookupOutcome, Role, Steering
from services.voice.calls.model import State
from services.voice.journeys.voicemails import VoicemailFilter, VoicemailState
from services.voice.queues.model import CallbackOffer, EntryState, Kind, Outcome, Queue
from tests.contract.voice.journeys.test_travels import line
from tests.support.travellers import MUSIC, World

HERE = "https://hooks.example.com/texml/main"
LINE = "+12025550120"


def verbs(document: str) -> list[ElementTree.Element]:
    """Return the verbs of a document, each of them one the carrier knows."""
    root = ElementTree.fromstring(document)  # noqa: S314 - our own document
    for element in root.iter():
        assert set(element.attrib) <= set(VERBS[element.tag].attributes), element.tag
    return list(root)


def tags(document: str) -> list[str]:
    """Return the names of a document's verbs."""
    return [verb.tag for verb in verbs(document)]


async def test_a_caller_is_greeted_and_waits_where_the_leg_can_ask(world: World) -> None:
    """One document greets and queues; the call is known with its queue and its lookup."""
    world.directory.answers = [Lookup(LookupOutcome.FOUND, True, 1, "Ada", "en")]
    say, enqueue = verbs(await world.ask())
    assert say.text == "Please hold."
    assert enqueue.get("waitUrl") == f"{HERE}/2.wait"
    assert enqueue.get("action") == f"{HERE}/2.queue.0"
    call, entry = await world.call("sid-1"), await world.entry("sid-1")
    assert (call.steering, call.state, call.queue_name) == (
        Steering.TEXML,
        State.QUEUED,
        "support",
    )
    assert entry.is_vip
    assert await world.keys("sid-1") == []


async def test_a_request_that_is_repeated_is_answered_the_same(world: World) -> None:
    """The same request gets the same document, and nothing happens twice."""
    first = await world.ask()
    assert await world.ask() == first
    assert await world.ask() == first
    async with world.database.reading() as connection:
        assert await world.centre.books.entries.count_of_leg(connection, "sid-1") == 1


async def test_a_number_that_is_not_ours_is_refused(world: World) -> None:
    """It is recorded, and nobody is asked who calls."""
    assert tags(await world.ask(To="+12025550199")) == ["Reject"]
    assert world.directory.asked == []
    assert (await world.call("sid-1")).state is State.ANSWERED


async def test_reports_are_recorded_and_answered_with_nothing(world: World) -> None:
    """The end of a call gives up its place; what comes later changes nothing."""
    await world.ask()
    over = {"CallbackSource": "call-progress-events", "CallStatus": "completed"}
    assert tags(await world.ask(**over)) == []
    assert (await world.entry("sid-1")).outcome is Outcome.SHORT_ABANDONED
    assert tags(await world.ask(CallStatus="in-progress")) == []


async def test_what_is_heard_in_the_queue_depends_on_the_time(world: World) -> None:
    """Music, then a word with music after it, then music."""
    await world.ask()
    (play,) = verbs(await world.ask("2.wait"))
    assert play.text == MUSIC
    await world.wait(20)
    assert tags(await world.ask("2.wait")) == ["Say", "Play"]
    assert tags(await world.ask("2.wait")) == ["Play"]


async def test_without_music_the_leg_asks_again_soon(world: World) -> None:
    """Silence is short: the leg asks again within seconds."""
    world.walks.travels.guide.__dict__["music_url"] = ""
    await world.ask()
    (pause,) = verbs(await world.ask("2.wait"))
    assert pause.tag == "Pause"
    assert int(pause.get("length", "99")) <= 5


async def test_an_agent_takes_the_caller_out_of_the_carriers_queue(world: World) -> None:
    """The agent's leg takes the caller; after the talk the caller hears goodbye."""
    await world.agent()
    *_, enqueue = verbs(await world.ask())
    offer = await world.pick_up(Role.AGENT, "leg-a")
    assert (await world.body(f"offer/{offer}/bridge", "leg-a"))["queue"] == enqueue.text
    await world.bridge("leg-a")
    assert tags(await world.ask("2.wait")) == ["Pause"]
    await world.wait(10)
    again = verbs(await world.ask("2.queue.0", QueueResult="bridged"))
    assert [verb.tag for verb in again] == ["Pause", "Redirect"]
    await world.hang_up("leg-a")
    assert (await world.entry("sid-1")).outcome is Outcome.HANDLED
    assert tags(await world.ask("2.queue.0.after")) == ["Say", "Hangup"]


async def test_a_conversation_whose_agent_is_not_heard_of_is_over(world: World) -> None:
    """When the carrier says so a second time the caller has been handled."""
    await world.agent()
    await world.ask()
    offer = await world.pick_up(Role.AGENT, "leg-a")
    await world.bridge("leg-a")
    await world.wait(10)
    await world.ask("2.queue.0")
    assert tags(await world.ask("2.queue.0.after")) == ["Say", "Hangup"]
    assert (await world.entry("sid-1")).outcome is Outcome.HANDLED
    async with world.database.reading() as connection:
        found = await world.centre.centre.offer(connection, offer)
    assert found is not None
    assert found.state in (OfferState.WRAPPING, OfferState.COMPLETED)


async def test_whom_the_carrier_lets_out_too_soon_is_put_back(world: World) -> None:
    """A caller whose place stands waits on, under another key."""
    await world.ask()
    (enqueue,) = verbs(await world.ask("2.queue.0", QueueResult="timeout"))
    assert enqueue.get("action") == f"{HERE}/2.queue.1"
    assert (await world.entry("sid-1")).state is EntryState.WAITING


async def test_the_longest_wait_leads_out_of_the_queue(world: World) -> None:
    """The leg leaves the carrier's queue and is led to the voicemail, whose recording is filed."""
    await world.queue(Queue(queue_id="support", max_wait=timedelta(seconds=10)))
    await world.ask()
    await world.wait(11)
    assert tags(await world.ask("2.wait")) == ["Leave"]
    document = await world.ask("2.queue.0", QueueResult="leave")
    assert tags(document) == ["Say", "Record", "Redirect"]
    recorded = {"RecordingSid": "rec-1", "RecordingDuration": "4"}
    assert tags(await world.ask("3.record", **recorded)) == ["Say", "Hangup"]
    async with world.database.reading() as connection:
        voicemails = world.walks.travels.guide.deeds.voicemails
        (kept,) = await voicemails.page(connection, VoicemailFilter(), None, 9)
    assert (kept.state, kept.recording_id) == (VoicemailState.OPEN, "rec-1")


async def test_a_message_of_a_caller_who_hung_up_is_filed(world: World) -> None:
    """The recording is told after the end of the call."""
    await world.queue(Queue(queue_id="support", max_wait=timedelta(seconds=1)))
    await world.ask()
    await world.wait(2)
    await world.ask("2.wait")
    await world.ask("2.queue.0")
    await world.ask(CallStatus="completed", CallbackSource="call-progress-events")
    told = {"RecordingSid": "rec-1", "RecordingStatus": "completed", "RecordingDuration": "4"}
    assert tags(await world.ask("3.record", **told)) == []
    async with world.database.reading() as connection:
        voicemails = world.walks.travels.guide.deeds.voicemails
        (kept,) = await voicemails.page(connection, VoicemailFilter(), None, 9)
    assert kept.recording_id == "rec-1"


async def test_a_menu_is_asked_and_answered(world: World) -> None:
    """Keys lead on, silence is asked again, keys of another question lead nowhere."""
    await line(world, LINE)
    document = await world.ask(To=LINE)
    assert tags(document) == ["Say", "Gather", "Redirect"]
    gather = verbs(document)[1]
    assert (gather.get("hints"), gather.get("validDigits")) == ("support,message", "012349")
    again = verbs(await world.ask("2.menu.1", To=LINE))
    assert again[0].get("action") == f"{HERE}/2.menu.2"
    assert await world.ask("9.menu.1", To=LINE, Digits="9") == await world.ask(
        "9.menu.1", To=LINE, Digits="9"
    )
    spoken = await world.ask("2.menu.2", To=LINE, SpeechResult="Message")
    assert tags(spoken) == ["Say", "Record", "Redirect"]


async def test_a_transfer_is_dialled_and_comes_back(world: World) -> None:
    """Nobody there leads on; a talk ends with goodbye."""
    await line(world, LINE)
    for sid, status, expected in (
        ("sid-1", "no-answer", ["Enqueue"]),
        ("sid-2", "completed", ["Say", "Hangup"]),
    ):
        await world.ask(To=LINE, CallSid=sid)
        document = await world.ask("2.menu.1", To=LINE, CallSid=sid, Digits="3")
        assert tags(document) == ["Say", "Dial"]
        back = await world.ask("3.transfer", To=LINE, CallSid=sid, DialCallStatus=status)
        assert tags(back) == expected


async def test_a_call_back_is_offered_while_waiting(world: World) -> None:
    """Who presses 1 leaves the queue, hears thanks, and keeps the place."""
    offer = CallbackOffer(wait=timedelta(seconds=10))
    await world.queue(Queue(queue_id="support", callback_offer=offer))
    await world.ask()
    await world.wait(11)
    (gather,) = verbs(await world.ask("2.wait"))
    step = gather.get("action", "").removeprefix(f"{HERE}/")
    assert tags(await world.ask(step, Digits="1")) == ["Leave"]
    assert tags(await world.ask("2.queue.0")) == ["Say", "Hangup"]
    await world.ask(CallStatus="completed", CallbackSource="call-progress-events")
    entry = await world.entry("sid-1")
    assert (entry.kind, entry.state) == (Kind.CALLBACK, EntryState.WAITING)


async def test_a_gather_of_another_step_does_not_move_the_caller(world: World) -> None:
    """Somebody who forges a path behind a signed request gains nothing."""
    await world.ask()
    for step in ("7.wait", "9.menu.1", "2.queue.7", "nonsense", "2.wait.99"):
        verbs(await world.ask(step, Digits="1"))
    entry = await world.entry("sid-1")
    assert (entry.kind, entry.state) == (Kind.CALL, EntryState.WAITING)


@pytest.mark.parametrize("number", ["anonymous", "sip:ada@example.com", "<&>", ""])
async def test_whoever_calls_hears_something(world: World, number: str) -> None:
    """Anonymous, SIP and malformed callers hear the same document."""
    assert tags(await world.ask(From=number)) == ["Say", "Enqueue"]
    assert replace(await world.entry("sid-1")).caller_number == ""
