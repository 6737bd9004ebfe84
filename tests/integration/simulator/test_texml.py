"""A caller on the TeXML number, steered by documents."""

from urllib.parse import parse_qs, quote

import telnyx

from carrier.signature import KeyRing, verify
from simulator import world
from tests.integration.simulator.conftest import Carrier, Sink
from tests.support.eventually import eventually

ADA = world.ADA.number


def _xml(verbs: str) -> str:
    return f'<?xml version="1.0"?><Response>{verbs}</Response>'


async def _call(carrier: Carrier, **more: object) -> str:
    return str((await carrier.sim("texml_call", {"from": ADA} | more))["call_sid"])


async def _over(carrier: Carrier) -> None:
    await eventually(lambda: carrier.effects("texml.ended"))


async def test_the_application_is_asked_with_a_signed_form(carrier: Carrier, sink: Sink) -> None:
    """The voice URL gets a form with the call in it, signed over its raw bytes."""
    sink.replies["/texml"] = _xml("<Hangup/>")
    call_sid = await _call(carrier)
    await _over(carrier)
    request = sink.received[0]
    form = parse_qs(request.body.decode())
    assert (form["CallSid"], form["From"]) == ([call_sid], [ADA])
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    stamp = request.headers["telnyx-timestamp"]
    verify(
        KeyRing.parse(carrier.addresses.public_key),
        signature=request.headers["telnyx-signature-ed25519"],
        timestamp=stamp,
        body=request.body,
        now=float(stamp),
    )


async def test_a_greeting_and_a_queue(carrier: Carrier, sink: Sink) -> None:
    """Say and Enqueue are understood; the caller waits until hanging up."""
    sink.replies["/texml"] = _xml(
        '<Say>Welcome &amp; hello.</Say><Enqueue waitUrl="wait">vip</Enqueue>'
    )
    sink.replies["/wait"] = _xml("<Play>/music.mp3</Play>")
    call_sid = await _call(carrier)
    await eventually(lambda: carrier.effects("texml.play"))
    assert (await carrier.effects("texml.say"))[0]["text"] == "Welcome & hello."
    assert (await carrier.effects("texml.enqueue"))[0]["queue"] == "vip"
    assert parse_qs(sink.received[1].body.decode())["QueueSid"] == ["vip"]
    assert not await carrier.effects("texml.ended")
    await carrier.sim(f"call/{quote(call_sid)}/hangup", {})
    await _over(carrier)


async def test_digits_lead_on(carrier: Carrier, sink: Sink) -> None:
    """The digits of a caller go to the gather's action, whose document goes on."""
    sink.replies["/texml"] = _xml('<Gather action="menu"><Say>Press one.</Say></Gather><Hangup/>')
    sink.replies["/menu"] = _xml("<Redirect>/bye</Redirect>")
    sink.replies["/bye"] = _xml("<Reject/>")
    await _call(carrier, press="1#")
    await _over(carrier)
    assert parse_qs(sink.received[1].body.decode())["Digits"] == ["1"]
    assert [request.path for request in sink.received] == ["/texml", "/menu", "/bye"]
    assert len(await carrier.effects("texml.reject")) == 1


async def test_what_is_not_texml_is_noted(carrier: Carrier, sink: Sink) -> None:
    """A reply that is no document ends the call, with the reason in the journal."""
    for reply in ("", "<Other/>", "<!DOCTYPE x><Response/>", "<Response>"):
        sink.replies["/texml"] = reply
        await _call(carrier)
    await eventually(lambda: _count(carrier, "texml.ended", 4))
    assert len(await carrier.effects("texml.failed")) == 4


async def _count(carrier: Carrier, kind: str, wanted: int) -> bool:
    return len(await carrier.effects(kind)) == wanted


async def test_a_circle_of_documents_ends(carrier: Carrier, sink: Sink) -> None:
    """A document that redirects to itself is followed for a while only."""
    sink.replies["/texml"] = _xml("<Unheard/><Redirect>/texml</Redirect>")
    await _call(carrier)
    await _over(carrier)
    assert (await carrier.effects("texml.failed"))[0]["why"] == "too many documents"
    assert (await carrier.effects("texml.not_understood"))[0]["verb"] == "Unheard"


async def test_an_impatient_caller(carrier: Carrier, sink: Sink) -> None:
    """A caller with patience hangs up alone."""
    sink.replies["/texml"] = _xml("<Enqueue>support</Enqueue>")
    await _call(carrier, patience=1)
    await _over(carrier)


