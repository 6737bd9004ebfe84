"""The contact centre's side of REST v2, driven by the official SDK, and the people out there."""

from typing import Any
from urllib.parse import quote

import telnyx

from simulator import world
from tests.integration.simulator.conftest import Carrier, Sink
from tests.support.eventually import eventually

ADA = world.ADA.number
AGENT = world.GRACE.number
DIAL: dict[str, Any] = {
    "connection_id": world.VOICE_CONNECTION_ID,
    "from_": world.VOICE_NUMBER,
    "to": AGENT,
}


async def _caller(carrier: Carrier, **more: Any) -> str:
    """Return a caller who has been answered."""
    call = str((await carrier.sim("call", {"from": ADA} | more))["call_control_id"])
    await carrier.sdk.calls.actions.answer(call)
    return call


async def _agent(carrier: Carrier, sink: Sink, caller: str) -> str:
    """Return an agent's leg that has been picked up."""
    dialed = await carrier.sdk.calls.dial(**DIAL, link_to=caller)
    leg = str(dialed.data.call_control_id)
    await eventually(
        lambda: [e for e in sink.events("call.answered") if _of(e.data) == leg],
    )
    return leg


def _of(data: dict[str, Any]) -> str:
    return str(data["payload"]["call_control_id"])


async def _story(carrier: Carrier, call: str) -> dict[str, Any]:
    calls = (await carrier.sim("calls"))["calls"]
    return next(each for each in calls if each["call_control_id"] == call)


async def test_an_agent_leaves_and_the_caller_stays(carrier: Carrier, sink: Sink) -> None:
    """A caller bridged with park_after_unbridge outlives the agent, who talks as long as told."""
    await carrier.sim(f"phones/{quote(AGENT)}", {"talk": 20, "answer_after": 2})
    caller = await _caller(carrier)
    actions = carrier.sdk.calls.actions
    await actions.start_playback(caller, audio_url="https://media.example.com/hold.mp3", loop=99)
    agent = await _agent(carrier, sink, caller)
    await actions.stop_playback(caller)
    await actions.bridge(caller, call_control_id_to_bridge_with=agent, park_after_unbridge="self")
    ended = await sink.event("call.hangup")
    assert _of(ended.data) == agent
    assert ended.data["payload"]["hangup_source"] == "callee"
    await actions.speak(caller, payload="One moment.", voice="female")
    story = await _story(carrier, caller)
    assert [talk["with"] for talk in story["talks"]] == [agent]
    assert story["state"] == "answered"
    assert len(await carrier.effects("call.parted")) == 1


async def test_an_agent_takes_the_first_of_a_queue(carrier: Carrier, sink: Sink) -> None:
    """An agent's leg that bridges a queue by its name alone gets who waits longest."""
    caller = await _caller(carrier)
    await carrier.sdk.calls.actions.enqueue(caller, queue_name="texml-1")
    agent = await _agent(carrier, sink, caller)
    await carrier.sdk.calls.actions.bridge(
        agent, call_control_id_to_bridge_with=telnyx.omit, extra_body={"queue": "texml-1"}
    )
    assert (await sink.event("call.dequeued")).data["payload"]["reason"] == "bridged"
    assert (await _story(carrier, caller))["talks"][0]["with"] == agent


async def test_a_transfer(carrier: Carrier, sink: Sink) -> None:
    """A transfer brings the events of its new leg, and both are bridged."""
    caller = await _caller(carrier)
    await carrier.sdk.calls.actions.transfer(
        caller, to=AGENT, target_leg_client_state="YWJj", timeout_secs=20
    )
    bridged = await eventually(lambda: sink.events("call.bridged"))
    assert bridged
    outgoing = [
        each.data["payload"]
        for each in sink.events("call.initiated")
        if each.data["payload"]["direction"] == "outgoing"
    ]
    assert [(leg["to"], leg["client_state"]) for leg in outgoing] == [(AGENT, "YWJj")]


async def test_digits_and_words(carrier: Carrier, sink: Sink) -> None:
    """A scripted caller keys in and says what the question asks for."""
    caller = await _caller(carrier, press={"menu": "2"}, say={"reason": "my bill"})
    actions = carrier.sdk.calls.actions
    await actions.gather_using_speak(caller, payload="The menu.", voice="x", maximum_digits=1)
    assert (await sink.event("call.gather.ended")).data["payload"]["digits"] == "2"
    await actions.gather(caller, maximum_digits=1)
    await actions.stop_gather(caller)
    await eventually(lambda: len(sink.events("call.gather.ended")) == 2)
    await actions.start_transcription(caller)
    await actions.speak(caller, payload="For what reason?", voice="x")
    heard = (await sink.event("call.transcription")).data["payload"]["transcription_data"]
    assert heard["transcript"] == "my bill"
    await actions.stop_transcription(caller)
    await actions.send_dtmf(caller, digits="1w2")


async def test_a_message_is_recorded(carrier: Carrier, sink: Sink) -> None:
    """A message is announced without a call_control_id; its file and a fresh link can be had."""
    caller = await _caller(carrier, message=5)
    await carrier.sdk.calls.actions.start_recording(
        caller, channels="single", format="mp3", max_length=120, play_beep=True
    )
    saved = (await sink.event("call.recording.saved")).data["payload"]
    assert "call_control_id" not in saved
    async with carrier.session.get(saved["recording_urls"]["mp3"]) as reply:
        assert (reply.status, reply.content_type) == (200, "audio/mpeg")
    page = await carrier.sdk.recordings.list(filter={"call_leg_id": saved["call_leg_id"]})
    assert page.data is not None
    (recording,) = page.data
    assert recording.id is not None
    fresh = (await carrier.sdk.recordings.retrieve(recording.id)).data
    assert fresh is not None
    assert fresh.download_urls is not None
    async with carrier.session.get(str(fresh.download_urls.mp3)) as reply:
        assert reply.status == 200
    assert (await _story(carrier, caller))["cause"] == "normal_clearing"


async def test_a_caller_shows_what_the_network_knows(carrier: Carrier, sink: Sink) -> None:
    """Attestation, screening and diversion are shown; the caller may be anonymous."""
    known = {"attestation": "A", "screening": "spam_likely", "diversion": "+12025550111"}
    await carrier.sim("call", {"from": "anonymous"} | known)
    payload = (await sink.event("call.initiated")).data["payload"]
    assert payload["from"] == "anonymous"
    assert (payload["shaken_stir_attestation"], payload["shaken_stir_validated"]) == ("A", True)
    assert payload["call_screening_result"] == "spam_likely"
    assert payload["sip_headers"][0]["name"] == "Diversion"