async def test_the_waiting_document_is_played_over_and_over(carrier: Carrier, sink: Sink) -> None:
    """The waiting document is fetched again when it is over; Leave goes on behind the Enqueue."""
    sink.replies["/texml"] = _xml('<Enqueue waitUrl="/wait">vip</Enqueue><Say>Goodbye.</Say>')
    sink.replies["/wait"] = _xml("<Play>/music.mp3</Play>")
    call_sid = await _call(carrier)
    await eventually(lambda: [r.path for r in sink.received].count("/wait") >= 3)
    assert (await carrier.sdk.queues.retrieve("vip")).data.current_size == 1
    sink.replies["/wait"] = _xml("<Leave/>")
    await _over(carrier)
    assert [say["text"] for say in await carrier.effects("texml.say")] == ["Goodbye."]
    story = (await carrier.sim("calls"))["calls"][0]
    assert (story["call_control_id"], story["state"]) == (call_sid, "ended")


async def test_an_agent_takes_a_texml_caller(carrier: Carrier, sink: Sink) -> None:
    """A leg of ours bridges the caller's queue; after the talk the Enqueue's action goes on."""
    sink.replies["/texml"] = _xml('<Enqueue waitUrl="/wait" action="/after">t-1</Enqueue>')
    sink.replies["/wait"] = _xml("<Play>/music.mp3</Play>")
    sink.replies["/after"] = _xml("<Say>Thank you.</Say><Hangup/>")
    await carrier.sim(f"phones/{quote(world.GRACE.number)}", {"talk": 10})
    call_sid = await _call(carrier)
    await eventually(lambda: carrier.effects("texml.play"))
    agent = (await carrier.sim("dial", {"to": world.GRACE.number}))["call_control_id"]
    await eventually(lambda: _answered(sink))
    actions = carrier.sdk.calls.actions
    await actions.bridge(
        agent, call_control_id_to_bridge_with=telnyx.omit, extra_body={"queue": "t-1"}
    )
    await _over(carrier)
    story = (await carrier.sim("calls"))["calls"][0]
    assert [talk["with"] for talk in story["talks"]] == [agent]
    after = next(r for r in sink.received if r.path == "/after")
    assert parse_qs(after.body.decode())["QueueResult"] == ["bridged"]
    assert parse_qs(after.body.decode())["CallSid"] == [call_sid]


def _answered(sink: Sink) -> bool:
    webhooks = [r for r in sink.received if r.path == "/webhooks"]
    return "call.answered" in [r.data["event_type"] for r in webhooks]


async def test_a_message_is_recorded(carrier: Carrier, sink: Sink) -> None:
    """Record leaves a file whose link goes to the callback, whether or not the caller stays."""
    sink.replies["/texml"] = _xml(
        '<Record maxLength="120" action="/after" recordingStatusCallback="/saved"/>'
    )
    sink.replies["/after"] = _xml("<Hangup/>")
    for stays in (True, False):
        await _call(carrier, message=4, stays=stays)
    await eventually(lambda: _count(carrier, "texml.ended", 2))
    saved = [parse_qs(r.body.decode()) for r in sink.received if r.path == "/saved"]
    assert [form["RecordingStatus"] for form in saved] == [["completed"]] * 2
    assert [r.path for r in sink.received].count("/after") == 1
    async with carrier.session.get(saved[0]["RecordingUrl"][0]) as reply:
        assert reply.content_type == "audio/wav"


async def test_words_lead_on(carrier: Carrier, sink: Sink) -> None:
    """What a caller says goes to a gather that listens to speech, keys do not."""
    sink.replies["/texml"] = _xml(
        '<Gather input="speech" action="menu"><Say>Which team?</Say></Gather>'
    )
    sink.replies["/menu"] = _xml("<Hangup/>")
    await _call(carrier, say={"team": "sales"}, press="1")
    await _over(carrier)
    form = parse_qs(sink.received[1].body.decode())
    assert (form["SpeechResult"], form.get("Digits")) == (["sales"], None)


async def test_a_dialed_number_is_reported(carrier: Carrier, sink: Sink) -> None:
    """Dial goes on at its action with what the dialed phone did."""
    sink.replies["/texml"] = _xml(f'<Dial action="/after">{world.GRACE.number}</Dial>')
    sink.replies["/after"] = _xml("<Hangup/>")
    await carrier.sim(f"phones/{quote(world.GRACE.number)}", {"calls": "busy"})
    await _call(carrier)
    await _over(carrier)
    assert parse_qs(sink.received[1].body.decode())["DialCallStatus"] == ["busy"]
